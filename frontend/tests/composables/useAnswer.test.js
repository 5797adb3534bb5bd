import { beforeAll, expect, test, vi } from 'vitest'
import { effectScope } from 'vue'
import { useAnswer } from '../../src/composables/useAnswer.js'
import { addViews, amend, go, router } from '../../src/router.js'
import { json, stubFetch } from '../answers.js'

const views = ['discover', 'track', 'playlists', 'playlist', 'library', 'settings', 'nowhere']
beforeAll(() => addViews(Object.fromEntries(views.map((name) => [name, {}]))))

test('only another track, or another method, is a question', async () => {
  const fetch = stubFetch(() => json({ track: { id: 'a' } }))
  const asked = () => fetch.mock.calls.splice(0).map(([path]) => String(path).split('?')[0])
  await router.push('/track/a')
  const scope = effectScope()
  scope.run(useAnswer)
  expect(asked().sort()).toEqual(['/genre-predict', '/recommend'])
  await router.push('/track/a?tab=path')
  await amend({ to: 'c' })
  expect(asked()).toEqual([])
  await amend({ method: 'artists' })
  expect(asked()).toEqual(['/recommend'])
  await go('/track/b')
  expect(asked().sort()).toEqual(['/genre-predict', '/recommend'])
  scope.stop()
})

test('what moved the genre is asked only when its details are open, once the genre is there', async () => {
  const fetch = stubFetch((path) => {
    const why = String(path).includes('explain=true') ? { features: [], words: [], nearest: [] } : null
    return json({ track: { id: 'a' }, genre: 'metal', why })
  })
  await router.push('/track/a')
  const scope = effectScope()
  const { details, explained, genre } = scope.run(useAnswer)
  await vi.waitFor(() => expect(genre.value.why).toBe(null))
  expect(fetch).toHaveBeenCalledTimes(2)
  details.value = true
  await vi.waitFor(() => expect(explained.value?.why.words).toEqual([]))
  expect(router.currentRoute.value.fullPath).toBe('/track/a?details=yes')
  expect(fetch).toHaveBeenCalledTimes(3)
  details.value = false
  await vi.waitFor(() => expect(explained.value).toBe(null))
  expect(router.currentRoute.value.fullPath).toBe('/track/a')
  scope.stop()
})

test('similar artists are requested once for an artist, and not where the answer holds them', async () => {
  const fetch = stubFetch((path) => {
    const held = String(path).includes('method=artists') ? [{ name: 'Held' }] : []
    if (String(path).startsWith('/api/artists')) return json({ artists: [{ name: 'Fetched' }] })
    return json({ track: { id: 'a' }, seed: { title: 'One', artists: ['Metallica'] }, artists: held })
  })
  const asked = () => fetch.mock.calls.filter(([path]) => String(path).startsWith('/api/artists')).map(([path]) => path)
  await router.push('/track/a')
  const scope = effectScope()
  const { artists, picks } = scope.run(useAnswer)
  expect(artists.value).toBe(null)
  await vi.waitFor(() => expect(artists.value).toEqual([{ name: 'Fetched' }]))
  await amend({ method: 'sound' })
  await vi.waitFor(() => expect(fetch.mock.calls.at(-1)[0]).toContain('method=sound'))
  await vi.waitFor(() => expect(picks.value.artists).toEqual([]))
  expect(artists.value).toEqual([{ name: 'Fetched' }])
  await amend({ method: 'artists' })
  await vi.waitFor(() => expect(artists.value).toEqual([{ name: 'Held' }]))
  expect(asked()).toEqual(['/api/artists/similar?artist=Metallica'])
  scope.stop()
})
