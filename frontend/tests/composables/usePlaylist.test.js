import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { plain } from '../../src/strings/plain.js'
import { usePlaylist } from '../../src/composables/usePlaylist.js'
import { json, stubFetch } from '../answers.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const row = (id, more = {}) => ({
  ...{ id, title: `Song ${id}`, artists: ['Björk'], album: null, features: { energy: 0.5 } },
  ...{ popularity: 10, year: 1999, duration_ms: 1000, added_at: null },
  ...more,
})
const page = (number, pages, tracks, playlist) => ({
  ...{ page: number, pages, tracks },
  playlist: { id: 'p', item_count: tracks.length, complete: true, ...playlist },
})
const settle = () => vi.advanceTimersByTimeAsync(0)

test('text is compared without case and accents', () => {
  expect(plain('BJÖRK Ágætis')).toBe('bjork agætis')
})

test('all pages of a playlist are asked for, in order', async () => {
  const answers = [page(1, 2, [row('a')], { item_count: 2 }), page(2, 2, [row('b')], { item_count: 2 })]
  const fetch = stubFetch(() => json(answers.shift()))
  const { playlist, rows, loading, load } = usePlaylist()
  await Promise.all([load('p'), settle()])
  expect(fetch.mock.calls.map(([path]) => path)).toEqual([
    '/data?playlist=p&page=1&page_size=500',
    '/data?playlist=p&page=2&page_size=500',
  ])
  expect(rows.value.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(playlist.value.item_count).toBe(2)
  expect(loading.value).toBe(false)
})

test('a row has its axis values in one place, and its words for filtering', async () => {
  const rowsSent = [
    row('a', { added_at: '2024-01-01T00:00:00Z', features: { duration_ms: 2000 } }),
    row('b', { features: { duration_ms: null } }),
  ]
  stubFetch(() => json(page(1, 1, rowsSent)))
  const { rows, load } = usePlaylist()
  await Promise.all([load('p'), settle()])
  const [first, second] = rows.value
  expect(first.values).toEqual({ duration_ms: 2000, popularity: 10, year: 1999, added_at: Date.UTC(2024, 0, 1) })
  expect(second.values).toMatchObject({ duration_ms: 1000, added_at: null })
  expect(first.words).toBe('song a bjork ')
})

test('while the import goes on, the last page is asked for again; less often while nothing comes', async () => {
  const growing = { complete: false }
  const answers = [
    page(1, 1, [row('a')], growing),
    page(1, 1, [row('a')], growing),
    page(1, 1, [row('a'), row('b')], { complete: true }),
  ]
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
  const fetch = stubFetch(() => json(page(1, 1, [row('a')], { complete: false })))
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
