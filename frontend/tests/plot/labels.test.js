import { expect, test } from 'vitest'
import { layoutOf } from '../../src/plot/scatter/axes.js'
import { labelsBeside, labelsOf } from '../../src/plot/scatter/labels.js'
import { FIT } from '../../src/plot/scatter/view.js'

const AREA = { left: 0, top: 0, width: 400, height: 200 }
const widthOf = (text) => 6 * text.length
const at = (text, x, y) => ({ text, x, y })
const place = (...wanted) => labelsBeside(wanted, wanted, AREA, 5, widthOf)

test('a name stands to the right of its marker, or where there is room, and within the plot', () => {
  expect(place(at('Queen', 100, 100))).toEqual([{ text: 'Queen', left: 109, middle: 100 }])
  expect(place(at('Queen', 390, 100))).toEqual([{ text: 'Queen', left: 351, middle: 100 }])
})

test('no name covers another one or a marker', () => {
  const labels = place(at('Queen', 100, 100), at('Madonna', 130, 100), at('Sade', 104, 104), at('Nas', 102, 98))
  expect(labels).toEqual([
    { text: 'Queen', left: 61, middle: 100 },
    { text: 'Madonna', left: 139, middle: 100 },
    { text: 'Sade', left: 92, middle: 121 },
    { text: 'Nas', left: 93, middle: 81 },
  ])
  expect(labelsBeside([at('Sade', 20, 10)], [], { left: 0, top: 0, width: 40, height: 20 }, 5, widthOf)).toEqual([])
})

test('what several tracks have is named once and first; faint points and those out of sight are not', () => {
  const places = [[0.9, 0.9], [0.5, 0.5], [0.5, 0.5], [0.1, 0.1]] // prettier-ignore
  const names = ['Sade', 'Queen', 'Queen', 'Faint']
  const points = {
    ux: Float32Array.from(places, ([x]) => x),
    uy: Float32Array.from(places, ([, y]) => y),
    count: places.length,
  }
  const scene = { points, codes: Uint16Array.from([0, 0, 0, 1]), looks: [{}], view: FIT, area: AREA }
  const written = (given) => labelsOf(given, (spot) => names[spot], 5, widthOf).map(({ text }) => text)
  expect(written(scene)).toEqual(['Queen', 'Sade'])
  expect(written({ ...scene, view: { x: 0.8, y: 0.8, span: 0.2 } })).toEqual(['Sade'])
})

test('a map lies by artists, by sound or by two features', () => {
  expect(layoutOf('artist_x', 'artist_y')).toBe('artists')
  expect(layoutOf('sound_x', 'sound_y')).toBe('sound')
  expect(layoutOf('energy', 'artist_y')).toBe('features')
})
