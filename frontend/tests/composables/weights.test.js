import { beforeEach, expect, test, vi } from 'vitest'

const load = () => import('../../src/composables/weights.js')

beforeEach(() => {
  vi.resetModules()
  window.sessionStorage.clear()
})

test('only changed weights are sent', async () => {
  const { weights, weightsText } = await load()
  expect(weightsText.value).toBe('')
  weights.tempo = 0
  weights.sound = 2.5
  expect(weightsText.value).toBe('sound:2.5,tempo:0')
})

test('weights are restored after a reload', async () => {
  const first = await load()
  first.weights.genre = 0.5
  first.keepWeights()
  vi.resetModules()
  const second = await load()
  expect(second.weights).not.toBe(first.weights)
  expect(second.weights.genre).toBe(0.5)
  expect(second.weights.energy).toBe(1)
})

test('the usual weights forget what was kept', async () => {
  const { weights, keepWeights, usualWeights } = await load()
  weights.genre = 0.5
  keepWeights()
  usualWeights()
  expect(weights.genre).toBe(1)
  expect(window.sessionStorage.getItem('tastemap-weights')).toBe('')
})
