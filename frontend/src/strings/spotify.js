// The words of the account at Spotify: connecting it, what is read from it, and what is written there.
import { day } from './times.js'
import { number, plural } from './words.js'

export const SPOTIFY = {
  name: 'Spotify',
  lead: 'Your own and collaborative playlists with who added what, and playlists written back. Not needed for anything else.',
  loading: 'Loading the state of the Spotify account…',
}

export const SETUP = {
  heading: 'Register this Tastemap at Spotify',
  done: 'done',
  // Before and after the link to the dashboard.
  open:
    'Open [Spotify’s dashboard] and choose “Create app”, for the “Web API”. The account needs Premium; up to five people ' +
    'may then log in here.',
  redirect: 'Give it this redirect address, letter by letter:',
  redirectLabel: 'Redirect address',
  clientId: 'Copy the app’s client id to here:',
  noSource: 'This installation has no Spotify source.',
}

export const CONNECT = {
  heading: 'Connect your account',
  about:
    'Spotify asks whether Tastemap may read your playlists, saved and top tracks. The key it gives us is kept encrypted ' +
    'on this server.',
  connect: 'Connect Spotify',
  notYet: 'once the client id is saved',
  elsewhere: 'The browser ended up on a page that does not open?',
  elsewhereHint:
    'That happens when Tastemap runs on another machine. Copy the whole address of that page, and paste it here.',
  address: 'Address that you ended up at',
  finish: 'Finish connecting',
}

export const ACCOUNT = {
  label: 'Connected account',
  heading: (who) => `Connected as ${who ?? 'your account'}`,
  until: (iso) => `Until ${day(iso)}: Spotify ends every connection after six months, and you connect again.`,
  disconnect: 'Disconnect',
  asking: 'Disconnect from Spotify',
  what:
    'This deletes the login and what came with it: the playlists you imported from Spotify, their names and their ' +
    'tracks, but for tracks that another playlist here holds. At Spotify nothing is deleted.',
  really: 'Disconnect and delete',
  stay: 'Stay connected',
}

export const BRING = {
  heading: 'Playlists there',
  again: 'Look again',
  runs: 'Playlists on their way',
  loading: 'Loading from Spotify…',
  none: 'Spotify tells of none.',
  groups: {
    own: 'Yours',
    shared: 'Together with others',
    library: 'Your library',
    followed: 'Followed: Spotify hands these out to their owners alone',
  },
  size: (tracks) => plural(tracks, 'track'),
  choose: 'Choose what to import',
  bring: (count) => `Import ${count === 1 ? 'this one' : `these ${count}`}`,
}

export const WRITE = {
  connect: '[Connect it] to write this playlist there',
  about: 'write it to your account as a new playlist',
  name: 'Name on Spotify',
  visible: 'Anyone may see it on my profile',
  agree: 'Agree at Spotify',
  write: 'Write to Spotify',
  progress: (name) => `Writing ${name} to Spotify`,
  cancelled: (tracks, name) =>
    `Cancelled: ${plural(tracks, 'track')} of “${name}” ${tracks === 1 ? 'is' : 'are'} on Spotify.`,
  done: (tracks) => `${plural(tracks, 'track')} ${tracks === 1 ? 'is' : 'are'} on Spotify now.`,
  leftOut: (count, reason) => `${number(count)} left out: ${reason}.`,
}
