import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { plain } from '../../src/strings/plain.js'
import { usePlaylist } from '../../src/composables/usePlaylist.js'
import { json, stubFetch } from '../answers.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const row = (id, more = {}) => ({
  ...{ id, title: `Song ${id}`, artists: ['Björk'], album: null, features: { energy: 0.5 }, added_by: null },
  ...{ popularity: 10, year: 1999, duration_ms: 1000, added_at: null, artist_point: null, source: null },
  ...{ position: 0, explicit: null, labels: [], plays: null },
  ...{ audio_url: null, family: null, cluster: null },
  ...more,
})
const NAMES = Object.keys(row('')).filter((name) => name !== 'features')
function block(start, rows, playlist) {
  const features = {}
  for (const name of ['energy', 'duration_ms']) features[name] = rows.map((one) => one.features[name] ?? null)
  const columns = Object.fromEntries(NAMES.map((name) => [name, rows.map((one) => one[name])]))
  const answer = { start, end: start + rows.length, people: ['ann'], sources: ['deezer'] }
  const groups = { families: ['folk'], clusters: ['Cluster 1'], tiles: rows.slice(0, 1) }
  const about = { id: 'p', item_count: start + rows.length, complete: true, ...playlist }
  return { ...answer, ...groups, columns: { ...columns, features }, playlist: about }
}
const settle = () => vi.advanceTimersByTimeAsync(0)

test('text is compared without case and accents', () => {
  expect(plain('BJÖRK Ágætis')).toBe('bjork agætis')
})

test('a long playlist is asked for in blocks, in order', async () => {
  const answers = [block(0, [row('a')], { item_count: 2 }), block(1, [row('b')], { item_count: 2 })]
  const fetch = stubFetch(() => json(answers.shift()))
  const { playlist, rows, tiles, loading, load } = usePlaylist()
  await Promise.all([load('p'), settle()])
  expect(tiles.value.map(({ id }) => id)).toEqual(['a'])
  expect(fetch.mock.calls.map(([path]) => path)).toEqual([
    '/api/playlists/p/columns?start=0',
    '/api/playlists/p/columns?start=1',
  ])
  expect(rows.value.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(playlist.value.item_count).toBe(2)
  expect(loading.value).toBe(false)
})

test('a row has its axis values in one place, and its person', async () => {
  const rowsSent = [
    row('a', { added_at: '2024-01-01T00:00:00Z', features: { duration_ms: 2000 }, added_by: 0, source: 0, family: 0 }),
    row('b', { features: {} }),
  ]
  stubFetch(() => json(block(0, rowsSent)))
  const { rows, load } = usePlaylist()
  await Promise.all([load('p'), settle()])
  const [first, second] = rows.value
  expect(first.values).toEqual({ duration_ms: 2000, popularity: 10, year: 1999, added_at: Date.UTC(2024, 0, 1) })
  expect([first.added_by, first.source, first.family, first.cluster]).toEqual(['ann', 'deezer', 'folk', null])
  expect(second.values).toMatchObject({ duration_ms: 1000, added_at: null })
  expect(second.added_by).toBeNull()
})

test('while the import goes on, the last block is asked for again; less often while nothing comes', async () => {
  const growing = { complete: false }
  const answers = [block(0, [row('a')], growing), block(0, [row('a')], growing), block(0, [row('a'), row('b')])]
  const fetch = stubFetch(() => json(answers.shift()))
  const { rows, load } = usePlaylist()
  const over = load('p')
  await settle()
  expect(fetch).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(700)
  expect(fetch).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(1399)
  expect(fetch).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(1)
  await over
  expect(fetch).toHaveBeenCalledTimes(3)
  expect(rows.value.map(({ id }) => id)).toEqual(['a', 'b'])
})

test('stopping ends the waiting, without an error', async () => {
  const fetch = stubFetch(() => json(block(0, [row('a')], { complete: false })))
  const { error, load, stop } = usePlaylist()
  const over = load('p')
  await settle()
  stop()
  await over
  await vi.advanceTimersByTimeAsync(60_000)
  expect(fetch).toHaveBeenCalledOnce()
  expect(error.value).toBeNull()
})

test('what went wrong is shown and ends the loading', async () => {
  stubFetch(() => json({ error: { message: 'Not yours.' } }, 404))
  const { error, loading, load } = usePlaylist()
  await load('p')
  expect(error.value).toMatchObject({ status: 404, message: 'Not yours.' })
  expect(loading.value).toBe(false)
})
