import { aboutPlaylist } from './hub.js'

export const DISCOVER = {
  heading: 'Name a track. See where it sits, and what lies nearby.',
  try: 'Try',
  bring: 'Drop in a playlist',
  recent: 'Your playlists',
  all: 'All playlists',
  nothing:
    'Nothing has been brought in yet, and Tastemap still answers: the genre from the artist and the names, marked as ' +
    'less certain, and artists alike.',
  drop: 'Drop files anywhere on this page, or choose them: an Exportify CSV is enough, no account needed.',
  counts: ({ item_count: tracks, contributors }) => aboutPlaylist({ tracks, people: contributors.length }),
}
