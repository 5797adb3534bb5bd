// What part of a plot is in sight: { x, y, span }, the lower left corner and the width and height of the part, in units
// of the whole plot, which goes from 0 to 1 in both directions (up is more). A point there is at (ux, uy).
// An `area` is where the plot is drawn: { left, top, width, height } in pixels.

export const FIT = Object.freeze({ x: 0, y: 0, span: 1 })
const CLOSEST = 1 / 400

const between = (value, low, high) => Math.min(Math.max(value, low), high)

// No part of the view lies outside of the whole.
function kept({ x, y, span }) {
  return { x: between(x, 0, 1 - span), y: between(y, 0, 1 - span), span }
}

export const isFit = ({ span }) => span >= 1

// `factor` times as close, the point (ux, uy) stays where it is.
export function zoomAt(view, factor, ux, uy) {
  const span = between(view.span / factor, CLOSEST, 1)
  const share = span / view.span
  return kept({ x: ux - (ux - view.x) * share, y: uy - (uy - view.y) * share, span })
}

export const zoomMiddle = (view, factor) => zoomAt(view, factor, view.x + view.span / 2, view.y + view.span / 2)

// Moved by pixels, as if the plot were a sheet of paper below the finger.
export function panBy(view, dx, dy, area) {
  return kept({ ...view, x: view.x - (dx / area.width) * view.span, y: view.y + (dy / area.height) * view.span })
}

// The view moved as little as needed for (ux, uy) to be well inside.
export function showing(view, ux, uy) {
  const margin = view.span * 0.08
  const low = (at, from) => between(from, at - view.span + margin, at - margin)
  return kept({ ...view, x: low(ux, view.x), y: low(uy, view.y) })
}

export const mix = (from, to, share) => from + (to - from) * share
export const mixViews = (from, to, share) => ({
  x: mix(from.x, to.x, share),
  y: mix(from.y, to.y, share),
  span: mix(from.span, to.span, share),
})

export const pixelX = (view, area, ux) => area.left + ((ux - view.x) / view.span) * area.width
export const pixelY = (view, area, uy) => area.top + area.height - ((uy - view.y) / view.span) * area.height
export const unitX = (view, area, px) => view.x + ((px - area.left) / area.width) * view.span
export const unitY = (view, area, py) => view.y + ((area.top + area.height - py) / area.height) * view.span
