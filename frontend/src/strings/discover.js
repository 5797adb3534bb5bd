import { aboutPlaylist, plural } from './words.js'

export const DISCOVER = {
  heading: 'Name a track. See where it sits, and what lies nearby.',
  try: 'Try',
  examples: [
    'Metallica Enter Sandman',
    'Billie Holiday Strange Fruit',
    'Daft Punk Around the World',
    'Fela Kuti Zombie',
  ],
  bring: 'Add a playlist',
  recent: 'Your playlists',
  nothing: 'Nothing has been imported yet: a search tells the genre, less certain, and similar artists.',
  drop: 'Or drop files anywhere on this page. An Exportify CSV is enough, no account needed.',
  counts: ({ item_count: tracks, contributors }) => aboutPlaylist({ tracks, people: contributors.length }),
}

export const SEARCH = {
  label: 'Track, artist or both',
  example: 'Fela Kuti Zombie',
  search: 'Search',
  found: (tracks) => `${plural(tracks, 'track')} found`,
  notFound: 'No track by that name; Enter searches for it as typed',
  asTyped: (text) => `Search for “${text}” as typed`,
  also: 'also when it is none of these',
  alone: 'no track by that name is known; the name alone still says something',
}
