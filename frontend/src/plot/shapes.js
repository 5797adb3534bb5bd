// Marker outlines for a radius of 1, of about equal area, as path data that canvas and SVG both draw.

const point = (radius, turn) => `${(radius * Math.sin(turn)).toFixed(3)} ${(-radius * Math.cos(turn)).toFixed(3)}`
const polygon = (radii, start = 0) =>
  `M${radii.map((radius, i) => point(radius, start + (2 * Math.PI * i) / radii.length)).join('L')}Z`
const circle = (r) => `M0 ${-r}A${r} ${r} 0 1 1 0 ${r}A${r} ${r} 0 1 1 0 ${-r}Z`

const PLUS = 'M-.4-1.150H.4V-.4H1.150V.4H.4V1.150H-.4V.4H-1.150V-.4H-.4Z'
const cross = () => {
  const arm = [1.2, 1.2, 0.55]
  const turns = [0.33, 1.24, Math.PI / 2]
  const corners = [0, 1, 2, 3].flatMap((quarter) =>
    arm.map((radius, i) => point(radius, turns[i] + (quarter * Math.PI) / 2)),
  )
  return `M${corners.join('L')}Z`
}

export const OUTLINES = {
  circle: circle(1),
  square: 'M-.9-.9H.9V.9H-.9Z',
  triangle: polygon([1.3, 1.3, 1.3]),
  diamond: polygon([1.25, 1.25, 1.25, 1.25]),
  plus: PLUS,
  wedge: polygon([1.3, 1.3, 1.3], Math.PI),
  star: polygon([1.4, 0.62, 1.4, 0.62, 1.4, 0.62, 1.4, 0.62, 1.4, 0.62]),
  cross: cross(),
  ring: `${circle(1)}${circle(0.56)}`,
}

// What people are given, in turn; the ring is kept for nobody.
export const SHAPES = ['circle', 'square', 'triangle', 'diamond', 'plus', 'wedge', 'star', 'cross']
