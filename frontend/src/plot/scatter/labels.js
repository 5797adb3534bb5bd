// Names beside points: as many as find room without covering a marker or one another. Zooming in makes room for more.
import { pixelX, pixelY } from './view.js'

// In pixels of the page: the height of a line, from a marker to its name, and the side of what is free or taken.
const LINE = 16
const GAP = 4
const CELL = 4
// One name for so many square pixels at most: a map, and no list.
const ROOM = 20_000
// Of more points in sight there is no room for names.
const MOST = 600

// What is taken of an area of the page.
function makeRoom({ left, top, width, height }) {
  const columns = Math.ceil(width / CELL)
  const taken = new Uint8Array(columns * Math.ceil(height / CELL))
  function some(box, act) {
    const end = Math.floor((box.right - left) / CELL)
    for (let y = Math.floor((box.top - top) / CELL); y <= Math.floor((box.bottom - top) / CELL); y += 1)
      for (let x = Math.floor((box.left - left) / CELL); x <= end; x += 1) if (act(y * columns + x)) return true
    return false
  }
  const inside = (box) => box.left >= left && box.top >= top && box.right < left + width && box.bottom < top + height
  return {
    isFree: (box) => inside(box) && !some(box, (cell) => taken[cell]),
    take: (box) => inside(box) && some(box, (cell) => void (taken[cell] = 1)),
  }
}

const around = ({ x, y }, reach) => ({ left: x - reach, right: x + reach, top: y - reach, bottom: y + reach })

// To the right of a marker, to its left, above, below.
function boxesBeside({ x, y }, width, reach) {
  const line = (left, middle) => ({
    ...{ left, right: left + width, top: middle - LINE / 2, bottom: middle + LINE / 2 },
  })
  return [
    line(x + reach, y),
    line(x - reach - width, y),
    line(x - width / 2, y - reach - LINE / 2),
    line(x - width / 2, y + reach + LINE / 2),
  ]
}

/**
 * Returns { text, left, middle } of the names to write, in pixels.
 * @param {{ text: string, x: number, y: number }[]} wanted in the order of their importance
 * @param {{ x: number, y: number }[]} markers what must not be covered
 * @param {{ left: number, top: number, width: number, height: number }} area
 * @param {number} radius of a marker
 * @param {(text: string) => number} widthOf
 */
export function labelsBeside(wanted, markers, area, radius, widthOf) {
  const room = makeRoom(area)
  for (const marker of markers) room.take(around(marker, radius))
  const most = Math.ceil((area.width * area.height) / ROOM)
  const labels = []
  for (const { text, ...at } of wanted) {
    if (labels.length >= most) break
    const box = boxesBeside(at, widthOf(text), radius + GAP).find(room.isFree)
    if (!box) continue
    room.take(box)
    labels.push({ text, left: box.left, middle: box.top + LINE / 2 })
  }
  return labels
}

// The points in sight, or none if they are too many for names.
function inSight({ ux, uy, count }, view, area) {
  const seen = []
  for (let spot = 0; spot < count && seen.length <= MOST; spot += 1) {
    const [x, y] = [ux[spot] - view.x, uy[spot] - view.y]
    if (x >= 0 && y >= 0 && x <= view.span && y <= view.span)
      seen.push({ spot, x: pixelX(view, area, ux[spot]), y: pixelY(view, area, uy[spot]) })
  }
  return seen.length > MOST ? [] : seen
}

/**
 * The labels of points in sight. A name that several of them have is written once, and before the others; then those come
 * that lie at the edges, because they say what the edges mean.
 * @param {any} scene as makePainter takes it
 * @param {(spot: number) => string} nameOf
 * @param {number} radius @param {(text: string) => number} widthOf
 */
export function labelsOf({ points, codes, looks, view, area }, nameOf, radius, widthOf) {
  const seen = inSight(points, view, area)
  const names = new Map()
  for (const { spot, x, y } of seen) {
    if (codes[spot] >= looks.length) continue
    const text = nameOf(spot)
    const edge = Math.hypot(points.ux[spot] - 0.5, points.uy[spot] - 0.5)
    if (names.has(text)) names.get(text).count += 1
    else if (text) names.set(text, { text, x, y, edge, count: 1 })
  }
  const wanted = [...names.values()].sort((a, b) => b.count - a.count || b.edge - a.edge)
  return labelsBeside(wanted, seen, area, radius, widthOf)
}

const widths = new Map()
// How wide a text is in the typeface of a context.
export function widthIn(context) {
  return (text) => {
    const key = `${context.font} ${text}`
    if (!widths.has(key)) widths.set(key, context.measureText(text).width)
    return widths.get(key)
  }
}

export function drawLabels(context, labels, { soft, ground }) {
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  context.lineWidth = 3
  context.strokeStyle = ground
  context.fillStyle = soft
  for (const { text, left, middle } of labels) {
    context.strokeText(text, left, middle)
    context.fillText(text, left, middle)
  }
  context.textBaseline = 'alphabetic'
}
