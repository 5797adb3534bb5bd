import { expect, test, vi } from 'vitest'
import { axesOf, makeAxis, place, ticksInView } from '../../src/plot/scatter/axes.js'
import { contrast, visibleOn } from '../../src/plot/colour.js'
import { codesOf, makePainter, movedFrom } from '../../src/plot/scatter/drawing.js'
import { opacityFor } from '../../src/plot/scatter/markers.js'
import { lookUpOf } from '../../src/plot/scatter/points.js'
import { Raster, spriteOf } from '../../src/plot/scatter/raster.js'
import { boxOf, combined, isInside, rowsInside, rowsInView } from '../../src/plot/scatter/region.js'
import { FIT, panBy, pixelX, pixelY, showing, unitX, unitY, zoomAt } from '../../src/plot/scatter/view.js'

const AREA = { left: 50, top: 20, width: 400, height: 200 }
const rows = (...all) => all.map((values) => ({ values }))
const pointsAt = (...places) => ({
  index: Int32Array.from(places.keys()),
  ux: Float32Array.from(places, ([x]) => x),
  uy: Float32Array.from(places, ([, y]) => y),
  count: places.length,
})
const ticks = (name, all, start = 0, span = 1) => ticksInView(makeAxis(all, name), start, span, [0, 100], 4).ticks

test('an axis fits its values, a little free at its ends, and is written in percent', () => {
  const all = rows({ energy: 0.4 }, { energy: 0.9 }, { energy: null })
  const [low, high] = makeAxis(all, 'energy').domain
  expect([low, high]).toEqual([expect.closeTo(0.38), expect.closeTo(0.92)])
  expect(ticks('energy', all)[0]).toEqual({ value: 0.4, text: '40', at: expect.closeTo((0.02 / 0.54) * 100) })
})

test('no share beyond 0 and 1 is written, whole steps have whole ticks, and bare axes none', () => {
  expect(ticks('energy', rows({ energy: 0 }, { energy: 1 }), 0, 0.05).map(({ text }) => text)).toEqual(['0', '1'])
  expect(ticks('year', rows({ year: 1990 }, { year: 1992 })).map(({ text }) => text)).toEqual(['1990', '1991', '1992'])
  expect(ticks('artist_x', rows({ artist_x: -1 }, { artist_x: 1 }))).toEqual([])
})

test('an axis of one value, or none, still has a width', () => {
  const [low, high] = makeAxis(rows({ tempo: 120 }), 'tempo').domain
  expect((low + high) / 2).toBe(120)
  expect(high).toBeGreaterThan(low)
  expect(makeAxis(rows(), 'energy').domain).toEqual([expect.closeTo(-0.04), expect.closeTo(1.04)])
})

test('only shown rows with both values are placed', () => {
  const all = rows({ energy: 0, valence: 1 }, { energy: 0.5, valence: null }, { energy: 1, valence: 0.5 })
  const [x, y] = [makeAxis(all, 'energy'), makeAxis(all, 'valence')]
  const points = place(all, x, y, () => true)
  expect(points.count).toBe(2)
  expect([...points.index.subarray(0, 2)]).toEqual([0, 2])
  expect(points.ux[0]).toBeLessThan(0.1)
  expect(points.uy[0]).toBeGreaterThan(0.9)
  expect(place(all, x, y, (row) => row !== all[0]).count).toBe(1)
})

test('equal steps are spread within their step, the same way each time, and not along lines', () => {
  const all = rows(...Array.from({ length: 400 }, () => ({ mode: 1, key: 5 })))
  const [x, y] = [makeAxis(all, 'mode'), makeAxis(all, 'key')]
  const { ux, uy } = place(all, x, y, () => true)
  expect(place(all, x, y, () => true).ux).toEqual(ux)
  expect(Math.min(...ux)).toBeGreaterThan(0.1)
  expect(Math.max(...ux)).toBeLessThan(0.9)
  // Stripes would leave most of the fields of a fine grid empty; chance fills 1 - exp(-4) of 100 fields.
  const fields = new Set(Array.from(ux, (u, i) => `${Math.floor((u - 0.15) * 14)} ${Math.floor((uy[i] - 0.15) * 14)}`))
  expect(fields.size).toBeGreaterThan(85)
})

test('an address cannot have one axis twice', () => {
  const fallback = ['energy', 'valence']
  expect(axesOf({}, fallback)).toEqual(fallback)
  expect(axesOf({ x: 'tempo', y: 'tempo' }, fallback)).toEqual(['tempo', 'valence'])
  expect(axesOf({ y: 'energy' }, fallback)).toEqual(['valence', 'energy'])
  expect(axesOf({ x: 'nonsense', y: 'year' }, fallback)).toEqual(['energy', 'year'])
})

test('what is below the pointer stays there when one zooms, and nothing leaves the whole', () => {
  const view = zoomAt(FIT, 4, 0.25, 0.75)
  expect(view.span).toBe(0.25)
  expect(pixelX(view, AREA, 0.25)).toBeCloseTo(pixelX(FIT, AREA, 0.25))
  expect(pixelY(view, AREA, 0.75)).toBeCloseTo(pixelY(FIT, AREA, 0.75))
  expect(unitX(view, AREA, pixelX(view, AREA, 0.3))).toBeCloseTo(0.3)
  expect(unitY(view, AREA, pixelY(view, AREA, 0.7))).toBeCloseTo(0.7)
  expect(zoomAt(view, 1e-9, 0.25, 0.75)).toEqual(FIT)
  expect(zoomAt(FIT, 1e9, 0.5, 0.5).span).toBeCloseTo(1 / 400)
  const moved = panBy(view, 40, 20, AREA)
  expect(pixelX(moved, AREA, 0.3)).toBeCloseTo(pixelX(view, AREA, 0.3) + 40)
  expect(pixelY(moved, AREA, 0.6)).toBeCloseTo(pixelY(view, AREA, 0.6) + 20)
  expect(panBy(view, 1e6, 1e6, AREA)).toEqual({ x: 0, y: 0.75, span: 0.25 })
})

test('the view goes as far as needed to show a point', () => {
  const view = { x: 0.5, y: 0.5, span: 0.2 }
  expect(showing(view, 0.6, 0.6)).toEqual(view)
  const moved = showing(view, 0.9, 0.1)
  expect(moved.x + moved.span).toBeGreaterThan(0.9)
  expect(moved.y).toBeLessThan(0.1)
})

test('the nearest point is found within reach, as in a search through all', () => {
  const places = Array.from({ length: 2000 }, (_, i) => [(i * 0.618034) % 1, (i * 0.754878) % 1])
  const points = lookUpOf(pointsAt(...places))
  for (const [x, y] of [
    [0.31, 0.42],
    [0, 0],
    [1, 1],
    [0.999, 0.5],
  ]) {
    // prettier-ignore
    const distances = places.map(([px, py]) => Math.hypot((px - x) / 0.2, (py - y) / 0.1))
    expect(points.nearest(x, y, 0.2, 0.1)).toBe(distances.indexOf(Math.min(...distances)))
  }
  expect(lookUpOf(pointsAt([0, 0], [1, 1])).nearest(0.5, 0.5, 0.1, 0.1)).toBe(-1)
  expect(lookUpOf(pointsAt()).nearest(0.5, 0.5, 2, 2)).toBe(-1)
  expect(points.spotOf(7)).toBe(7)
  expect(points.spotOf(-1)).toBe(-1)
})

test('an arrow goes to the nearest point that way, and little to the side', () => {
  const points = lookUpOf(pointsAt([0.5, 0.5], [0.6, 0.42], [0.7, 0.49], [0.45, 0.5], [0.5, 0.2]))
  expect(points.toward(0, 1, 0, 1)).toBe(2)
  expect(points.toward(0, -1, 0, 1)).toBe(3)
  expect(points.toward(0, 0, 1, 1)).toBe(1)
  expect(points.toward(0, 0, -1, 1)).toBe(-1)
})

test('a lasso catches what lies inside, in hollows not', () => {
  const hollow = [[0, 0], [1, 0], [1, 1], [0.5, 0.2], [0, 1]] // prettier-ignore
  expect(isInside(hollow, 0.1, 0.5)).toBe(true)
  expect(isInside(hollow, 0.5, 0.5)).toBe(false)
  expect(isInside(hollow, 0.5, 0.1)).toBe(true)
  const points = pointsAt([0.1, 0.5], [0.5, 0.5], [0.9, 0.5], [2, 2])
  expect(rowsInside(points, hollow)).toEqual([0, 2])
  expect(rowsInside(points, boxOf([0.95, 0.6], [0.4, 0.4]))).toEqual([1, 2])
  expect(rowsInView(points, { x: 0.4, y: 0.4, span: 0.2 })).toEqual([1])
  expect([...combined(new Set([1]), [2, 3], 'add')]).toEqual([1, 2, 3])
  expect([...combined(new Set([1, 2]), [2, 3], 'remove')]).toEqual([1])
  expect([...combined(new Set([1]), [2], 'replace')]).toEqual([2])
})

test('stamped pixels are the sprite’s own, half covered ones a mixture, and nothing leaks over the edge', () => {
  const dot = (alpha) => spriteOf(Uint8ClampedArray.from([200, 100, 50, alpha]), 1)
  const raster = new Raster(4, 3, 2)
  raster.clear(0xffffff)
  const at = (x, y) => raster.pixels[(y + 2) * raster.stride + x + 2].toString(16)
  raster.stamp([dot(255), dot(128)], [0, 1, 0], [0, 3, 9], [1, 2, 1], [0, 1, 2])
  expect(at(0, 1)).toBe('ff3264c8')
  expect(at(3, 2)).toBe('ff97b0e3')
  expect(at(1, 1)).toBe('ffffffff')
  expect(raster.pixels.filter((pixel) => pixel !== 0xffffffff)).toHaveLength(2)
})

test('faint points are drawn first, and only many points are transparent', () => {
  const looks = [{ key: 'a' }, { key: 'b' }]
  const { codes, order } = codesOf(pointsAt([0, 0], [0, 0], [0, 0]), looks, (spot) => looks[spot % 2], (spot) => !spot) // prettier-ignore
  expect([...codes]).toEqual([2, 1, 0])
  expect([...order]).toEqual([0, 1, 2])
  expect([...codesOf(pointsAt([0, 0], [0, 0]), looks, () => looks[1], (spot) => spot === 1).order]).toEqual([1, 0]) // prettier-ignore
  expect(opacityFor(1000, 400_000)).toBe(1)
  expect(opacityFor(100_000, 400_000)).toBeLessThan(0.5)
})

test('points glide from where their rows were', () => {
  const before = { ...pointsAt([0.1, 0.2], [0.3, 0.4]), index: Int32Array.of(5, 7) }
  const after = { ...pointsAt([0.9, 0.9], [0.8, 0.8]), index: Int32Array.of(7, 8) }
  const { ux, uy } = movedFrom(after, before)
  expect([...ux, ...uy]).toEqual([0.3, 0.8, 0.4, 0.8].map((unit) => expect.closeTo(unit)))
})

test('contrast is that of WCAG 2', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
})

test('a colour is changed only as far as it must to be seen', () => {
  expect(visibleOn('#0065a8', false)).toBe('#0065a8')
  expect(visibleOn('#ffffff', true)).toBe('#ffffff')
  for (const [hex, dark] of [
    ['#ffff00', false],
    ['#ffffff', false],
    ['#000000', true],
    ['#191f22', true],
  ]) {
    const seen = visibleOn(hex, dark)
    expect(seen).not.toBe(hex)
    expect(contrast(seen, dark ? '#191f22' : '#ffffff'), hex).toBeGreaterThanOrEqual(2)
  }
})

test('while more points move than a frame can draw a sample stands in, and all are back at rest', () => {
  vi.useFakeTimers()
  const context = new Proxy({}, { get: (_, name) => (name === 'getImageData' ? empty : vi.fn()) })
  const empty = (_x, _y, width, height) => ({ data: new Uint8ClampedArray(4 * width * height) })
  vi.stubGlobal('Path2D', class {})
  vi.stubGlobal('ImageData', class {})
  vi.spyOn(document, 'createElement').mockReturnValue(/** @type {any} */ ({ getContext: () => context }))
  const stamp = vi.spyOn(Raster.prototype, 'stamp')
  const paint = makePainter()
  const sceneOf = (count, view) => {
    const points = pointsAt(...Array.from({ length: count }, (_, at) => [at / count, 0.5]))
    const look = { key: 1, shape: 'circle', colour: 1, own: null }
    return { points, ...codesOf(points, [look], () => look), looks: [look], view, area: AREA, grid: { x: [], y: [] } }
  }
  const colours = { people: ['', '#000'], ground: '#fff', line: '#ccc', faint: '#ddd' }
  const drawn = (scene) => [paint(context, scene, colours), stamp.mock.lastCall[5]]
  const many = sceneOf(60_000, FIT)
  expect(drawn(many)).toEqual([null, 1])
  const [stop, stride] = drawn({ ...many, view: zoomAt(FIT, 1.1, 0.5, 0.5) })
  expect(stride).toBe(8)
  vi.runAllTimers()
  expect(stamp.mock.lastCall[5]).toBe(1)
  drawn({ ...many, view: FIT })[0]()
  vi.runAllTimers()
  expect(stamp.mock.lastCall[5]).toBe(8)
  expect(stop).toBeTypeOf('function')
  expect(drawn({ ...many, view: zoomAt(FIT, 400, 0.5, 0.5) })).toEqual([null, 1])
  vi.useRealTimers()
})
