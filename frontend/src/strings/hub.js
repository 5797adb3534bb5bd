// The words of a playlist's page.
import { featureLabel, number, percent, plural } from './words.js'

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

/** "12 tracks · 3 people · 41 min" @param {{tracks: number, people: number, ms?: number}} playlist */
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

export const OVERVIEW = {
  loading: 'Looking at the playlist…',
  facts: 'Facts',
  odd: 'The odd one out',
  oddBy: (times, features) =>
    `${number(times)} times as far from the others as a usual track${features.length ? `: ${apart(features[0])}` : ''}.`,
  shared: (people) => (people > 1 ? 'Most shared taste' : 'Most of all'),
  sharedBy: (tracks, people) => {
    const by = people.length > 4 ? `${people.length} people` : listed(people)
    return `${plural(tracks, 'track')}${people.length > 1 ? `, added by ${by}` : ''}.`
  },
  rarest: 'The rarest artist',
  best: 'The best known track here,',
  leastKnown: 'The least known of the artists here, as far as Tastemap has learnt.',
  popularity: (value) => `, has a popularity of ${Math.round(value)} of 100.`,
  genres: 'Top genres',
  decades: 'Decades',
  mood: 'Mood',
  sources: 'Where the sound is known from',
  unknown: 'not known yet',
  unmapped: (share) => (share < 1 ? `${percent(share)} are on no map by sound.` : 'No track is on a map by sound yet.'),
  gather: 'Gather more',
  people: 'More about the people',
}

export const EMPTY = { words: 'Nothing is in it yet.', begin: 'See what may come first' }

export const MAP = {
  across: 'Across',
  up: 'Up',
  colour: 'Coloured by',
  coloursBy: (grouping) => `Colours by ${grouping}`,
  missing: (tracks, all, what) =>
    `${number(tracks)} of ${number(all)} tracks are not on the map: their ${what} is not known. The table has them.`,
  keys:
    'Wheel or two fingers zoom, a drag moves the map, a double click shows everything; Shift and drag select. With keys: ' +
    'arrows go from point to point, Page Up and Down through the order, Enter opens, Space selects.',
}
