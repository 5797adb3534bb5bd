import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nextTick, ref } from 'vue'
import { useTimeLeft } from '../../src/composables/useTimeLeft.js'
import { timeLeft } from '../../src/strings/runs.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('the time left is told from the rate that was seen, not from the start', async () => {
  const state = (bytes_done, more = {}) => ({ id: 'r', state: 'running', bytes_total: 1000, bytes_done, ...more })
  const run = ref(state(500))
  const left = useTimeLeft(() => run.value)
  expect(left.value).toBeNull()
  vi.advanceTimersByTime(10_000)
  run.value = state(600)
  await nextTick()
  expect(left.value).toBe(40_000)
  expect(timeLeft(left.value)).toBe('less than a minute left')
  run.value = state(100) // another part of the work, counted anew
  await nextTick()
  expect(left.value).toBeNull()
  vi.advanceTimersByTime(10_000)
  run.value = state(120)
  await nextTick()
  expect(timeLeft(left.value)).toBe('about 7 min left')
  run.value = state(1000, { state: 'done' })
  await nextTick()
  expect(left.value).toBeNull()
})
