// The words of what comes next in a playlist.
export const NOVELTIES = { 0: 'what fits best', 0.5: 'some surprises', 1: 'little known' }
export const KINDS = /** @type {const} */ ({
  spoken: 'No spoken word',
  seasonal: 'No Christmas songs',
  explicit: 'Nothing explicit',
})
// Pairs, for an object has numbers before the rest.
export const LENGTHS = [
  ['', 'any length'],
  ...[3, 4, 5, 7, 10].map((minutes) => [String(minutes), `${minutes} minutes`]),
]
export const LEAVING_OUT = {
  add: 'Leave out a genre',
  remove: (name) => `Allow ${name} again`,
  on: (name) => `No ${name}`,
}
export const UNWANTED = {
  heading: (count) => `Left out: ${count}`,
  until: (date) => `not before ${date}`,
  allow: 'Allow again',
  allowOf: (title) => `Allow again: ${title}`,
}
export const ORDERS = {
  '': 'best first',
  path: 'a smooth path',
  energy: 'calm to energetic',
  tempo: 'slow to fast',
  valence: 'sad to cheerful',
  year: 'old to new',
}
export const METHODS = {
  content: 'artists, words and sound',
  playlists: 'artists, words and sound, and the playlists it was trained on',
  'user-knn': 'similar playlists',
  'item-knn': 'songs in the same playlists',
  popularity: 'how well known a song is',
}
export const NEXT = {
  heading: 'What comes next',
  further: 'Further afield',
  counts: 'What counts',
  novelty: 'Show',
  longest: 'No longer than',
  order: 'Order',
  ranking: 'Ranking the catalogue…',
  bring: 'Add a playlist',
  name: (playlist) => `${playlist}, continued`,
  artists: 'Artists that go with it',
  take: 'Download as CSV',
  more: 'Suggest more tracks',
  saved: (name) => `Saved: [${name}]. It can be exported there.`,
}

const score = (value) => (value == null ? '–' : value.toFixed(3))

export const QUALITY = {
  served: ({ method, method_score: scores, version }) =>
    `By ${METHODS[method]}; on held-out playlists R-precision ${score(scores?.r_precision)}, NDCG ${score(scores?.ndcg)} ` +
    `(${version}).`,
  meaning:
    'Half of each playlist was hidden. R-precision: the share of the hidden songs among as many recommendations. NDCG: ' +
    'how early they come, 1 for all of them first. Clicks: pages of ten that go by before the first.',
  table: 'How the methods did',
  headings: ['Method', 'R-precision', 'NDCG', 'Clicks'],
  cells: ({ model, r_precision: precision, ndcg, clicks }) => [
    METHODS[model] ?? model,
    score(precision),
    score(ndcg),
    clicks?.toFixed(1),
  ],
  train: 'Train on my playlists',
  best: ({ served, served_score: scores, version }) =>
    `On your held-out playlists [${METHODS[served]}] did best (NDCG ${score(scores.ndcg)}); ${version} ranks so.`,
}
