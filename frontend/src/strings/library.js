import { plural } from './words.js'

// What each audio feature means, as Spotify's documentation and the first project of this name define it.
export const DEFINITIONS = {
  energy:
    'How intense and active it feels: loud, fast and noisy tracks are high. A measure of perception, not of power.',
  valence: 'How positive it sounds: high is cheerful, low is sad, tense or angry.',
  danceability: 'How well it suits dancing: steady tempo, strong beat, regularity.',
  acousticness: 'How surely it is acoustic, without amplified or electronic instruments.',
  instrumentalness: 'How surely nobody sings; above one half is meant as instrumental.',
  speechiness: 'How much of it is spoken: above two thirds is speech, below one third is music.',
  liveness: 'How surely an audience is heard; above four fifths is very likely live.',
  loudness: 'The mean loudness of the whole track, in decibels below full scale.',
  tempo: 'The beats in a minute, on the whole.',
  duration_ms: 'How long it lasts.',
  key: 'The note that it rests on, if one was found.',
  mode: 'Major or minor.',
  time_signature: 'How many beats are in a bar, by estimate.',
}

export const TABLE = {
  label: 'Address of a public table',
  example: 'https://example.org/tracks.csv',
  add: 'Add the table',
  hint: 'A CSV file with titles, artists and audio features, perhaps gzipped. It goes into the catalogue of everybody here.',
  runs: 'Tables on their way',
}

// The parts: what each is called, what it is for, what else its own tab says at the beginning, and by which method.
export const PARTS = {
  catalogue: ['Catalogue', 'What the answers rest on.', ''],
  music: [
    'My music',
    'Your own files: scanned, analysed and played.',
    'They become tracks with tags, covers and features computed from their sound, on this machine. Playlists find them ' +
      'by MusicBrainz, ISRC or names. The files stay as they are.',
  ],
  genres: ['Genres', 'Where the name of any genre belongs, among the genres in their families.', ''],
  families: [
    'Families',
    'One track that goes with yours for each family of genres, and how the audio features spread.',
    'Each family is divided into groups of tracks that sound alike; a pick is from the group of your track.',
    'K-means makes the groups of each family by itself, from audio features that are scaled for this family.',
  ],
  clusters: [
    'Clusters',
    'Groups of tracks found by sound alone, and which genres fill them.',
    'Nobody sorted the tracks or said how many groups there are. A real track stands for each.',
    'Affinity propagation made them from audio features and found their number. The track that stands for each is its ' +
      'exemplar. A name says what is unusual in the sound of the exemplar, and which family is most frequent.',
  ],
  timbre: [
    'Timbre',
    'Tracks with the same colour of sound, moment by moment.',
    'It is how loud, bright, flat and sudden each segment of a track is. Choose a track, on the map or in the table, to ' +
      'see those that sound most like it.',
  ],
  maps: ['Maps', 'A playlist or the whole catalogue as one picture: what sounds alike lies together.', ''],
  models: [
    'Models',
    'What each model does and how good it is; train one on your collection, or roll back.',
    'Each was scored on artists or playlists that it never saw. One that you train is scored beside the one in use, ' +
      'which stays until you change it.',
  ],
}

export const LIBRARY = {
  nav: 'Parts of the library',
  how: 'Details',
  size: (tracks) => plural(tracks, 'track'),
  empty: 'The catalogue is empty.',
  emptyHint: 'Drop in a playlist, or let online services fill it: then you can search, and tracks are recommended.',
  bring: 'Add a playlist',
  sources: 'Where their sound is known from',
  unknown: 'nothing is known of their sound',
  add: 'Add data',
  addHint:
    'Drop files anywhere on this page, or choose them. A table of tracks with audio features goes into the catalogue of ' +
    'everybody here, if this server is yours; a playlist stays yours.',
  folder: 'Scan a folder of music',
  features: 'Audio features',
  about: 'Bars: your tracks. Line: the tracks that the shipped models learnt from.',
  known: (known, tracks) => `known of ${tracks ? Math.round((100 * known) / tracks) : 0} %`,
  median: (value) => `half are below ${value}`,
  more: 'More to look at',
}
