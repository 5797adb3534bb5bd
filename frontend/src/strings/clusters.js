import { number } from './words.js'

export const CLUSTERS = {
  heading: 'Clusters of sound',
  about:
    'Affinity propagation, a method that finds groups and their number by itself, made these from audio features; ' +
    'genres were looked at only afterwards. Each has an exemplar: a real track that stands for it.',
  loading: 'Loading the clusters…',
  where: 'Where does this track fall?',
  example: 'title and artist',
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
  like: 'Its exemplar sounds like',
  is: 'Its exemplar is',
  features: 'It has these features:',
  noExemplar: 'Your catalogue holds no track close to its exemplar, which has these features:',
  fill: 'Which genres fill which cluster',
  rows: 'Rows',
  of: { family: 'families', genre: 'genres' },
  table: 'The clusters as a table, largest first',
  label: 'The clusters',
  headings: ['Cluster', 'Of an average genre', 'Tracks here', 'More frequent families', 'Genres', 'Exemplar'],
  count: 'How many clusters?',
}
