// The markers of points, on a canvas.
import { visibleOn } from './colour.js'
import { OUTLINES } from './shapes.js'

// Work per frame, in stamped markers; what is left goes on in the next frames and the page stays responsive.
const PER_FRAME = 6_000
// From here on shapes would run into one another: points become small squares, which cost a fifth to draw.
const CROWD = 20_000
const DOT = 3

export const radiusFor = (count) => (count > CROWD ? 2 : count > 4_000 ? 3 : count > 1_000 ? 4 : count > 250 ? 5 : 6)

const fillOf = (person, colours) => (person.own ? visibleOn(person.own, colours.dark) : colours.people[person.colour])

// A thin outline sets light colours apart from the ground, a halo sets overlapping markers apart.
function marker(context, shape, radius, fill, { ground, outline }) {
  const path = new Path2D(OUTLINES[shape])
  context.scale(radius, radius)
  context.lineJoin = 'round'
  for (const [width, colour] of [
    [radius * 0.3 + 1.6, ground],
    [radius * 0.2 + 0.5, outline],
  ]) {
    context.lineWidth = width / radius
    context.strokeStyle = colour
    context.stroke(path)
  }
  context.fillStyle = fill
  context.fill(path, 'evenodd')
}

// A marker drawn once, to be stamped for each point.
function makeSprite(shape, radius, fill, edges, ratio) {
  const side = Math.ceil(radius * 1.5 + 2) * 2
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = side * ratio
  const context = canvas.getContext('2d')
  context.scale(ratio, ratio)
  context.translate(side / 2, side / 2)
  marker(context, shape, radius, fill, edges)
  return { canvas, side, fill }
}

// The sprites of one plot by person, each made when it is first needed.
export function spritesOf(radius, colours) {
  const made = new Map()
  const ratio = window.devicePixelRatio || 1
  return (person, faint) => {
    const fill = faint ? colours.faint : fillOf(person, colours)
    const key = `${person.shape} ${fill}`
    if (!made.has(key)) {
      const edges = faint ? { ground: colours.ground, outline: colours.faint } : colours
      made.set(key, makeSprite(person.shape, radius, fill, edges, ratio))
    }
    return made.get(key)
  }
}

// How one point is drawn: `lookOf(i)` gives its marker's sprite and its colour.
function painter(context, placed, lookOf) {
  const { px, py, count } = placed
  if (count > CROWD) {
    return (i) => {
      context.fillStyle = lookOf(i).fill
      context.fillRect(px[i] - DOT / 2, py[i] - DOT / 2, DOT, DOT)
    }
  }
  return (i) => {
    const { canvas, side } = lookOf(i)
    context.drawImage(canvas, px[i] - side / 2, py[i] - side / 2, side, side)
  }
}

// Draws every placed point, faint ones first; returns a function that stops what is still to come.
export function drawPoints(context, placed, lookOf, isFaint) {
  const order = Array.from({ length: placed.count }, (_, i) => i)
  const queue = isFaint ? [...order.filter(isFaint), ...order.filter((i) => !isFaint(i))] : order
  const paint = painter(context, placed, lookOf)
  const perFrame = placed.count > CROWD ? 5 * PER_FRAME : PER_FRAME
  let frame = 0
  let next = 0
  const step = () => {
    for (const stop = Math.min(next + perFrame, queue.length); next < stop; next += 1) paint(queue[next])
    if (next < queue.length) frame = requestAnimationFrame(step)
  }
  step()
  return () => cancelAnimationFrame(frame)
}

// The marked point on the upper canvas: its marker again, larger, within a ring.
export function drawMark(context, x, y, person, colours, radius) {
  context.beginPath()
  context.arc(x, y, radius + 7, 0, 2 * Math.PI)
  context.lineWidth = 2
  context.strokeStyle = colours.ink
  context.stroke()
  context.save()
  context.translate(x, y)
  marker(context, person.shape, radius + 2, fillOf(person, colours), colours)
  context.restore()
}
