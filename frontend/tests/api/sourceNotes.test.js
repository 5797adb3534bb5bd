import { expect, test } from 'vitest'
import { bySource } from '../../src/api/sourceNotes.js'

const note = (source, need, status, more = {}) => ({ source, title: source.toUpperCase(), need, status, ...more })

test('sources that were not asked are left out', () => {
  expect(bySource([note('a', 'search', 'off'), note('b', 'search', 'cannot')])).toEqual([])
})

test('the notes of a source are one entry, with each thing named once', () => {
  const [one, ...others] = bySource([
    note('a', 'search', 'found', { licence: 'CC0', fetched_at: '2026-01-02', cached: true }),
    note('a', 'search', 'found', { licence: 'CC0', fetched_at: '2026-01-03', cached: true }),
    note('a', 'features', 'not_found'),
  ])
  expect(others).toEqual([])
  expect(one).toMatchObject({
    source: 'a',
    title: 'A',
    answered: ['search'],
    lacking: ['sound'],
    missed: [],
    licences: ['CC0'],
    fetchedAt: '2026-01-03',
    cached: true,
  })
})

test('an answer is kept only if all of it is', () => {
  const notes = [note('a', 'search', 'found', { cached: true }), note('a', 'track', 'found', { cached: false })]
  expect(bySource(notes)[0].cached).toBe(false)
  expect(bySource([note('a', 'search', 'not_found')])[0].cached).toBe(false)
})

test('faults come first, with the first reason and the latest time', () => {
  const entries = bySource([
    note('a', 'search', 'found'),
    note('b', 'search', 'limited', { message: 'Too many', hint: 'Wait', retry_at: '2026-01-01T10:00' }),
    note('b', 'features', 'failed', { message: 'Not asked', retry_at: '2026-01-01T11:00' }),
  ])
  expect(entries.map(({ source }) => source)).toEqual(['b', 'a'])
  expect(entries[0]).toMatchObject({
    missed: ['search', 'sound'],
    message: 'Too many',
    hint: 'Wait',
    retryAt: '2026-01-01T11:00',
  })
})
