// Words of buttons and headings that several views have.
export const COMMON = {
  track: 'Track',
  playlist: 'Playlist',
  why: 'Why',
  undo: 'Undo',
  fill: 'Fill the library',
  cancel: 'Cancel',
  save: 'Save',
  open: 'Open it',
  loadingPlaylists: 'Loading the playlists…',
  howGood: 'How good is it?',
}
