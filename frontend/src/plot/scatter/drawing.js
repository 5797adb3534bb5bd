// The points of a plot as pixels, kept from one frame to the next as far as nothing changed.
import { CROWD, opacityFor, pixelOf, radiusFor, spritesFor } from './markers.js'
import { Raster } from './raster.js'
import { mix, pixelX, pixelY } from './view.js'

const GRID_SHARE = 180
const MARGIN = 16
// Of more points in sight a sample stands in while they move; so long after the last movement all are back.
const MOST_MOVING = 12_500
const REST_MS = 120
const SPRITES_KEPT = 64

// The code of each spot, the number of its look or, if it is faint, that plus the number of looks; and the order to draw
// them in, faint ones first. `lookAt(spot)` is a look of `looks`, which are told apart by their key.
export function codesOf(points, looks, lookAt, isFaint) {
  const places = new Map(looks.map((look, at) => [look.key, at]))
  const { count } = points
  const codes = new Uint16Array(count)
  const order = new Int32Array(count)
  let faint = 0
  for (let spot = 0; spot < count; spot += 1) {
    codes[spot] = places.get(lookAt(spot).key) ?? 0
    if (!isFaint?.(spot)) continue
    codes[spot] += looks.length
    order[faint++] = spot
  }
  if (!faint) return { codes, order: Int32Array.from(order, (_, spot) => spot) }
  for (let spot = 0, at = faint; spot < count; spot += 1) if (codes[spot] < looks.length) order[at++] = spot
  return { codes, order }
}

// On their way from `from` to `points` (both points.js, of the same spots), as far as `share`.
export function between(points, from, share) {
  const ux = points.ux.map((unit, spot) => mix(from.ux[spot], unit, share))
  const uy = points.uy.map((unit, spot) => mix(from.uy[spot], unit, share))
  return { ...points, ux, uy }
}

// Where the same rows were in `before`, those that were not there where they are now.
export function movedFrom(points, before) {
  const spots = new Map()
  for (let spot = 0; spot < before.count; spot += 1) spots.set(before.index[spot], spot)
  const was = (axis) =>
    points[axis].map((unit, spot) => {
      const old = spots.get(points.index[spot])
      return old === undefined ? unit : before[axis][old]
    })
  return { ux: was('ux'), uy: was('uy') }
}

// Every how many-th of the points in sight is drawn while they move: a power of two, so that no point flickers.
const strideFor = (inSight) => 2 ** Math.ceil(Math.log2(Math.max(1, inSight / MOST_MOVING)))

/**
 * What paints a scene, { points, codes, order, looks, view, area, grid: { x, y } } with the grid's lines in pixels of the
 * page. It returns how to stop what it does later, if it does anything.
 */
export function makePainter() {
  let last = null
  let raster = null
  let theme = { colours: null, ground: 0, line: 0 }
  const sprites = new Map()
  let placed = { px: new Float32Array(0), py: new Float32Array(0) }

  // Pixels of the device, from the left upper corner of the area; how many are in sight.
  function locate({ ux, uy, count }, view, size) {
    if (placed.px.length < count) placed = { px: new Float32Array(count), py: new Float32Array(count) }
    const { px, py } = placed
    const across = size.width / view.span
    const up = size.height / view.span
    let inSight = 0
    for (let spot = 0; spot < count; spot += 1) {
      const x = (ux[spot] - view.x) * across
      const y = size.height - (uy[spot] - view.y) * up
      px[spot] = x
      py[spot] = y
      if (x >= 0 && y >= 0 && x < size.width && y < size.height) inSight += 1
    }
    return inSight
  }

  // A sample is as much more opaque as it has fewer points.
  function spritesOf(looks, inSight, stride, pixels, colours, ratio) {
    const opacity = Math.min(1, opacityFor(inSight, pixels) * stride)
    const drawn = looks.map(({ shape, colour, own }) => [shape, colour, own])
    const key = JSON.stringify([drawn, radiusFor(inSight), inSight > CROWD, opacity, ratio])
    if (!sprites.has(key)) {
      if (sprites.size >= SPRITES_KEPT) sprites.clear()
      sprites.set(key, spritesFor(looks, inSight, opacity, colours, ratio))
    }
    return sprites.get(key)
  }

  // Whether all are drawn, and not a sample.
  function put(context, { points, codes, order, looks, view, area, grid }, colours, isMoving) {
    const ratio = window.devicePixelRatio || 1
    const size = { width: Math.round(area.width * ratio), height: Math.round(area.height * ratio) }
    if (size.width < 1 || size.height < 1) return true
    const margin = Math.ceil(MARGIN * ratio)
    if (raster?.width !== size.width || raster?.height !== size.height)
      raster = new Raster(size.width, size.height, margin)
    if (theme.colours !== colours) {
      theme = { colours, ground: pixelOf(colours.ground), line: pixelOf(colours.line) }
      sprites.clear()
    }
    const { line } = theme
    raster.clear(theme.ground)
    for (const x of grid.x) raster.upright(Math.round((x - area.left) * ratio), line, GRID_SHARE)
    for (const y of grid.y) raster.across(Math.round((y - area.top) * ratio), line, GRID_SHARE)
    const inSight = locate(points, view, size)
    const stride = isMoving ? strideFor(inSight) : 1
    const made = spritesOf(looks, inSight, stride, area.width * area.height, colours, ratio)
    raster.stamp(made, codes, placed.px, placed.py, order, stride)
    raster.put(context, Math.round(area.left * ratio), Math.round(area.top * ratio))
    return stride === 1
  }

  return function paint(context, scene, colours) {
    const isMoving = last !== null && (scene.view !== last.view || scene.points !== last.points)
    last = scene
    if (put(context, scene, colours, isMoving)) return null
    const timer = setTimeout(() => put(context, scene, colours, false), REST_MS)
    return () => clearTimeout(timer)
  }
}

// The same points with any context that has fillPath (exporting.js), all of them in shapes.
export function eachInSight({ points, order, view, area }, act) {
  for (const spot of order) {
    const x = pixelX(view, area, points.ux[spot])
    const y = pixelY(view, area, points.uy[spot])
    if (x >= area.left && y >= area.top && x <= area.left + area.width && y <= area.top + area.height) act(spot, x, y)
  }
}
