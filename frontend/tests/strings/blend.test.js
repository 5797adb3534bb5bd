import { expect, test } from 'vitest'
import { SUITS } from '../../src/strings/blend.js'

test('a list beside that by plain average: the least satisfied, and who has more and less as shown', () => {
  const people = [
    { mean: 0.931, plain: 0.934 },
    { mean: 0.074, plain: 0.055 },
    { mean: 0.8, plain: 0.83 },
  ]
  expect(SUITS.beside(people)).toBe(
    'Beside a plain average: the least satisfied person has 7\u00a0% instead of 6\u00a0%; 1 person has more, 1 less.',
  )
  expect(SUITS.beside([{ mean: 0.5, plain: 0.501 }])).toBe('')
})

test('somebody unlike all others is told what a fair list owes them', () => {
  const people = [{ mean: 0.07 }, ...Array.from({ length: 19 }, () => ({ mean: 0.9 }))]
  expect(SUITS.owed(people)).toContain('Each of 20 people is owed 5\u00a0% of a fair list.')
  expect(SUITS.owed(people.slice(1))).toBe('')
  expect(SUITS.owed([{ mean: 0.6 }, { mean: 0.3 }])).toBe('')
})
