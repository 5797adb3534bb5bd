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
  const score = { label: 'Right at once (top-1)', value: 0.6, higher: true, on: 'test' }
  const pictures = {
    reliability: [{ said: 0.5, right: 0.4, share: 1 }],
    confusion: {
      names: ['jazz', 'rock'],
      counts: [
        [3, 1],
        [0, 2],
      ],
    },
  }
  const release = { version: '1', active: true, own: false, bytes: 1, score, bars, odds: [], ...pictures }
  const task = { task: 'genre', versions: [release], before: [], playlist: null }
  const [open, folded] = (await render(ModelVersions, { task, trainable: false })).split('<details')
  const said = 'Right at once way 5 (this version) 0.60 way 1 0.50 way 0 0.10 Odds kept'
  expect(textOf(open)).toMatch(new RegExp(`${said.replaceAll(/[()]/g, '.')}`))
  expect(textOf(open)).toContain('Mistakes')
  expect(open.match(/<svg/g)).toHaveLength(2) // small pictures of its odds and its mistakes need no press
  expect(textOf(open)).not.toContain('way 2')
  // The field's name of the score is folded.
  expect(textOf(open)).not.toContain('top-1')
  expect(textOf(folded)).toContain('Right at once (top-1) way 5 (this version) 0.600 way 1 0.500')
  expect(textOf(folded)).toContain('way 2 0.200')
})
