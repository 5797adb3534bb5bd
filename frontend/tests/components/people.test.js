import { expect, test } from 'vitest'
import AddedTimeline from '../../src/components/hub/AddedTimeline.vue'
import PeopleCompared from '../../src/components/hub/PeopleCompared.vue'
import { render, textOf } from '../render.js'

test('of more people than are compared, all are counted', async () => {
  const contributors = Array.from({ length: 30 }, (_, at) => ({ id: `u${at}`, count: 40 - at }))
  const people = contributors.slice(0, 20).map((one) => ({ ...one, features: {}, with_features: 0, artists: [] }))
  const found = { playlist: { contributors }, people, pairs: [], most_unlike: null }
  const hub = { personCalled: (id) => ({ key: id, name: id, colour: 1, shape: 'circle' }) }
  const text = textOf(await render(PeopleCompared, { found, hub }))
  expect(text).toContain('The 8 who added most, of 30.')
  // What the numbers are is said in sight, too, where there is nothing to choose.
  expect(text.split('Artists in common')).toHaveLength(3)
})

test('when they added their tracks is shown where there is more than one time', async () => {
  const people = [{ key: 1, name: 'Ana', colour: 1 }]
  const rows = ['2024-01-03T10:00:00Z', '2024-03-03T10:00:00Z'].map((at) => ({ values: { added_at: Date.parse(at) } }))
  const shown = (some) => render(AddedTimeline, { rows: some, people, personOf: () => people[0] })
  expect(textOf(await shown(rows))).toContain('When they added their tracks')
  expect(textOf(await shown(rows.slice(1)))).toBe('')
})
