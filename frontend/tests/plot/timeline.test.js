import { expect, test } from 'vitest'
import { periodsOf } from '../../src/plot/timeline.js'

const row = (key, day) => ({ added_by: key, values: { added_at: day ? Date.parse(day) : null } })
const personOf = ({ added_by: key }) => ({ key })

test('months from the first to the last are counted for each person, empty ones too', () => {
  const rows = [row(1, '2024-01-31T23:00:00Z'), row(2, '2024-03-01'), row(1, '2024-03-09'), row(1, null)]
  const periods = periodsOf(rows, personOf)
  expect(periods.map(({ name }) => name)).toEqual(['2024-01', '2024-02', '2024-03'])
  expect(periods.map(({ counts }) => [counts.get(1) ?? 0, counts.get(2) ?? 0])).toEqual([
    [1, 0],
    [0, 0],
    [1, 1],
  ])
})

test('a long time is counted by years, and without dates there is nothing', () => {
  expect(periodsOf([row(1, '2014-05-01'), row(1, '2024-03-01')], personOf)).toHaveLength(11)
  expect(periodsOf([row(1, null)], personOf)).toEqual([])
})
