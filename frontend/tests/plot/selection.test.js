import { expect, test } from 'vitest'
import SelectionBar from '../../src/plot/SelectionBar.vue'
import { render, textOf } from '../render.js'

test('a track that two people added is one of the selected tracks', async () => {
  const rows = ['a', 'b', 'a'].map((id) => ({ id, title: id, artists: [], values: {} }))
  const text = textOf(await render(SelectionBar, { rows, selection: new Set([0, 1, 2]) }))
  expect(text).toContain('2 tracks selected')
})
