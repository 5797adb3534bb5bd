import { nearestToward } from './nearest.js'

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

// The keyboard on the map: arrows go to the nearest point that way, Page Up/Down through the playlist's order
// (which also reaches points under others), Enter opens, Escape lets go.
export function usePlotKeys({ placed, activeSpot, selectedSpot, size, emit }) {
  const here = () => (activeSpot.value >= 0 ? activeSpot.value : selectedSpot.value)

  function middle() {
    const { px, py, count } = placed.value
    const [cx, cy] = [size.value.width / 2, size.value.height / 2]
    let best = -1
    let least = Infinity
    for (let i = 0; i < count; i += 1) {
      const apart = (px[i] - cx) ** 2 + (py[i] - cy) ** 2
      if (apart < least) [best, least] = [i, apart]
    }
    return best
  }

  function target(key) {
    const { count } = placed.value
    if (!count) return -1
    if (key === 'Home') return 0
    if (key === 'End') return count - 1
    if (here() < 0) return middle()
    if (key === 'PageDown') return (here() + 1) % count
    if (key === 'PageUp') return (here() - 1 + count) % count
    const next = nearestToward(placed.value, here(), ...ARROWS[key])
    return next < 0 ? here() : next
  }

  function mark(i) {
    const row = i < 0 ? -1 : placed.value.index[i]
    emit('update:active', row)
    emit('update:selected', row)
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    if (event.key in ARROWS || ['Home', 'End', 'PageUp', 'PageDown'].includes(event.key)) mark(target(event.key))
    else if (event.key === 'Escape') mark(-1)
    else if (event.key === 'Enter' && here() >= 0) emit('open', placed.value.index[here()])
    else return
    event.preventDefault()
  }

  return { onKey }
}
