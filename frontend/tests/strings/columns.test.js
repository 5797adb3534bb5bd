import { expect, it } from 'vitest'
import { importedTrack } from '../../src/strings/columns.js'
import { importCounts } from '../../src/strings/words.js'

const ROW = { title: 'Waterloo', artists: ['ABBA'], album: null, released: '1974', length_ms: 165_000, added_at: null }

it('names what was understood of a row, and nothing else', () => {
  expect(importedTrack(ROW)).toBe('Waterloo – ABBA · 1974 · 2:45')
  expect(importedTrack({ ...ROW, artists: [], released: null, length_ms: null })).toBe('Waterloo')
  expect(importedTrack({ ...ROW, reason: 'podcast episode' })).toBe('left out: podcast episode')
})

it.each([
  [27, 5, 0, '32 tracks: 27 new, 5 already here'],
  [1, 0, 1, '1 track: 1 new; 1 row skipped'],
  [0, 0, 0, '0 tracks'],
])('counts the tracks of an import', (stored, known, skipped, words) => {
  expect(importCounts(stored, known, skipped)).toBe(words)
})
