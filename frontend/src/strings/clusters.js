import { number, trackLine } from './words.js'

export const CLUSTERS = {
  heading: 'Clusters of sound',
  loading: 'Loading the clusters…',
  where: 'Where does this track fall?',
  find: 'Find its cluster',
  finding: 'Looking for it…',
  falls: (track, cluster, genres) => `${track} falls into cluster ${cluster} (${genres}).`,
  nearest: (others) =>
    `The next nearest: ${others.map(({ cluster, genres }) => `cluster ${cluster} (${genres})`).join('; ')}.`,
  name: (cluster) => `Cluster ${cluster}`,
  open: (cluster) => `Open cluster ${cluster}`,
  holds: (share, tracks, genres) =>
    `Here are ${share} of an average genre’s tracks, and ${number(tracks)} tracks of your catalogue. More frequent than ` +
    `elsewhere: ${genres}.`,
  exemplar: ({ distance, track }) =>
    `Its exemplar ${distance ? 'sounds like' : 'is'} [${trackLine(track)}]. It has these features:`,
  noExemplar: 'Your catalogue holds no track close to its exemplar, which has these features:',
  fill: 'Which genres fill which cluster',
  rows: 'Rows',
  of: { family: 'families', genre: 'genres' },
  table: 'The clusters as a table, largest first',
  label: 'The clusters',
  headings: ['Cluster', 'Of an average genre', 'Tracks here', 'More frequent families', 'Genres', 'Exemplar'],
  count: 'How many clusters?',
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
  hint: 'Point at a field, or move with the arrow keys, to read it; press it to open the cluster.',
  field: (genre, share, cluster) => `${genre}: ${share} of its tracks are in cluster ${cluster}.`,
  title: (of) => `Share of each ${of}’s tracks by cluster`,
  about: (of, most) =>
    `A row is a ${ROWS[of][0]}, a column a cluster. The stronger the colour, the more of the row’s tracks are in it, up ` +
    `to ${most}.`,
  label: (rows, of, clusters) => `Heat map of ${rows} ${ROWS[of][1]} by ${clusters} clusters`,
}
