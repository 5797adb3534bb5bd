export const PLAYER = {
  play: 'Play',
  pause: 'Pause',
  position: 'Position',
  close: 'Close the player',
  unplayable: 'Nothing here can play this.',
  allow: 'Allow Deezer or iTunes',
}
