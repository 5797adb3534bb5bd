import { beforeEach, expect, test, vi } from 'vitest'
import { amend, follow, go, href, route, trackHref, typedOf } from '../src/router.js'

beforeEach(() => go('#/track'))

test('an address leaves out what is not set, and encodes the rest', () => {
  expect(href('track')).toBe('#/track')
  expect(href('track', 'a/b')).toBe('#/track/a%2Fb')
  expect(href('track', null, { q: 'AC/DC & co', artist: '', track: null })).toBe('#/track?q=AC%2FDC+%26+co')
  expect(href('playlist', '7', { x: 0 })).toBe('#/playlist/7?x=0')
})

test('a track without an id is linked by its names', () => {
  expect(trackHref({ id: 'x1', title: 'T', artists: ['A'] })).toBe('#/track/x1')
  expect(trackHref({ title: 'One', artists: ['Metallica', 'B'] })).toBe('#/track?track=One&artist=Metallica')
})

test('typed text is q, or artist and track', () => {
  expect(typedOf({ q: 'x', track: 'y' })).toBe('x')
  expect(typedOf({ track: 'One', artist: 'Metallica' })).toBe('Metallica One')
  expect(typedOf({})).toBe('')
})

test('going somewhere reads the address into the route', () => {
  const before = route.moves
  go('#/playlist/a%2Fb?x=energy&q=who%3Fme', { trail: [{ id: '1' }] })
  expect(route).toMatchObject({
    view: 'playlist',
    id: 'a/b',
    query: { x: 'energy', q: 'who?me' },
    trail: [{ id: '1' }],
    moves: before + 1,
  })
})

test('an unknown view is the first one, and malformed encoding is taken as it stands', () => {
  go('#/nowhere/%E0%A4%A')
  expect(route.view).toBe('track')
  expect(route.id).toBe('%E0%A4%A')
})

test('amending keeps the rest of the address and is no step', () => {
  go('#/playlist/7?x=energy', { trail: [{ id: '1' }] })
  const before = route.moves
  amend({ y: 'tempo', x: null })
  expect(location.hash).toBe('#/playlist/7?y=tempo')
  expect(route.trail).toEqual([{ id: '1' }])
  expect(route.moves).toBe(before)
})

test('a plain click moves within the page, one with a modifier is left to the browser', () => {
  const click = (more) => ({ button: 0, preventDefault: vi.fn(), ...more })
  const plain = click()
  follow(plain, '#/data')
  expect(plain.preventDefault).toHaveBeenCalledOnce()
  expect(route.view).toBe('data')
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { shiftKey: true }, { altKey: true }, { button: 1 }]) {
    const event = click(more)
    follow(event, '#/lab')
    expect(event.preventDefault).not.toHaveBeenCalled()
    expect(route.view).toBe('data')
  }
})

test('Back restores the trail that led there', () => {
  go('#/track/1', { trail: [{ id: '0' }] })
  const before = route.moves
  location.hash = '#/track/0'
  history.state = { trail: [] }
  window.dispatchEvent(new Event('popstate'))
  expect(route).toMatchObject({ id: '0', trail: [], moves: before + 1 })
})
