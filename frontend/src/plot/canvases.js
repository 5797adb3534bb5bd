import { nextTick, onBeforeUnmount, onMounted, shallowRef, watch } from 'vue'
import { isDark, theme } from '../composables/theme.js'
import { drawMark, drawPoints, fillOf, fitCanvas, makeSprite, radiusFor, readColours } from './draw.js'

// Keeps the two canvases of a plot at its size and up to date; at most one redraw per frame.
export function useCanvases({ frame, points, marks, size, placed, props, activeSpot, selectedSpot }) {
  const colours = shallowRef(null)
  let pending = 0
  let stop = () => {}

  function sprites(radius) {
    const made = new Map()
    const ratio = window.devicePixelRatio || 1
    return (person, faint) => {
      const fill = faint ? colours.value.faint : fillOf(person, colours.value)
      const key = `${person.shape} ${fill}`
      if (!made.has(key)) {
        const edges = faint ? { ground: colours.value.ground, outline: colours.value.faint } : colours.value
        made.set(key, makeSprite(person.shape, radius, fill, edges, ratio))
      }
      return made.get(key)
    }
  }

  function drawAll() {
    stop()
    const { width, height } = size.value
    if (!width || !colours.value) return
    const rowAt = (i) => props.rows[placed.value.index[i]]
    const isFaint = props.matches ? (i) => !props.matches(rowAt(i)) : null
    const sprite = sprites(radiusFor(placed.value.count))
    const context = fitCanvas(points.value, width, height)
    stop = drawPoints(context, placed.value, (i) => sprite(props.personOf(rowAt(i)), isFaint?.(i)), isFaint)
    drawMarks()
  }

  function drawMarks() {
    const { width, height } = size.value
    if (!width || !colours.value) return
    const context = fitCanvas(marks.value, width, height)
    const radius = radiusFor(placed.value.count)
    for (const i of new Set([selectedSpot.value, activeSpot.value])) {
      if (i < 0) continue
      const { px, py, index } = placed.value
      drawMark(context, px[i], py[i], props.personOf(props.rows[index[i]]), colours.value, radius)
    }
  }

  function schedule() {
    cancelAnimationFrame(pending)
    pending = requestAnimationFrame(drawAll)
  }

  const observer = new ResizeObserver(([entry]) => {
    const { width, height } = entry.contentRect
    size.value = { width, height }
  })
  onMounted(() => {
    colours.value = readColours(frame.value)
    observer.observe(frame.value)
  })
  onBeforeUnmount(() => {
    observer.disconnect()
    cancelAnimationFrame(pending)
    stop()
  })
  watch([placed, () => props.matches, () => props.people, colours], schedule)
  watch([activeSpot, selectedSpot], drawMarks)
  watch([isDark, theme], async () => {
    await nextTick()
    colours.value = readColours(frame.value)
  })
}
