import { plural } from './words.js'

export const ADDING = {
  heading: (title) => `Add “${title}” to`,
  count: (tracks) => plural(tracks, 'track'),
  fresh: 'A new playlist',
  make: 'Make it',
  added: (name) => `Added to [${name}].`,
  done: 'Done',
}

export const BEGINNING = {
  label: 'Or begin one with its name: genres and artists in it say what may come first',
  example: 'Late night jazz',
  make: 'Begin',
}

export const DROP = {
  heading: 'Drop a playlist here',
  about: 'CSV files from Exportify, as many as you like, in any language. Who added what is kept if the file says it.',
  others: 'Other files it reads',
  kinds: [
    ['Spotify', 'account data and streaming history: the zip that they send, or the JSON files in it'],
    ['Apple Music, iTunes', 'Library.xml (File > Library > Export Library)'],
    ['ListenBrainz', 'the export as zip or JSONL, loved tracks, playlists as JSPF'],
    ['TuneMyMusic', 'CSV'],
    ['Last.fm', 'CSV or JSON files of common exporters, .scrobbler.log'],
    ['YouTube Music', "Google's Takeout as zip, or the playlists, library songs and watch-history.json in it"],
    ['Music players', 'M3U, PLS and XSPF playlists'],
    ['Any list', 'CSV, TSV or JSON with titles and artists; the page asks where it is in doubt'],
    ['Links', 'a text or a chat with links, URIs or ids of tracks, as a file or pasted here'],
    ['Track tables', 'CSV with audio features: they go into the catalogue'],
    ['Music files', 'MP3, M4A, Ogg, Opus, FLAC, WAV: kept on this server and analysed, if it is yours'],
    ['Audio analyses', 'JSON with the segments of one track each, for everybody’s timbre map, if the server is yours'],
  ],
}
