import { formatFeature } from './words.js'

// What the columns of a file are read as; audio features have their own names.
export const FIELDS = {
  uri: 'link or id',
  artists: 'artist',
  released: 'release date or year',
  length: 'length',
  added_at: 'date added',
  added_by: 'who added it',
  isrc: 'ISRC',
  kind: 'type (track, album ...)',
  playlist: 'name of the playlist',
  artist_uris: 'links of artists',
  artist_ids: 'ids of artists',
  album_uri: 'link or id of the album',
  album_artist_uris: 'links of album artists',
  cover_url: 'address of the cover',
  title: 'title',
  album: 'album',
  album_artists: 'album artists',
  disc_number: 'disc number',
  track_number: 'track number',
  record_label: 'record label',
  explicit: 'explicit',
  genres: 'genres of the artist',
  labels: 'genre',
  plays: 'number of plays',
  preference: 'liked or disliked',
  youtube_id: 'id at YouTube',
  deezer_id: 'id at Deezer',
  apple_id: 'id at Apple Music',
  mbid: 'id at MusicBrainz',
}

// A row of a preview: "Title – Artist · Album · 1999 · 3:42 · added 3 May 2024", or why it holds no track.
export function importedTrack({ title, artists, album, released, length_ms: length, added_at: added, reason }) {
  if (reason) return `left out: ${reason}`
  const parts = [
    artists.length ? `${title} – ${artists.join(', ')}` : title,
    album,
    released,
    length ? formatFeature('duration_ms', length) : null,
    added ? `added ${formatFeature('added_at', Date.parse(added))}` : null,
  ]
  return parts.filter(Boolean).join(' · ')
}

// How a file would be read, before anything of it is stored.
export const READING = {
  label: (name) => `How ${name} is read`,
  becomes: 'What it becomes',
  kinds: { playlist: 'A playlist of mine', table: 'Into the catalogue, for all' },
  encoding: 'Encoding',
  headings: 'The first row holds headings',
  columnsOf: (name) => `Columns of ${name}`,
  table: ['Column', 'Example', 'Read as'],
  readAs: (heading, at) => `${heading || `Column ${at}`} is read as`,
  nothing: 'nothing',
  rows: 'The first rows, as they are understood',
  import: 'Import',
}
