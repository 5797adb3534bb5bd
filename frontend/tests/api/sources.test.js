import { afterEach, expect, test } from 'vitest'
import { sourcesFor, changeSource, hasKeys, kindOf, sourcing, titleOf } from '../../src/api/sources.js'
import { givesAll, grouped, nounOf, sendsBesides } from '../../src/strings/sources.js'
import { json, stubFetch } from '../answers.js'

const source = (name, more = {}) => ({ name, title: name, on: true, needs: [], settings: [], licence: '', ...more })

afterEach(() => {
  sourcing.value = null
})

test('before the server has answered there is no source', () => {
  expect(sourcesFor('search')).toEqual([])
  expect(titleOf('deezer')).toBeNull()
})

test('only what is switched on and gives one of the needs is used', () => {
  sourcing.value = {
    sources: [
      source('a', { needs: ['search'] }),
      source('b', { needs: ['search'], on: false }),
      source('c', { needs: ['preview', 'track'] }),
      source('d', { needs: ['genres'] }),
    ],
  }
  expect(sourcesFor('search', 'track').map(({ name }) => name)).toEqual(['a', 'c'])
})

test('switching one source decides, changing its settings does not', async () => {
  const before = { decided: false, sources: [source('a'), source('b')] }
  const fetch = stubFetch(() => json(source('b', { on: false })))
  sourcing.value = before
  await changeSource('b', { settings: { key: 'x' } })
  expect(sourcing.value.decided).toBe(false)
  await changeSource('b', { on: false })
  expect(fetch.mock.calls[1]).toMatchObject(['/api/sources/b', { method: 'PUT', body: '{"on":false}' }])
  expect(sourcing.value.decided).toBe(true)
  expect(sourcing.value.sources.map(({ name, on }) => [name, on])).toEqual([
    ['a', true],
    ['b', false],
  ])
})

test('sources are grouped by their terms; empty groups are left out', () => {
  const own = source('own', { settings: [{ required: true }], licence: 'CC0' })
  const open = source('open', { licence: 'Public Domain' })
  expect(kindOf(source('service', { settings: [{ required: false }] }))).toBe('service')
  expect(grouped([own, open]).map(({ kind, members }) => [kind, members.map(({ name }) => name)])).toEqual([
    ['open', ['open']],
    ['own', ['own']],
  ])
})

test('a source has its keys when all that it must have are set', () => {
  const setting = (required, set) => ({ required, set })
  expect(hasKeys(source('a', { settings: [setting(true, true), setting(false, false)] }))).toBe(true)
  expect(hasKeys(source('a', { settings: [setting(true, false)] }))).toBe(false)
  expect(hasKeys(null)).toBe(false)
})

test('what a source gives is said in a fixed order, searching before names', () => {
  expect(givesAll(['genres', 'features', 'track', 'search', 'artists'])).toBe('finds tracks, how it sounds, genres')
  expect(givesAll(['track'])).toBe('names and ISRC')
  expect(nounOf('features')).toBe('sound')
  expect(nounOf('genres')).toBe('genres')
  expect(nounOf('new_need')).toBe('new_need')
})

test('the address of the computer is said once for all', () => {
  expect(sendsBesides({ sends: "names, and this computer's network address" })).toBe('names')
})
