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
