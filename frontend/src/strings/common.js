// Words of buttons and headings that several views have.
import { number } from './words.js'
export const COMMON = {
  track: 'Track',
  playlist: 'Playlist',
  why: 'Why',
  undo: 'Undo',
  close: 'Close',
  back: 'Back',
  next: 'Next',
  page: (at, all) => `Page ${at} of ${all}`,
  of: (some, all) => `${number(some)} of ${number(all)}`,
  range: (low, high) => `${low} to ${high}`,
  tryDemo: 'Try the demo',
  chooseFiles: 'Choose files',
  savePlaylist: 'Save as a playlist',
  saved: 'Saved:',
  fill: 'Fill the library',
  cancel: 'Cancel',
  save: 'Save',
  open: 'Open it',
  loadingPlaylists: 'Loading the playlists…',
  howGood: 'How good is it?',
}
