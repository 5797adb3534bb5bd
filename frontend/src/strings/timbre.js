import { number } from './words.js'

export const TIMBRE = {
  heading: 'What sounds alike',
  loading: 'Loading the analysed tracks…',
  untitled: (some, all) =>
    `${number(some)} of the ${number(all)} files ${some === 1 ? 'names' : 'name'} no track: each is an “untitled ` +
    'analysis” with the beginning of its Spotify id, and has a page of its own.',
  bring: 'Add a playlist that holds these tracks, and they get their titles.',
  keys:
    'Close on the map means alike in loudness and brightness above all; the scores hear more. Arrow keys go from point ' +
    'to point, Enter opens the track.',
  tooShort: (count, least) => `${number(count)} analyses have fewer than ${least} segments and are left out.`,
  tracks: 'The analysed tracks',
  columns: ['Track', 'Cluster'],
  cluster: (cluster) => `Cluster ${cluster}`,
  like: 'Sounds like',
  alone: 'No other track has been analysed here.',
  found: 'What sounds like it',
  foundColumns: ['Track', 'Likeness', 'Cluster'],
  quality: 'How good that is',
  measured: (tracks) =>
    `How often a part of a track finds another part of it first among ${number(tracks)} tracks, by models that had not ` +
    'learnt from that track; in brackets where the true share probably lies.',
  embedding: 'Embedding',
  served: 'served',
  scored: { halves: 'its other half', quarters: 'another quarter', '15 s': 'another 15 seconds' },
  inTen: 'its other half in ten',
  train: 'Train on the analyses here',
}
