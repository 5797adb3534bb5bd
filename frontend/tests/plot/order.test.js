import { expect, test } from 'vitest'
import { along, ordered, smoothPath } from '../../src/plot/order.js'

const track = (id, energy, more = {}) => ({ id, features: energy === null ? {} : { energy }, ...more })
const ids = (tracks) => tracks.map(({ id }) => id).join('')

test('a path goes from each track to the nearest that is left, unknown ones last', () => {
  const tracks = [track('a', 0.1), track('b', 0.9), track('u', null), track('c', 0.3), track('d', 0.7)]
  expect(ids(smoothPath(tracks))).toBe('acdbu')
  expect(smoothPath([])).toEqual([])
})

test('along a value the least comes first, unknown ones last', () => {
  const tracks = [track('a', 0.5, { year: 2001 }), track('b', 0.2, { year: null }), track('c', 0.9, { year: 1990 })]
  expect(ids(along(tracks, 'energy'))).toBe('bac')
  expect(ids(along(tracks, 'year'))).toBe('cab')
  expect(ordered(tracks, '')).toBe(tracks)
})
