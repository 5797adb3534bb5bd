import { expect, test } from 'vitest'
import ModelVersions from '../../src/components/lab/ModelVersions.vue'
import { MODELS } from '../../src/strings/models.js'
import { render, textOf } from '../render.js'

test('what a model does comes before its training', async () => {
  const task = { task: 'continuation', versions: [], before: [], playlist: null }
  const text = textOf(await render(ModelVersions, { task, trainable: true }))
  expect(text.startsWith(`${MODELS.continuation.title} ${MODELS.continuation.does}`)).toBe(true)
  expect(text).toContain('Train on my collection')
})

test('the score of a model stands beside those of simpler ways without a press; the rest is folded', async () => {
  const bars = [0.1, 0.5, 0.2, 0.3, 0.4, 0.6].map((value, i) => ({ model: `way ${i}`, value, ours: value === 0.6 }))
  const score = { label: 'Right at once', value: 0.6, higher: true, on: 'test' }
  const release = { version: '1', active: true, own: false, bytes: 1, score, bars, odds: [], reliability: [] }
  const task = { task: 'genre', versions: [release], before: [], playlist: null }
  const [open, folded] = (await render(ModelVersions, { task, trainable: false })).split('<details')
  expect(textOf(open)).toMatch(/Right at once way 5 \(this version\) 0\.600 way 1 0\.500.*way 0 0\.100$/)
  expect(textOf(open)).not.toContain('way 2')
  expect(textOf(folded)).toContain('way 2 0.200')
})
