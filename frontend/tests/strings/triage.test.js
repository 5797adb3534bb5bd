import { expect, test } from 'vitest'
import { confidenceOf, guessHeap, progressOf, proposalOf, undoOf } from '../../src/strings/triage.js'

test('the list to sort is guessed by the names that services give it', () => {
  const named = (name) => ({ name })
  for (const name of ['Liked Songs', 'Loved tracks', 'My favourites', 'Streaming history', 'Your library'])
    expect(guessHeap([named('Running'), named(name)])?.name).toBe(name)
  expect(guessHeap([named('Unliked'), named('Beloved')])).toBe(null)
})

test('progress names what there is', () => {
  const counts = { total: 1200, left: 1000, accepted: 150, none: 30, skipped: 0, already: 20 }
  expect(progressOf(counts)).toBe('200 of 1,200 sorted · 150 added · 30 in none · 20 were there before')
  expect(progressOf({ ...counts, skipped: 2, already: 0 })).toContain('2 skipped')
})

test('a proposal and what undo takes back are said in words', () => {
  const playlist = { id: 'r', name: 'Running' }
  expect(proposalOf({ playlist, confidence: 0.874 })).toBe('Running, 87\u00a0%')
  expect(proposalOf({ playlist: null, confidence: 0.5 })).toBe('None of them, 50\u00a0%')
  expect([0.998, 0.99, 0.004].map(confidenceOf)).toEqual(['over 99 %', '99\u00a0%', 'under 1 %'])
  const said = (action, tracks, into = playlist) => undoOf({ action, tracks, title: 'Orion', playlist: into })
  expect(said('accept', 1)).toBe('Undo: Orion into Running')
  expect(said('accept', 34)).toBe('Undo: 34 tracks into playlists')
  expect(said('reject', 1)).toBe('Undo: Orion not into Running')
  expect(said('none', 1, null)).toBe('Undo: Orion into none')
  expect(said('skip', 1, null)).toBe('Undo: Orion skipped')
})
