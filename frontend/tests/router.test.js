import { beforeAll, beforeEach, expect, test } from 'vitest'
import {
  addViews,
  amend,
  go,
  href,
  moves,
  route,
  router,
  trail,
  trackHref,
  typedOf,
  unreached,
  withTrail,
} from '../src/router.js'

const views = ['discover', 'track', 'playlists', 'playlist', 'library', 'settings', 'nowhere']
beforeAll(() => addViews(Object.fromEntries(views.map((name) => [name, {}]))))
beforeEach(() => go('/'))

test('an address leaves out what is not set, and encodes the rest', () => {
  expect(href('discover')).toBe('/')
  expect(href('track', 'a/b')).toBe('/track/a%2Fb')
  expect(href('track', { q: 'AC/DC & co', artist: '', track: null })).toBe('/track?q=AC%2FDC+%26+co')
  expect(href('playlist', '7', 'map', { x: 0 })).toBe('/playlist/7/map?x=0')
})

test('a track without an id is linked by its names', () => {
  expect(trackHref({ id: 'x1', title: 'T', artists: ['A'] })).toBe('/track/x1')
  expect(trackHref({ title: 'One', artists: ['Metallica', 'B'] })).toBe('/track?track=One&artist=Metallica')
})

test('typed text is q, or artist and track', () => {
  expect(typedOf({ q: 'x', track: 'y' })).toBe('x')
  expect(typedOf({ track: 'One', artist: 'Metallica' })).toBe('Metallica One')
  expect(typedOf({})).toBe('')
})

test('an address is read into the route, and going there is a step', async () => {
  const before = moves.value
  await router.push(withTrail('/track/a%2Fb?x=energy&q=who%3Fme', [{ id: '1' }]))
  const { name, params, query } = route.value
  expect({ name, params, query }).toEqual({
    name: 'track',
    params: { id: 'a/b' },
    query: { x: 'energy', q: 'who?me' },
  })
  expect(trail.value).toEqual([{ id: '1' }])
  expect(moves.value).toBe(before + 1)
  await go('/playlists')
  expect(trail.value).toEqual([])
})

test.each(['/nowhere', '/playlist/7/nowhere', '/library/nowhere', '/settings/nowhere', '/lab'])(
  'nothing is at %s',
  async (address) => {
    await go(address)
    expect(route.value.name).toBe('nowhere')
  },
)

test('amending keeps the rest of the address and is no step; what is amended at once is kept, too', async () => {
  await router.push(withTrail('/playlist/7/map?x=energy', [{ id: '1' }]))
  const before = moves.value
  amend({ colour: 'year' })
  await amend({ y: 'tempo', x: null })
  expect(location.pathname + location.search).toBe('/playlist/7/map?colour=year&y=tempo')
  expect(trail.value).toEqual([{ id: '1' }])
  expect(moves.value).toBe(before)
})

test.each(['/playlists', '/playlist/7/map?y=tempo'])('amending lets one that is under way to %s arrive', async (to) => {
  await go('/playlist/7/map')
  const stop = router.beforeResolve(() => new Promise((resolve) => void setTimeout(resolve, 0)))
  const going = go(to)
  const early = amend({ x: 'energy' })
  await new Promise((resolve) => void setTimeout(resolve, 0))
  await Promise.all([going, early, amend({ colour: 'year' })])
  stop()
  expect(location.pathname + location.search).toBe(to + (to.includes('?') ? '&x=energy&colour=year' : ''))
  await amend({ x: 'valence' })
  expect(route.value.query.x).toBe('valence')
})

test('a view whose script cannot be fetched is not reached, and the page can say so', async () => {
  const component = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module: /x.js'))
  router.addRoute({ path: '/unfetched', component })
  expect(await go('/unfetched')).toBe(false)
  expect(unreached.value).toBe('/unfetched')
  expect(await go('/playlists')).toBe(true)
  expect(unreached.value).toBe('')
})
