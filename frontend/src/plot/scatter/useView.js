// How one moves on a plot of points: the part in sight and the tool in hand, by wheel, mouse, fingers and keys.
import { computed, onBeforeUnmount, ref, shallowRef } from 'vue'
import { animate } from './motion.js'
import { boxOf } from './region.js'
import { FIT, isFit, mixViews, panBy, unitX, unitY, zoomAt, zoomMiddle } from './view.js'

// Less is a click.
const DRAG_PIXELS = 4
const WHEEL = 0.0016
// A wheel that turns by lines or pages: what a browser scrolls for one, in pixels.
const WHEEL_UNITS = [1, 16, 400]
const STEP_MS = 220

const howOf = ({ shiftKey, altKey }) => (altKey ? 'remove' : shiftKey ? 'add' : 'replace')
/** @param {any[]} pair */
const distance = (pair) => Math.hypot(pair[0].x - pair[1].x, pair[0].y - pair[1].y)
/** @param {any[]} pair */
const middle = (pair) => ({ x: (pair[0].x + pair[1].x) / 2, y: (pair[0].y + pair[1].y) / 2 })

/**
 * `area()` is where the plot is drawn; `caught(polygon, how)` gets what was drawn around, in units of the whole, and
 * whether it shall `replace`, `add` to or `remove` from what is selected.
 */
export function useView(area, caught) {
  const view = shallowRef(FIT)
  const tool = ref('move')
  // What is being drawn around, as [x, y] in units of the whole.
  const line = shallowRef([])
  const pointers = new Map()
  let start = null
  let dragged = false
  let stop = () => {}
  // Where the view is going to be.
  let goal = FIT

  /** @type {(pixel: any) => [number, number]} */
  const unitOf = ({ x, y }) => [unitX(view.value, area(), x), unitY(view.value, area(), y)]
  function set(changed) {
    stop()
    goal = view.value = changed
  }
  function glide(target) {
    const from = view.value
    stop()
    goal = target
    stop = animate(STEP_MS, (share) => {
      view.value = share < 1 ? mixViews(from, target, share) : target
    })
  }
  onBeforeUnmount(() => stop())

  function begin() {
    const all = [...pointers.values()]
    start = { all, view: view.value, how: start?.how ?? 'replace' }
  }
  function pinch(all) {
    const [from, to] = [middle(start.all), middle(all)]
    const at = [unitX(start.view, area(), from.x), unitY(start.view, area(), from.y)]
    const zoomed = zoomAt(start.view, distance(all) / Math.max(distance(start.all), 1), ...at)
    set(panBy(zoomed, to.x - from.x, to.y - from.y, area()))
  }
  // Where a pointer has been since the last frame, also between its ends.
  function wayOf(event, { x, y }) {
    const events = event.getCoalescedEvents?.() ?? []
    const all = events.length ? events : [event]
    return all.map(({ clientX, clientY }) => ({ x: x + clientX - event.clientX, y: y + clientY - event.clientY }))
  }
  function drag(event, pixel) {
    const [from] = start.all
    if (tool.value === 'move' && start.how === 'replace') {
      set(panBy(start.view, pixel.x - from.x, pixel.y - from.y, area()))
    } else if (tool.value === 'lasso') {
      const way = line.value.length ? line.value : [unitOf(from)]
      line.value = [...way, ...wayOf(event, pixel).map(unitOf)]
    } else line.value = boxOf(unitOf(from), unitOf(pixel))
  }

  const gestures = {
    pointerdown(event, pixel) {
      if (event.button) return
      if (!pointers.size) {
        dragged = false
        start = { how: howOf(event) }
      }
      pointers.set(event.pointerId, pixel)
      begin()
    },
    // Whether the pointer moves something, so that it does not point at anything.
    pointermove(event, pixel) {
      if (!pointers.has(event.pointerId)) return false
      pointers.set(event.pointerId, pixel)
      const all = [...pointers.values()]
      if (!dragged && all.length === 1 && distance([start.all[0], pixel]) < DRAG_PIXELS) return true
      if (!dragged) event.currentTarget.setPointerCapture(event.pointerId)
      dragged = true
      if (all.length === 2) pinch(all)
      else if (all.length === 1) drag(event, pixel)
      return true
    },
    pointerup(event) {
      if (!pointers.delete(event.pointerId)) return
      if (line.value.length > 2) caught(line.value, start.how)
      line.value = []
      if (pointers.size) begin()
    },
    pointercancel(event) {
      pointers.delete(event.pointerId)
      line.value = []
      if (pointers.size) begin()
    },
    // Where there is nothing to zoom out of, the page scrolls.
    wheel(event, pixel) {
      if (event.deltaY > 0 && isFit(view.value)) return
      event.preventDefault()
      const turned = event.deltaY * WHEEL_UNITS[event.deltaMode]
      set(zoomAt(view.value, Math.exp(-turned * WHEEL), ...unitOf(pixel)))
    },
  }
  return {
    ...{ view, tool, line, gestures, set },
    zoomed: computed(() => !isFit(view.value)),
    // Whether the press that ends was a movement and not a click.
    wasDrag: () => dragged,
    goal: () => goal,
    zoom: (factor) => glide(zoomMiddle(view.value, factor)),
    fit: () => glide(FIT),
    pan: (dx, dy) => glide(panBy(view.value, dx * area().width * 0.2, dy * area().height * 0.2, area())),
  }
}
