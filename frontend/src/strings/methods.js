// The ways to recommend, each with what it goes by.
export const METHODS = [
  { name: 'neighbours', label: 'All together', about: 'By sound, artists, genres and popularity, weighed together.' },
  { name: 'sound', label: 'Sound', about: 'By the audio features alone, whoever plays it and however little known.' },
  { name: 'artists', label: 'Artists', about: 'By artists who keep the same company: playlists, genres, sound.' },
  {
    name: 'families',
    label: 'Families',
    about: 'One track for each family of genres that this one is in, drawn from the same cluster of sound there.',
  },
  {
    name: 'timbre',
    label: 'Timbre',
    about: 'By how it sounds from moment to moment, among the tracks whose audio analysis is stored here.',
  },
]
export const DEFAULT_METHOD = METHODS[0].name
// Those in which weights of one's own count.
export const WEIGHING = ['neighbours', 'sound', 'artists']

export const methodIn = (query) => METHODS.find(({ name }) => name === query.method)?.name ?? DEFAULT_METHOD
