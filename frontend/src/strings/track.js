export const ROW = {
  add: (title) => `Add ${title} to a playlist`,
  addTip: 'Add to a playlist',
  later: 'Not now',
  never: 'Never again',
  named: (what, title) => `${what}: ${title}`,
}

export const NEAR_MAP = {
  label: (title, count) => `${title} in the middle, and ${count} tracks around it; the list has the same tracks`,
  caption: 'Nearer the middle is closer; right is more energetic, up is more cheerful.',
  named: ({ title, artists }) => `${title} · ${artists.join(', ')}`,
  across: 'energy',
  up: 'cheer',
}

export const TABS = [
  { id: 'sound', label: 'Sound' },
  { id: 'path', label: 'Path to another track' },
  { id: 'numbers', label: 'Where each number comes from' },
]

export const WHAT_IF = {
  heading: 'What if it sounded different?',
  about: 'Move a slider: the genre and what goes with it answer for a track that sounds so.',
  reset: 'Reset',
  unchanged: 'As it is.',
  changed: (count) => `${count} ${count === 1 ? 'feature is' : 'features are'} changed.`,
  near: 'Would go with it',
  nothing: 'Nothing here goes with that.',
  unknown: 'not known',
}

export const NUMBERS = {
  headings: ['What', 'Value', 'From', 'Looked up', 'Licence'],
  none: 'No audio features are known, so no number here comes from one.',
  genre: 'Genre',
}

export const PATH = {
  heading: 'A path to another track',
  about: 'Steps that each go with the one before, from this track to the one you name.',
  to: 'To which track? Title and artist',
  find: 'Find a path',
  steps: 'The path',
  finding: 'Finding a path…',
}

export const SHARE = { copy: 'Share', copied: 'Its address is copied.', failed: 'Copy it from the address bar.' }

export const GENRE = {
  heading: 'Genre',
  confidence: { high: 'fairly sure', medium: 'likely', low: 'not sure' },
  perhaps: (genre) => `, perhaps ${genre}`,
  unsure: 'not sure, perhaps',
  of: (families) => (families > 1 ? 'Of the families' : 'Of the family'),
  details: 'Details',
  byFamily: 'By family',
  also: 'Perhaps also:',
  basis: 'Rests on',
  parts: { audio: 'audio features', title: 'title', artist: 'artist', album: 'album', year: 'year' },
  noBasis: 'nothing known',
  family: 'Its family',
  familyBy: { track: 'as the track is filed', artist: 'by the genres of its artist', model: 'by the genre' },
  playlists: 'On playlists of',
  says: (source) => `${source} says`,
  levels: { album: '(the album)', artist: '(the artist)' },
  filed: 'Filed under',
  artist: 'Artist known for',
  source: 'Source',
}
