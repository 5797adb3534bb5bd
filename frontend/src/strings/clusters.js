import { number, trackLine } from './words.js'

export const CLUSTERS = {
  heading: 'Groups of sound',
  loading: 'Loading the groups…',
  where: 'Which group is this track in?',
  find: 'Find its group',
  finding: 'Looking for it…',
  falls: (track, name, genres) => `${track} is in “${name}” (${genres}).`,
  nearest: (others) => `The next nearest: ${others.map(({ name, genres }) => `“${name}” (${genres})`).join('; ')}.`,
  open: (name) => `Open “${name}”`,
  holds: (share, tracks, genres) =>
    `Here are ${share} of an average genre’s tracks, and ${number(tracks)} tracks of your catalogue. More frequent than ` +
    `elsewhere: ${genres}.`,
  exemplar: ({ distance, track }) =>
    `The track that stands for it ${distance ? 'sounds like' : 'is'} [${trackLine(track)}]. It has these features:`,
  noExemplar: 'Your catalogue holds no track close to the one that stands for it, which has these features:',
  fill: 'Which genres are in which group',
  rows: 'Rows',
  of: { family: 'families', genre: 'genres' },
  table: 'The groups as a table, largest first',
  label: 'The groups',
  headings: ['Group', 'Of an average genre', 'Tracks here', 'More frequent families', 'Genres', 'Stands for it'],
  count: 'How many groups?',
}

export const SWEEP = {
  title: 'Sweep of the preference',
  label: (clusters) => `Sweep of the preference, elbow at ${clusters} clusters`,
  about: (clusters) =>
    'The method has one knob, the preference: from left to right it rises (logarithmically), and with it the number of ' +
    'clusters. Silhouette says how well they are apart, genre purity how much of each is one genre (both 0 to 1, more is ' +
    'better), the distance how far tracks are from their exemplar. The large dot is the elbow, where more clusters begin ' +
    `to bring little: ${clusters} clusters.`,
  curves: { clusters: 'Clusters', silhouette: 'Silhouette', purity: 'Genre purity', spread: 'Distance' },
  headings: ['Preference', 'Clusters', 'Silhouette', 'Genre purity', 'Family purity', 'Mean squared distance'],
  elbow: '(elbow)',
}

const ROWS = { family: ['family of genres', 'families'], genre: ['genre', 'genres'] }
export const HEAT = {
  genre: 'Genre',
  hint: 'Point at a field, or move with the arrow keys, to read it; press it to open the group.',
  field: (genre, share, name) => `${genre}: ${share} of its tracks are in “${name}”.`,
  title: (of) => `Share of each ${of}’s tracks by group of sound`,
  about: (of, most) =>
    `A row is a ${ROWS[of][0]}, a column a group. The stronger the colour, the more of the row’s tracks are in it, up ` +
    `to ${most}.`,
  label: (rows, of, clusters) => `Heat map of ${rows} ${ROWS[of][1]} by ${clusters} groups`,
}
