// The words of a playlist's page.
import { featureLabel, number, percent } from './words.js'

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`

/** "3 h 20 min" @param {number} ms */
export function length(ms) {
  const minutes = Math.round(ms / 60_000)
  const hours = Math.floor(minutes / 60)
  return hours ? `${number(hours)} h ${minutes % 60} min` : `${minutes} min`
}

// What stands at the corners of a radar.
export const RADAR = {
  danceability: 'dance',
  energy: 'energy',
  valence: 'valence',
  acousticness: 'acoustic',
  instrumentalness: 'instrum.',
  liveness: 'live',
  speechiness: 'speech',
}

// The quarters of valence and energy.
export const MOODS = {
  happy_lively: 'cheerful and lively',
  tense_lively: 'tense and lively',
  happy_calm: 'cheerful and calm',
  sad_calm: 'sad and calm',
}

/** "12 tracks · 3 people · 41 min" */
export function aboutPlaylist({ tracks, people, ms }) {
  const parts = [plural(tracks, 'track')]
  if (people > 1) parts.push(plural(people, 'person', 'people'))
  if (ms) parts.push(length(ms))
  return parts.join(' · ')
}

/** Why a track is the odd one out: "energy 10 % (the others 85 %)". */
export const apart = ([name, value, usual]) =>
  `${featureLabel(name).toLowerCase()} ${percent(value)} (the others ${percent(usual)})`

/** "Ana, Ben and Cleo" @param {string[]} names */
export const listed = (names) => new Intl.ListFormat('en').format(names)
