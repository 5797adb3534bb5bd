// The words of one's own files.
import { clock } from './times.js'
import { number, plural } from './words.js'

export const MUSIC = {
  withoutPackages:
    'Without them, a scan reads tags and covers, and the files play. A scan after the installation analyses them.',
  operatorOnly:
    'Only whoever runs this server may add music files or folders to it. Everybody may add playlists. Is it yours? Name ' +
    'its key, which TASTEMAP_OPERATOR_KEY sets.',
  files: 'Add files from this device',
  folder: 'Or a folder of the machine that Tastemap runs on',
  example: '/home/me/Music',
  cores: 'Use all cores',
  coresHint: '(faster; the machine is busy meanwhile)',
  scan: 'Scan the folder',
  none: 'No folder has been scanned yet.',
  runs: 'Scans',
}

export const FOLDER = {
  found: ({ files, analysed, skipped }) =>
    `${plural(files, 'file')}, ${number(analysed)} with features from their sound` +
    `${skipped ? `, ${number(skipped)} skipped` : ''}.`,
  scanned: (iso) => `Scanned ${clock(iso)}.`,
  unscanned: 'Not scanned to the end yet.',
  skipped: 'What was skipped, and why',
  more: (count) => `And ${number(count)} more.`,
  again: 'Look for changes',
  scan: 'Scan',
  scanIn: (path) => `in ${path}`,
  watch: 'Scan it again when its files change',
  forget: 'Forget',
  forgetHint: 'The files stay; what was computed from them goes.',
  really: 'Forget it',
}

export const MUSIC_TRACKS = {
  heading: 'Your tracks',
  search: 'Search your tracks',
  example: 'Title, artist, album or path',
  columns: { title: 'Title', artist: 'Artist' },
  none: 'None of your tracks fits.',
  pages: 'Pages of your tracks',
}

export const SOUND = {
  heading: 'Sound-alikes',
  compared: (count) =>
    `${plural(count, 'file')} can be compared by sound: the page of a track shows what sounds like it.`,
  lacking: (count) => `${number(count)} cannot yet.`,
  listen: 'Listen to them',
  listening: 'Listening',
  same: (count) => `${plural(count, 'recording')} ${count === 1 ? 'is' : 'are'} there more than once`,
}

export const DEMO = {
  heading: 'The demo',
  about:
    'Six friends share 155 well-known songs: a list written by hand, with titles, artists and years alone. Four listeners ' +
    'share 28 tracks with sound, from the package immich-memories-music (MIT licence; made with ACE-Step 1.5). The people ' +
    'and their tastes are invented; the features are what Tastemap computed from the sound.',
  remove: 'Remove the demo',
}
