// Rows of a table that are dragged by a handle, with the mouse or a finger. Each row has its number as `data-index`.
import { ref } from 'vue'

const EDGE = 48
const STEP = 10

/** @param {(from: number, to: number) => void} onDrop */
export function useRowDrag(onDrop) {
  const dragged = ref(-1)
  const target = ref(-1)

  function begin(event, index) {
    if (event.button) return
    event.currentTarget.setPointerCapture(event.pointerId)
    dragged.value = target.value = index
  }
  function over(event) {
    if (dragged.value < 0) return
    const box = event.currentTarget.closest('.tm-tablebox')
    const { top, bottom } = box.getBoundingClientRect()
    if (event.clientY < top + EDGE) box.scrollTop -= STEP
    if (event.clientY > bottom - EDGE) box.scrollTop += STEP
    for (const row of box.querySelectorAll('[data-index]')) {
      const edges = row.getBoundingClientRect()
      if (event.clientY >= edges.top && event.clientY < edges.bottom) target.value = Number(row.dataset.index)
    }
  }
  function drop() {
    const [from, to] = [dragged.value, target.value]
    dragged.value = target.value = -1
    if (from >= 0 && to !== from) onDrop(from, to)
  }
  function stop() {
    dragged.value = target.value = -1
  }
  return { dragged, target, begin, over, drop, stop }
}
