export const PLAYER = {
  play: 'Play',
  pause: 'Pause',
  named: (playing, title) => `${playing ? PLAYER.pause : PLAYER.play} ${title}`,
  label: 'Player',
  at: (moment, length) => `${moment} of ${length}`,
  failed: 'It does not play. Press play to try again.',
  position: 'Position',
  close: 'Close the player',
  next: 'Next track',
  previous: 'Previous track',
  nameless: 'Only its name is known: there is nothing to play.',
  noSource:
    'No source that is on has previews, and it is no file of yours. Deezer and iTunes have: allow them in the settings.',
  unplayable: 'Nothing here can play this.',
  allow: 'Allow Deezer or iTunes',
}

export const EMBED = {
  title: (title) => `Spotify plays ${title}`,
  listen: 'Listen on Spotify',
  contacts: 'This contacts Spotify from your browser.',
}
