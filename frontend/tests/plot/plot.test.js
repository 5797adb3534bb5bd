import { expect, test } from 'vitest'
import { makeAxis, place } from '../../src/plot/axes.js'
import { contrast, visibleOn } from '../../src/plot/colour.js'
import { lookUpOf } from '../../src/plot/points.js'

const rows = (...all) => all.map((values) => ({ values }))
const placed = (...points) => ({
  index: Int32Array.from(points.keys()),
  px: Float32Array.from(points, ([x]) => x),
  py: Float32Array.from(points, ([, y]) => y),
  count: points.length,
})

test('an axis of shares spans all of them and is written in percent', () => {
  const axis = makeAxis(rows({ energy: 0.4 }, { energy: 0.5 }), 'energy', [0, 100], 4)
  expect(axis.scale.domain()).toEqual([0, 1])
  expect(axis.ticks.find(({ value }) => value === 0.6)).toEqual({ value: 0.6, text: '60', at: 60 })
})

test('an axis that fits spans its values, and whole steps have whole ticks', () => {
  const axis = makeAxis(rows({ year: 1990 }, { year: 1992 }, { year: null }), 'year', [0, 300], 10)
  expect(axis.scale.domain()).toEqual([1989.5, 1992.5])
  expect(axis.ticks.map(({ text }) => text)).toEqual(['1990', '1991', '1992'])
})

test('an axis on which nearness alone has a meaning has no ticks, and no point lies on its ends', () => {
  const axis = makeAxis(rows({ artist_x: -1 }, { artist_x: 1 }), 'artist_x', [0, 110], 4)
  expect(axis.ticks).toEqual([])
  expect(axis.scale(-1)).toBeCloseTo(5)
  expect(axis.scale(1)).toBeCloseTo(105)
})

test('an axis of one value, or none, still has a width', () => {
  expect(makeAxis(rows({ tempo: 120 }), 'tempo', [0, 100], 4).scale(120)).toBeCloseTo(50)
  expect(makeAxis(rows(), 'year', [0, 100], 4).scale.domain()).toEqual([-0.5, 1.5])
})

test('only shown rows with both values are placed', () => {
  const all = rows({ energy: 0, valence: 1 }, { energy: 0.5, valence: null }, { energy: 1, valence: 0.5 })
  const [x, y] = [makeAxis(all, 'energy', [0, 100], 4), makeAxis(all, 'valence', [200, 0], 4)]
  const spots = place(all, x, y, () => true)
  expect(spots.count).toBe(2)
  expect([...spots.index.subarray(0, 2)]).toEqual([0, 2])
  expect([...spots.px.subarray(0, 2)]).toEqual([0, 100])
  expect([...spots.py.subarray(0, 2)]).toEqual([0, 100])
  expect(place(all, x, y, (row) => row !== all[0]).count).toBe(1)
})

test('equal steps are spread within their step, always the same way', () => {
  const all = rows(...Array.from({ length: 50 }, () => ({ mode: 1, energy: 0.5 })))
  const [x, y] = [makeAxis(all, 'mode', [0, 200], 4), makeAxis(all, 'energy', [100, 0], 4)]
  const { px, py } = place(all, x, y, () => true)
  expect(new Set(px).size).toBeGreaterThan(40)
  expect(Math.min(...px)).toBeGreaterThan(100)
  expect(Math.max(...px)).toBeLessThan(200)
  expect(new Set(py).size).toBe(1)
  expect(place(all, x, y, () => true).px).toEqual(px)
})

test('the point nearest to a pixel is found within reach', () => {
  const points = lookUpOf(placed([0, 0], [10, 0], [100, 100]))
  expect(points.nearest(7, 1, 28)).toBe(1)
  expect(points.nearest(60, 60, 28)).toBe(-1)
  expect(points.nearest(60, 60)).toBe(2)
  expect(lookUpOf(placed()).nearest(0, 0, 28)).toBe(-1)
})

test('an arrow goes to the nearest point that way, and little to the side', () => {
  const points = lookUpOf(placed([0, 0], [10, 8], [20, 1], [-5, 0], [0, 30]))
  expect(points.toward(0, 1, 0)).toBe(2)
  expect(points.toward(0, -1, 0)).toBe(3)
  expect(points.toward(0, 0, 1)).toBe(1)
  expect(points.toward(0, 0, -1)).toBe(-1)
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
