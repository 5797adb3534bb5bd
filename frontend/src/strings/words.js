import { titleOf } from '../api/sources.js'

// What features, genres and effects are called, in words a listener uses.

const NOTES = ['C', 'C♯/D♭', 'D', 'D♯/E♭', 'E', 'F', 'F♯/G♭', 'G', 'G♯/A♭', 'A', 'A♯/B♭', 'B']

const signed = (text) => text.replace('-', '−')
// The sign never stands alone on a line.
export const percent = (value) => `${Math.round(value * 100)}\u00a0%`
export const number = (value) => new Intl.NumberFormat('en').format(value)
/** "1 track", "12 tracks" @param {number} count */
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`

/** "3 h 20 min" @param {number} ms */
export function playingTime(ms) {
  const minutes = Math.round(ms / 60_000)
  const hours = Math.floor(minutes / 60)
  return hours ? `${number(hours)} h ${minutes % 60} min` : `${minutes} min`
}

/** "12 tracks · 3 people · 41 min" @param {{tracks: number, people: number, ms?: number}} playlist */
export function aboutPlaylist({ tracks, people, ms }) {
  const parts = [plural(tracks, 'track')]
  if (people > 1) parts.push(plural(people, 'person', 'people'))
  if (ms) parts.push(playingTime(ms))
  return parts.join(' · ')
}

/** As a sentence: messages of services have an end, or none. @param {string} text */
export const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`)

// "32 tracks: 27 new, 5 already here; 3 rows skipped"
export function importCounts(stored, known, skipped) {
  const parts = [
    [stored, 'new'],
    [known, 'already here'],
  ].filter(([count]) => count)
  const counted = parts.map(([count, what]) => `${number(count)} ${what}`).join(', ')
  const left = skipped ? `; ${plural(skipped, 'row')} skipped` : ''
  return `${plural(stored + known, 'track')}${counted ? `: ${counted}` : ''}${left}`
}

function minutes(ms) {
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

function day(ms) {
  return new Date(ms).toLocaleDateString('en-GB', { year: 'numeric', month: 'short', day: 'numeric' })
}

const share = (label, low, high) => ({
  label,
  low,
  high,
  domain: [0, 1],
  format: percent,
  tick: (v) => String(Math.round(v * 100)),
  unit: '%',
})

// `domain` is the span of a bar and, unless `fit` is set, of an axis; `step` marks values that come in
// steps, which the map spreads a little; `tick` is the format without the unit, which stands at the axis;
// `high`/`low` say what the ends sound like.
export const FEATURES = {
  energy: share('Energy', 'calm', 'energetic'),
  valence: share('Valence', 'sad, tense', 'cheerful'),
  danceability: share('Danceability', 'for sitting', 'for dancing'),
  acousticness: share('Acousticness', 'electric', 'acoustic'),
  instrumentalness: share('Instrumentalness', 'sung', 'instrumental'),
  speechiness: share('Speechiness', 'music', 'spoken'),
  liveness: share('Liveness', 'studio', 'live'),
  loudness: {
    label: 'Loudness',
    low: 'quiet',
    high: 'loud',
    domain: [-30, 0],
    fit: true,
    unit: 'dB',
    tick: (v) => signed(String(v)),
    format: (v) => `${signed(v.toFixed(1))} dB`,
  },
  tempo: {
    label: 'Tempo',
    low: 'slow',
    high: 'fast',
    domain: [50, 210],
    fit: true,
    unit: 'BPM',
    tick: String,
    format: (v) => `${Math.round(v)} BPM`,
  },
  duration_ms: {
    label: 'Duration',
    low: 'short',
    high: 'long',
    domain: [60_000, 480_000],
    fit: true,
    unit: 'min',
    tickUnit: 60_000,
    format: minutes,
  },
  key: {
    label: 'Key',
    low: 'C',
    high: 'B',
    domain: [0, 11],
    step: 1,
    unit: 'note',
    format: (v) => NOTES[v] ?? String(v),
  },
  mode: {
    label: 'Mode',
    low: 'minor',
    high: 'major',
    domain: [0, 1],
    step: 1,
    unit: '',
    format: (v) => (v >= 0.5 ? 'major' : 'minor'),
  },
  time_signature: {
    label: 'Time signature',
    low: 'fewer beats',
    high: 'more beats',
    domain: [3, 7],
    fit: true,
    step: 1,
    unit: 'beats per bar',
    format: (v) => `${Math.round(v)}/4`,
  },
}

// On the maps of artists and of sound nearness alone has a meaning: `bare` axes have neither ticks nor ends.
const bare = (label, noun) => ({ label, noun, fit: true, bare: true, unit: '', format: (v) => v.toFixed(2) })
const BY_ARTIST = bare('Similar artists', 'artist’s place')
const BY_SOUND = bare('Similar sound', 'place by sound')

export const AXES = {
  ...FEATURES,
  popularity: {
    label: 'Popularity',
    low: 'obscure',
    high: 'popular',
    domain: [0, 100],
    unit: '0 to 100',
    format: (v) => String(Math.round(v)),
  },
  year: {
    label: 'Year',
    low: 'older',
    high: 'newer',
    fit: true,
    step: 1,
    unit: '',
    format: (v) => String(Math.round(v)),
  },
  added_at: { label: 'Date added', low: 'earlier', high: 'later', fit: true, time: true, unit: '', format: day },
  artist_x: BY_ARTIST,
  artist_y: BY_ARTIST,
  sound_x: BY_SOUND,
  sound_y: BY_SOUND,
}

export function formatFeature(name, value) {
  if (value === null || value === undefined) return 'unknown'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return AXES[name] ? AXES[name].format(value) : String(value)
}

// What a track lacks that has no place on an axis.
export const axisNoun = (name) => AXES[name].noun ?? featureLabel(name).toLowerCase()

export const featureLabel = (name) => AXES[name]?.label ?? name.charAt(0).toUpperCase() + name.slice(1)

const GENRE_NAMES = {
  'r-n-b': 'R&B',
  edm: 'EDM',
  idm: 'IDM',
  'drum-and-bass': 'drum & bass',
  'rock-n-roll': "rock 'n' roll",
  'k-pop': 'K-pop',
  'j-pop': 'J-pop',
  'j-rock': 'J-rock',
  'j-dance': 'J-dance',
  'j-idol': 'J-idol',
  mpb: 'MPB',
}
export const genreName = (name) => GENRE_NAMES[name.replaceAll(' ', '-')] ?? name.replaceAll('-', ' ')

// An effect is a change of log-probability in nats: e^0.7 is a doubling.
export function effectWords(effect, genre) {
  const size = Math.abs(effect)
  const strength = size < 0.1 ? 'slightly ' : size < 0.5 ? '' : size < 1.2 ? 'clearly ' : 'strongly '
  return `speaks ${strength}${effect >= 0 ? 'for' : 'against'} ${genreName(genre)}`
}

export function effectFactor(effect) {
  const factor = Math.exp(Math.abs(effect))
  const times = factor < 1.095 ? factor.toFixed(2) : factor < 10 ? factor.toFixed(1) : Math.round(factor)
  return effect >= 0 ? `×${times}` : `÷${times}`
}

// The families that the six kinds of playlists hold; jazz, classical and others are in none of them.
const PLAYLIST_FAMILIES = {
  edm: ['electronic', 'house & techno', 'edm & bass'],
  latin: ['latin', 'brazilian'],
  pop: ['pop', 'alternative & indie', 'east asian', 'european song'],
  'r&b': ['soul, funk & r&b'],
  rap: ['hip hop'],
  rock: ['rock', 'alternative & indie', 'metal', 'punk & ska'],
}

export const agreesWithPlaylists = (broad, family) => (PLAYLIST_FAMILIES[broad] ?? []).includes(family)

export const trackLine = (track) => `${track.title} – ${track.artists.join(', ')}`

const SOURCES = {
  exportify: 'an Exportify file',
  kaggle114k: 'Kaggle 114k table',
  tidytuesday: 'tidytuesday table',
  names: 'what you typed',
  catalogue: 'tracks of this catalogue',
  'artist embedding': 'the artist model',
}
export const sourceName = (source) => SOURCES[source] ?? titleOf(source) ?? source

// Bars of [source, tracks] pairs, most tracks first. A table may say for a row that it has it from several sources; such
// rows are one bar, because there are hundreds of combinations.
export function sourceBars(pairs) {
  const counts = new Map()
  for (const [source, tracks] of pairs) {
    const one = source.replace(/ \(.*,.*\)$/, ' (several)')
    counts.set(one, (counts.get(one) ?? 0) + tracks)
  }
  const bars = [...counts].map(([key, count]) => ({ key, label: sourceName(key), count }))
  return bars.sort((a, b) => b.count - a.count)
}
