// What the Lab's plots share: colours of the theme, a canvas that follows its frame, and the picture to keep.
import { nextTick, onBeforeUnmount, onMounted, watch } from 'vue'
import { fitCanvas } from './draw.js'
import { isDark, theme } from '../composables/theme.js'

const NAMES = { ink: '--tm-ink', soft: '--tm-soft', line: '--tm-line', bar: '--tm-bar', ground: '--tm-plot' }

function colours(element) {
  const style = getComputedStyle(element)
  return Object.fromEntries(Object.entries(NAMES).map(([name, property]) => [name, style.getPropertyValue(property)]))
}

// Calls `draw(context, width, height, colours)` whenever size, theme or what `watched` returns changes.
export function useDrawing(frame, canvas, watched, draw) {
  let pending = 0
  function redraw() {
    if (!canvas.value || !frame.value) return
    const { width, height } = frame.value.getBoundingClientRect()
    if (!width || !height) return
    const context = fitCanvas(canvas.value, width, height)
    const shades = colours(frame.value)
    context.fillStyle = shades.ground
    context.fillRect(0, 0, width, height)
    context.font = `13px ${getComputedStyle(frame.value).fontFamily}`
    draw(context, width, height, shades)
  }
  const schedule = () => {
    cancelAnimationFrame(pending)
    pending = requestAnimationFrame(redraw)
  }
  const observer = new ResizeObserver(schedule)
  onMounted(() => {
    observer.observe(frame.value)
    schedule()
  })
  onBeforeUnmount(() => {
    observer.disconnect()
    cancelAnimationFrame(pending)
  })
  watch(watched, schedule)
  watch([isDark, theme], async () => {
    await nextTick()
    schedule()
  })
}

export function savePicture(canvas, name) {
  canvas.toBlob((blob) => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(blob)
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href))
  })
}
