import { clock } from './times.js'
import { plural } from './words.js'
export const PICKS = {
  heading: 'What goes with it',
  close: 'Goes well with it',
  fetched: 'What others recommend',
  artists: 'Similar artists',
  // A number here could be higher than one above: what is close is told by more than the number.
  further: 'Further away',
  furtherWhy: 'Less alike than tracks of one playlist are.',
  distant: 'Distant matches',
  draw: 'Draw others',
  allBecause: (reasons) => `Each for the same reason: ${reasons}.`,
  banished: (title) => `“${title}” is never recommended again.`,
  postponed: (title, until) => `“${title}” is not recommended before ${until}.`,
  none: 'Nothing to recommend yet. Import a playlist or a table of tracks, and neighbours appear here.',
  all: (count) => `Show all ${count}`,
  compare: 'Compare the sound',
  headings: ['Feature', 'From', 'To'],
  cluster: (family, cluster, tracks) => `${family}, cluster ${cluster} of ${plural(tracks, 'track')}`,
  methods: 'By which method',
  versions: (count) => `${count} other ${count === 1 ? 'version' : 'versions'}`,
}

// What one source recommends, as it said it.
export const FETCHED = {
  recommends: 'recommends',
  score: (source) => `of 100, by ${source}`,
  all: (count) => `Show all ${count}`,
  fewer: 'Show fewer',
  credit: (licence, iso) => `${licence} · looked up ${clock(iso)}`,
}

export const WEIGHTS = {
  heading: (changed) => `What counts${changed ? ' (changed)' : ''}`,
  kinds: { sound: 'Sound, all of it', artist: 'Similar artists', genre: 'Genres', popularity: 'Popularity' },
  reset: 'Default weights',
}

export const STORY = { heading: 'How we got here', playlist: 'playlist' }
