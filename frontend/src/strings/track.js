export const ROW = {
  add: (title) => `Add ${title} to a playlist`,
  addTip: 'Add to a playlist',
  later: 'Not now',
  never: 'Never again',
  closeness: 'closeness',
  outOf100: 'how close it is, out of 100',
  named: (what, title) => `${what}: ${title}`,
}

export const NEAR_MAP = {
  label: (title, count) => `${title} in the middle, and ${count} tracks around it; the list has the same tracks`,
  caption: 'Nearer the middle is closer; right is more energetic, up is more cheerful.',
  closer: 'Nearer the middle is closer.',
  named: ({ title, artists }) => `${title} · ${artists.join(', ')}`,
  across: 'energy',
  up: 'cheer',
}

const NUMBERS_HEADING = 'Where each number comes from'

export const TABS = [
  { id: 'sound', label: 'Sound' },
  { id: 'path', label: 'Path to another track' },
  { id: 'numbers', label: NUMBERS_HEADING },
]

export const WHAT_IF = {
  heading: 'What it sounds like',
  about: 'What if it sounded different? Move a slider: the genre and what goes with it follow.',
  reset: 'Reset',
  unchanged: 'as it is',
  near: 'Would go with it',
  nothing: 'Nothing here goes with that.',
}

export const NUMBERS = {
  heading: NUMBERS_HEADING,
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
  unknown: { message: 'No track by that name is known here.', hint: 'Try other words.' },
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

export const HEADER = {
  unknownArtist: 'Artist not recognised',
  closest: ({ title, artists }, score) => `Closest: “${title}” by ${artists.join(', ')} (match ${score.toFixed(2)}).`,
  foundAt: (source) => `Not in the catalogue: found at ${source}.`,
  byNames: 'Answered from the names alone.',
  online: 'Use online services',
  features: 'These features alone',
  another: 'Another track was meant?',
  loading: 'Working out the genre…',
  which: 'Which one?',
  whichHint: 'Choose one, or add the artist to the question.',
  trail: 'The path that led here',
  more: 'More about this track',
  nav: 'Parts of the track',
}

export const ACTIONS = {
  preview: 'Play 30 seconds',
  from: (sources) => (sources.length ? `From ${sources.join(' or ')}, to your browser.` : ''),
}

export const FEATURE_SLIDERS = {
  groups: {
    Mood: ['energy', 'valence', 'danceability'],
    'Voice and instruments': ['acousticness', 'instrumentalness', 'speechiness', 'liveness'],
    'Volume and pace': ['loudness', 'tempo', 'duration_ms'],
    'Key and beat': ['key', 'mode', 'time_signature'],
  },
  rank: (percentile) => `above ${Math.min(99, Math.floor(percentile))} % of tracks`,
  was: (before) => `was ${before}`,
  unknown: 'not known',
  mean: (genre) => `mean of ${genre}`,
  from: (sources) => `from ${sources.join(', ')}`,
  measured: (title) => `What ${title} measured`,
  none: 'No audio features are known for this track. A catalogue or an Exportify file that holds it brings them.',
  noneOffline:
    'No audio features are known for this track. A catalogue or an Exportify file that holds it brings them, or an ' +
    '[online service].',
}

export const WHY = {
  heading: 'What moved the answer',
  loading: 'Working out what moved the answer…',
  decided: { track: 'The track', artist: 'The artist', alike: 'The artist', tags: 'Your file' },
  inPart: (part) => `in the ${part}`,
  sound: 'In the sound',
  names: 'In the names and what is known besides',
  factor: 'how much likelier, or less likely, it makes the genre',
  nearest: (genre) => `Nearest tracks filed under ${genre}`,
}

export const FILE_TAGS = {
  heading: 'Tags of the file',
  fields: { genre: 'Genre', tempo: 'Tempo (BPM)', key: 'Key', mood: 'Mood' },
  change: (field, old) => `${FILE_TAGS.fields[field]}: ${old.join('; ') || 'nothing'} →`,
  show: 'Show what would be written into it',
  write: 'Write into this file',
  written: 'Written. The sound, the other tags and the pictures are as they were.',
  nothing: 'The file says all that is known here already.',
}

export const ALIKE = {
  heading: 'Sounds like this in your music',
  none: 'There is no other file of yours to compare it with yet.',
  about: (recordings) => `By the sound of your files alone, out of ${recordings}; numbers: how close, out of 100`,
  headings: ['Track', 'Artists', 'Closeness'],
  lead: 'Lead from here to another track of yours, by small steps',
  example: 'Title or artist',
  nowhere: 'None of your files is called so.',
  steps: ['The way there', 'Artists', 'Closeness to the one before'],
}
