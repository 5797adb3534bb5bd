// What each kind of model is called, and what it does, in a sentence.
import { number } from './words.js'
export const MODELS = {
  artist_genre: {
    title: 'Genre by artist',
    does: 'Tells what the artist says of a track’s genre, for the many tracks of which nothing but names is known.',
  },
  artist_map: {
    title: 'Map of artists',
    does: 'Lays out all artists on a plane, similar ones close together, for playlists without audio features.',
  },
  artists: {
    title: 'Similar artists',
    does: 'Knows which artists go together, learnt from who shares playlists with whom.',
  },
  clusters: {
    title: 'Groups of sound',
    does: 'Puts tracks that sound alike into one group each, without looking at their genres.',
  },
  continuation: {
    title: 'Playlist continuation',
    does: 'Proposes what comes next in a playlist.',
  },
  contributors: {
    title: 'Who added it',
    does: 'Guesses which of the people of a shared playlist added a track.',
  },
  families: {
    title: 'Groups within families',
    does: 'Finds groups of sound within each family of genres, such as the kinds of rock.',
  },
  genre: {
    title: 'Genre',
    does: 'Tells the genre of a track from how it sounds, its names, album and year.',
  },
  perception: {
    title: 'Perceived sound of own files',
    does: 'Tells energy, valence and the like of your own files on the scale that a provider would use.',
  },
  projection: {
    title: 'Learnt map of a playlist',
    does: 'Lays out the tracks of one playlist, so that what its people keep apart lies apart.',
  },
  tagger: {
    title: 'Sound and tags of own files',
    does: 'Listens to your files: which of them sound alike, and which tags of genre, mood and instrument fit.',
  },
  taxonomy: {
    title: 'Families of genres',
    does: 'Knows to which family and genres the name of any genre belongs, also a name that is not listed.',
  },
  timbre: {
    title: 'Timbre',
    does: 'Finds tracks with the same colour of sound, moment by moment.',
  },
  triage: {
    title: 'Sorting songs into playlists',
    does: 'Proposes for each song of a heap which of your playlists it belongs to, or none, and how sure that is.',
  },
}

const size = (bytes) =>
  bytes < 1e6 ? `${number(Math.ceil(bytes / 1e3))} kB` : `${number(Math.round(bytes / 1e5) / 10)} MB`
// What was scored on different data must not look comparable.
const scored = ({ own, score }) => score && `${score.label} ${score.value.toFixed(3)} ${own ? 'here' : 'in its study'}`

export const VERSIONS = {
  heading: 'Models and their versions',
  loading: 'Loading the models…',
  ofPlaylist: (title, playlist) => `${title}, in ${playlist ?? 'a playlist that is not in this browser'}`,
  // The score of the one in use is shown as a bar.
  about: (one) =>
    [one.own ? 'trained here' : 'shipped', size(one.bytes), !one.active && scored(one)].filter(Boolean).join(' · '),
  trainOnPlaylist: 'Train on a playlist',
  scoredOn: (data) => `on ${data}`,
  // What a score is called for everybody, without the name that the field has for it.
  plain: (label) => label.replace(/ \([^)]*\)$/, ''),
  detailsOf: (name) => `of ${name}`,
  this: '(this version)',
  inUse: 'in use',
  use: 'Use this version',
  useNamed: (name) => `Use ${name}`,
  back: (name) => `Roll back to ${name}`,
  details: 'Details',
  scores: 'How good it is, in full',
  loss: '(less is better)',
  on: (data) => `Measured on: ${data}.`,
  odds: 'How far the odds that it tells are off (less is better)',
  trained: (name) => `${name} is trained. What is in use has not changed: use the new version if you like its scores.`,
  used: (name) => `${name} is in use from now on.`,
  usedAgain: (name) => `${name} is in use again.`,
}

export const COMPARISON = {
  label: (task, version) => `${task} ${version} compared`,
  compare: 'Compare',
  with: 'Compared with',
  between: 'compared with',
  on: (data) => `Both on the same: ${data}.`,
  table: 'Scores of both',
  score: 'Score',
  better: (value) => `${value} better`,
  loading: 'Loading the scores…',
}

export const CARD = {
  label: (task, version) => `Card of ${task} ${version}`,
  table: 'A table of the card',
}

export const RELIABILITY = {
  title: 'How right it is at the odds it tells',
  short: 'Odds kept',
  about: 'On the line it is as often right as it says. Above the line it is right more often, below it less.',
  said: 'odds that it told',
  right: 'was right',
  dot: (said, right, share) => `Told ${said}: right in ${right}; ${share} of all answers`,
  table: 'The same as a table',
  headings: ['Odds told', 'Right', 'Share of answers'],
}

export const CONFUSION = {
  title: 'What it takes for what',
  short: 'Mistakes',
  about: 'A row for each true name; darker is more of its tracks. On the diagonal it is right.',
  across: 'what it told, in the same order',
  cell: (truth, told, share) => `${truth}, told ${told}: ${share}`,
  table: 'Its most frequent mistakes',
  headings: ['True', 'Told', 'Tracks', 'Of these'],
}

/** @param {string} task such as `contributors-4f2a`, whose digest names a playlist */
export const modelOf = (task) => MODELS[task.split('-')[0]] ?? { title: task.replaceAll('_', ' '), does: '' }

const FEW = 4
/**
 * The bars, best first.
 * @param {readonly {model: string, value: number, ours: boolean}[]} bars @param {boolean | null} higher
 */
export function bestFirst(bars, higher) {
  const sign = higher === false ? 1 : -1
  return [...bars].sort((a, b) => sign * (a.value - b.value))
}

/**
 * Of the bars, best first: ours, the best `most` - 1 others and the plainest one.
 * @param {readonly {model: string, value: number, ours: boolean}[]} bars @param {boolean | null} higher
 */
export function fewOf(bars, higher, most = FEW) {
  const sorted = bestFirst(bars, higher)
  const others = sorted.filter(({ ours }) => !ours)
  const kept = others.length > most ? [...others.slice(0, most - 1), others.at(-1)] : others
  return sorted.filter((bar) => bar.ours || kept.includes(bar))
}
