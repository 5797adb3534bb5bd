// The markers of points. A look is { shape, colour, own }, as people.js and groups.js give it.
import { visibleOn } from '../colour.js'
import { OUTLINES } from '../shapes.js'
import { spriteOf } from './raster.js'

// From here on shapes would run into one another: points become dots.
export const CROWD = 5_000
// Where points cover each other more than this often, in the mean, they become transparent.
const COVER = 0.5
const LEAST_OPACITY = 0.15
const OPACITIES = 16

export const radiusFor = (count) => (count > 30_000 ? 1.5 : count > CROWD ? 2 : count > 1_000 ? 4 : count > 250 ? 5 : 6)

// How opaque `count` markers on `pixels` square pixels of the page are, 0 to 1 in steps.
export function opacityFor(count, pixels) {
  if (count <= CROWD) return 1
  const cover = (count * Math.PI * radiusFor(count) ** 2) / pixels
  const opacity = Math.min(1, Math.max(LEAST_OPACITY, COVER / cover))
  return Math.round(opacity * OPACITIES) / OPACITIES
}

export const fillOf = (look, colours) => (look.own ? visibleOn(look.own, colours.dark) : colours.people[look.colour])

// A thin outline sets light colours apart from the ground, a halo sets overlapping markers apart.
export function drawMarker(context, x, y, shape, radius, fill, { ground, outline }) {
  const path = OUTLINES[shape]
  context.fillPath(path, x, y, radius, fill, [
    [radius * 0.3 + 1.6, ground],
    [radius * 0.2 + 0.5, outline],
  ])
}

// A canvas's context that has `fillPath`, as SvgContext has: path data around (x, y), its lines below its fill.
export function withPaths(context) {
  context.fillPath = (data, x, y, radius, fill, lines = []) => {
    const path = new Path2D(data)
    context.save()
    context.translate(x, y)
    context.scale(radius, radius)
    context.lineJoin = 'round'
    for (const [width, colour] of lines) {
      context.lineWidth = width / radius
      context.strokeStyle = colour
      context.stroke(path)
    }
    context.fillStyle = fill
    context.fill(path, 'evenodd')
    context.restore()
  }
  return context
}

function drawn(side, ratio, paint) {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = side
  const context = withPaths(canvas.getContext('2d', { willReadFrequently: true }))
  context.translate(Math.floor(side / 2), Math.floor(side / 2))
  context.scale(ratio, ratio)
  paint(context)
  return context.getImageData(0, 0, side, side).data
}

// What a colour of the theme is as 0xBBGGRR.
export function pixelOf(colour) {
  const [red, green, blue] = drawn(1, 1, (context) => {
    context.fillStyle = colour
    context.fillRect(-1, -1, 3, 3)
  })
  return (blue << 16) | (green << 8) | red
}

// The sprites of `looks` for `count` points in sight: bright ones, then, as many, faint ones.
export function spritesFor(looks, count, opacity, colours, ratio) {
  const radius = radiusFor(count)
  const side = Math.ceil((radius * 1.5 + 2) * 2 * ratio) | 1
  const faint = { ground: colours.ground, outline: colours.faint }
  const paint = (look, fill, edges) => (context) =>
    count > CROWD
      ? context.fillPath(OUTLINES.circle, 0, 0, radius, fill)
      : drawMarker(context, 0, 0, look.shape, radius, fill, edges)
  const sprites = (fill, edges) =>
    looks.map((look) => spriteOf(drawn(side, ratio, paint(look, fill(look), edges)), side, opacity))
  return [...sprites((look) => fillOf(look, colours), colours), ...sprites(() => colours.faint, faint)]
}

// The marked point on the upper canvas: its marker again, larger, within a ring.
export function drawMark(context, x, y, look, colours, radius) {
  context.beginPath()
  context.arc(x, y, radius + 7, 0, 2 * Math.PI)
  context.lineWidth = 2
  context.strokeStyle = colours.ink
  context.stroke()
  drawMarker(withPaths(context), x, y, look.shape, radius + 2, fillOf(look, colours), colours)
}
