import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useSearch } from '../../src/composables/useSearch.js'
import { json, stubFetch } from '../answers.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('the server is asked once typing pauses', async () => {
  const fetch = stubFetch(() => json({ tracks: [{ id: '1' }] }))
  const { tracks, answered, type } = useSearch()
  type('meta')
  await vi.advanceTimersByTimeAsync(100)
  type(' metallica ')
  await vi.advanceTimersByTimeAsync(119)
  expect(fetch).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(fetch.mock.calls.map(([path]) => path)).toEqual(['/api/search?q=metallica&limit=8'])
  expect(tracks.value).toEqual([{ id: '1' }])
  expect(answered.value).toBe('metallica')
})

test('an answer that a later question has overtaken is dropped', async () => {
  const late = deferred()
  stubFetch((path) => (path.includes('q=first') ? late.promise : json({ tracks: [{ id: 'second' }] })))
  const { tracks, answered, type } = useSearch()
  type('first')
  await vi.advanceTimersByTimeAsync(120)
  type('second')
  await vi.advanceTimersByTimeAsync(120)
  late.resolve(json({ tracks: [{ id: 'first' }] }))
  await vi.advanceTimersByTimeAsync(0)
  expect(tracks.value).toEqual([{ id: 'second' }])
  expect(answered.value).toBe('second')
})

test('an emptied field clears what was found', async () => {
  stubFetch(() => json({ tracks: [{ id: '1' }] }))
  const { tracks, answered, type } = useSearch()
  type('x')
  await vi.advanceTimersByTimeAsync(120)
  type('  ')
  expect(tracks.value).toEqual([])
  expect(answered.value).toBe('')
})

test('what went wrong takes the place of what was found', async () => {
  const answers = [json({ tracks: [{ id: '1' }] }), json({ error: { message: 'No catalogue.' } }, 503)]
  stubFetch(() => answers.shift())
  const { tracks, error, type } = useSearch()
  type('x')
  await vi.advanceTimersByTimeAsync(120)
  type('xy')
  await vi.advanceTimersByTimeAsync(120)
  expect(tracks.value).toEqual([])
  expect(error.value).toMatchObject({ status: 503, message: 'No catalogue.' })
})

function deferred() {
  let resolve
  const promise = new Promise((done) => {
    resolve = done
  })
  return { promise, resolve }
}
