import { expect, test } from 'vitest'
import PeopleCompared from '../../src/components/hub/PeopleCompared.vue'
import { render, textOf } from '../render.js'

test('of more people than are compared, all are counted', async () => {
  const contributors = Array.from({ length: 30 }, (_, at) => ({ id: `u${at}`, count: 40 - at }))
  const people = contributors.slice(0, 20).map((one) => ({ ...one, features: {}, with_features: 0, artists: [] }))
  const found = { playlist: { contributors }, people, pairs: [], most_unlike: null }
  const hub = { personCalled: (id) => ({ key: id, name: id, colour: 1, shape: 'circle' }) }
  expect(textOf(await render(PeopleCompared, { found, hub }))).toContain('The 8 who added most, of 30.')
})
