import { expect, test, vi } from 'vitest'
import { effectScope } from 'vue'
import { useRowChanges } from '../../src/composables/useRowChanges.js'
import { json, stubFetch } from '../answers.js'

const row = (id, position) => ({ id, title: id.toUpperCase(), position })

test('an undo that is quicker than the answer puts back what the answer took out', async () => {
  let answer
  const later = new Promise((resolve) => (answer = resolve))
  const asked = []
  stubFetch((path, options) => {
    asked.push([String(path).split('/').at(-1), JSON.parse(options.body)])
    if (asked.length > 1) return json({ playlist: { id: 'p' } })
    return later
  })
  const hub = { rows: [row('a', 0), row('b', 1)], playlist: { id: 'p' }, again: vi.fn() }
  const scope = effectScope()
  const { last, remove } = scope.run(() => useRowChanges(hub, 'p'))
  const removed = remove([hub.rows[0]])
  expect(hub.rows.map(({ id }) => id)).toEqual(['b'])
  const undone = last.value.act()
  answer(json({ playlist: { id: 'p' }, removed: [{ track: 'a', position: 0 }] }))
  await Promise.all([removed, undone])
  expect(asked).toEqual([
    ['remove', { tracks: ['a'], positions: [0] }],
    ['restore', { rows: [{ track: 'a', position: 0 }] }],
  ])
  expect(hub.rows.map(({ id, position }) => [id, position])).toEqual([
    ['a', 0],
    ['b', 1],
  ])
  scope.stop()
})

test('what the server refuses cannot be undone', async () => {
  stubFetch(() => json({ error: { code: 'gone', message: 'No such playlist.' } }, 404))
  const hub = { rows: [row('a', 0)], playlist: { id: 'p' }, again: vi.fn() }
  const scope = effectScope()
  const { last, remove } = scope.run(() => useRowChanges(hub, 'p'))
  await remove([hub.rows[0]])
  expect(hub.again).toHaveBeenCalledOnce()
  expect(last.value).toBe(null)
  scope.stop()
})
