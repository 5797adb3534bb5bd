import { expect, test } from 'vitest'
import { bareTitle, folded } from '../../src/strings/versions.js'

test.each([
  ['Waterloo - Remastered 2011', 'Waterloo'],
  ['Waterloo (2009 Remaster)', 'Waterloo'],
  ['Time - 2011 Remastered Version', 'Time'],
  ['Dancing Queen (Live at Wembley, Remastered)', 'Dancing Queen (Live at Wembley, Remastered)'],
  ['Remastered', 'Remastered'],
  ['Hey Ya! - Radio Edit', 'Hey Ya!'],
  ['One - Acoustic Version', 'One - Acoustic Version'],
])('%s is called %s', (title, bare) => {
  expect(bareTitle(title)).toBe(bare)
})

test('versions of one recording have one row, the best one first', () => {
  const [a, b, c, d] = [
    { title: 'Waterloo', artists: ['ABBA'] },
    { title: 'Other', artists: ['ABBA'] },
    { title: 'WATERLOO - Remastered 2001', artists: ['Abba', 'Guest'] },
    { title: 'Waterloo', artists: ['Somebody'] },
  ]
  expect(folded([a, b, c, d])).toEqual([
    { ...a, versions: [c] },
    { ...b, versions: [] },
    { ...d, versions: [] },
  ])
})
