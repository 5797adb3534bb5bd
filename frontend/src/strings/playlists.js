// The words of the list of playlists.
export const PLAYLISTS = {
  hero: 'A playlist as a map: what it sounds like, and who added what.',
  heading: 'Playlists here',
  first: 'The first one is on its way.',
  none: 'None yet. The first file you drop appears here.',
  links: 'Links to tracks can be pasted into this page, too. Or [connect Spotify].',
  arriving: 'still arriving',
  delete: (name) => `Delete ${name}`,
  really: (name) => `Delete ${name}?`,
  keep: 'Keep',
}
