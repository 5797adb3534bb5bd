import { expect, test } from 'vitest'
import { COLOURS, describePeople, NOBODY, PALETTE } from '../../src/plot/people.js'

const person = (id, more = {}) => ({ id, name: null, colour: null, count: 1, ...more })
const described = (contributors, total = contributors.length) =>
  describePeople({ complete: true, contributors, item_count: total }, [])

test('the first 64 people all look different', () => {
  const people = described(Array.from({ length: 64 }, (_, i) => person(`p${i}`)))
  expect(new Set(people.map(({ colour, shape }) => `${colour} ${shape}`)).size).toBe(64)
  expect(new Set(people.slice(0, COLOURS).map(({ colour }) => colour)).size).toBe(COLOURS)
  expect(new Set(people.slice(0, COLOURS).map(({ shape }) => shape)).size).toBe(COLOURS)
})

test('a chosen palette colour goes before, and its usual owner gets the colour left free', () => {
  const people = described([person('a', { colour: PALETTE[1].colour }), person('b')])
  expect(people.map(({ colour }) => colour)).toEqual([2, 1])
  expect(people.every(({ own }) => own === null)).toBe(true)
})

test('a colour that is not in the palette is kept as it is', () => {
  expect(described([person('a', { colour: '#123456' })])[0]).toMatchObject({ colour: 0, own: '#123456' })
})

test('who has no name is numbered, with the beginning of the id', () => {
  const [first, second] = described([person('31averylongidentifier'), person('b', { name: 'Bea' })])
  expect(first).toMatchObject({ key: 1, name: 'Person 1', hint: '(31averylo…)' })
  expect(second).toMatchObject({ key: 2, name: 'Bea', hint: '' })
})

test('who is called by a name in the file keeps it', () => {
  const shown = described([
    person('Ana'),
    person('José María'),
    person('31abCdEf9'),
    person('wanda.flint'),
    person('ana'),
  ])
  const unread = described([person('11172983716'), person('user_0f1e2d'), person('x'.repeat(28))])
  expect(shown.map(({ name }) => name)).toEqual(['Ana', 'José María', 'Person 3', 'wanda.flint', 'ana'])
  expect(unread.map(({ name }) => name)).toEqual(['Person 1', 'Person 2', 'Person 3'])
  expect(shown[0].hint).toBe('')
})

test('tracks that nobody is named for come last', () => {
  const people = described([person('a', { count: 3 })], 5)
  expect(people).toHaveLength(2)
  expect(people[1]).toEqual({ ...NOBODY, count: 2 })
})

test('while a playlist grows, the rows that are here are counted', () => {
  const rows = [{ added_by: 'b' }, { added_by: 'c' }, { added_by: 'c' }, { added_by: 'a' }, { added_by: null }]
  const people = describePeople({ complete: false, contributors: [person('x', { count: 99 })], item_count: 5 }, rows)
  expect(people.map(({ id, count }) => [id, count])).toEqual([
    ['c', 2],
    ['a', 1],
    ['b', 1],
    [null, 1],
  ])
})
