// The points of a plot as pixels, kept from one frame to the next as far as nothing changed.
import { CROWD, opacityFor, pixelOf, radiusFor, spritesFor } from './markers.js'
import { Raster } from './raster.js'
import { mix, pixelX, pixelY } from './view.js'

const GRID_SHARE = 180
const MARGIN = 16

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

export function makePainter() {
  let raster = null
  let theme = { colours: null, ground: 0, line: 0 }
  let sprites = { key: null, colours: null, made: [] }
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

  function spritesOf(looks, inSight, pixels, colours, ratio) {
    const opacity = opacityFor(inSight, pixels)
    const drawn = looks.map(({ shape, colour, own }) => [shape, colour, own])
    const key = JSON.stringify([drawn, radiusFor(inSight), inSight > CROWD, opacity, ratio])
    if (sprites.key !== key || sprites.colours !== colours)
      sprites = { key, colours, made: spritesFor(looks, inSight, opacity, colours, ratio) }
    return sprites.made
  }

  // `scene` is { points, codes, order, looks, view, area, grid: { x, y } } with the grid's lines in pixels of the page.
  return function paint(context, { points, codes, order, looks, view, area, grid }, colours) {
    const ratio = window.devicePixelRatio || 1
    const size = { width: Math.round(area.width * ratio), height: Math.round(area.height * ratio) }
    if (size.width < 1 || size.height < 1) return
    const margin = Math.ceil(MARGIN * ratio)
    if (raster?.width !== size.width || raster?.height !== size.height)
      raster = new Raster(size.width, size.height, margin)
    if (theme.colours !== colours) theme = { colours, ground: pixelOf(colours.ground), line: pixelOf(colours.line) }
    const { line } = theme
    raster.clear(theme.ground)
    for (const x of grid.x) raster.upright(Math.round((x - area.left) * ratio), line, GRID_SHARE)
    for (const y of grid.y) raster.across(Math.round((y - area.top) * ratio), line, GRID_SHARE)
    const inSight = locate(points, view, size)
    const made = spritesOf(looks, inSight, area.width * area.height, colours, ratio)
    raster.stamp(made, codes, placed.px, placed.py, order)
    raster.put(context, Math.round(area.left * ratio), Math.round(area.top * ratio))
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
