import { expect, test } from 'vitest'
import {
  AXES,
  agreesWithPlaylists,
  effectFactor,
  effectWords,
  featureLabel,
  formatFeature,
  genreName,
  sourceBars,
  sourceName,
} from '../../src/strings/words.js'

test('features are written with their units', () => {
  const written = {
    energy: [0.345, '35\u00a0%'],
    loudness: [-7.26, '−7.3 dB'],
    tempo: [119.6, '120 BPM'],
    duration_ms: [185_400, '3:05'],
    key: [1, 'C♯/D♭'],
    mode: [0, 'minor'],
    time_signature: [3, '3/4'],
    popularity: [41.4, '41'],
    year: [1987, '1987'],
  }
  for (const [name, [value, text]] of Object.entries(written)) expect(formatFeature(name, value), name).toBe(text)
})

test('a duration is rounded before it is cut into minutes', () => {
  expect(formatFeature('duration_ms', 119_700)).toBe('2:00')
})

test('zero is a value, and what is not there is unknown', () => {
  expect(formatFeature('energy', 0)).toBe('0\u00a0%')
  expect(formatFeature('energy', null)).toBe('unknown')
  expect(formatFeature('energy', undefined)).toBe('unknown')
  expect(formatFeature('explicit', true)).toBe('yes')
  expect(formatFeature('explicit', false)).toBe('no')
  expect(formatFeature('other', 3)).toBe('3')
})

test('an unknown feature is labelled by its own name', () => {
  expect(featureLabel('duration_ms')).toBe('Duration')
  expect(featureLabel('explicit')).toBe('Explicit')
})

test('every axis has words for both of its ends, or for neither on a map', () => {
  for (const [name, axis] of Object.entries(AXES)) {
    expect(axis.label, name).toBeTruthy()
    const ends = [axis.low, axis.high].filter(Boolean).length
    expect(ends, name).toBe(axis.bare ? 0 : 2)
  }
})

test('genres are written as listeners write them', () => {
  expect(genreName('r-n-b')).toBe('R&B')
  expect(genreName('new-wave-of-metal')).toBe('new wave of metal')
})

test('effects are said by their size and direction', () => {
  expect(effectWords(0.05, 'rock')).toBe('speaks slightly for rock')
  expect(effectWords(-0.3, 'rock')).toBe('speaks against rock')
  expect(effectWords(1, 'k-pop')).toBe('speaks clearly for K-pop')
  expect(effectWords(-2, 'rock')).toBe('speaks strongly against rock')
})

test('effects in nats become factors', () => {
  expect(effectFactor(Math.log(2))).toBe('×2.0')
  expect(effectFactor(-Math.log(2))).toBe('÷2.0')
  expect(effectFactor(Math.log(1.04))).toBe('×1.04')
  expect(effectFactor(-Math.log(12.4))).toBe('÷12')
})

test('a source that nobody has named keeps its name', () => {
  expect(sourceName('names')).toBe('what you typed')
  expect(sourceName('elsewhere')).toBe('elsewhere')
})

test('playlists agree with the families that they hold', () => {
  expect(agreesWithPlaylists('rock', 'metal')).toBe(true)
  expect(agreesWithPlaylists('r&b', 'jazz & blues')).toBe(false)
  expect(agreesWithPlaylists('unknown', 'rock')).toBe(false)
})

test('rows that a table has from several sources are one bar', () => {
  const bars = sourceBars([
    ['tracks (kaggle114k)', 5],
    ['tracks (micro2024, exportify)', 4],
    ['tracks (kaggle114k, micro2024)', 3],
    ['exportify', 1],
  ])
  expect(bars).toEqual([
    { key: 'tracks (several)', label: 'tracks (several)', count: 7 },
    { key: 'tracks (kaggle114k)', label: 'tracks (kaggle114k)', count: 5 },
    { key: 'exportify', label: 'an Exportify file', count: 1 },
  ])
})
