import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { clock, day } from '../../src/strings/times.js'

beforeEach(() => vi.useFakeTimers({ now: new Date(2026, 10, 24, 23, 30) }))
afterEach(() => vi.useRealTimers())

const at = (...parts) => new Date(...parts).toISOString()

test('a moment near today is said as one says it', () => {
  expect(clock(at(2026, 10, 24, 14, 5))).toBe('14:05')
  expect(clock(at(2026, 10, 25, 0, 10))).toBe('tomorrow 00:10')
  expect(clock(at(2026, 10, 23, 23, 59))).toBe('yesterday 23:59')
})

test('any other has its date', () => {
  expect(clock(at(2026, 10, 26, 9, 0))).toBe('26 Nov 2026, 09:00')
  expect(day(at(2025, 0, 2, 9, 0))).toBe('2 Jan 2025')
})
