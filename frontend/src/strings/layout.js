// The words of what stands around every view: header and footer.
import { plural } from './words.js'

export const HEADER = {
  skip: 'Skip to the content',
  nav: 'Views',
  views: { discover: 'Discover', playlists: 'Playlists', library: 'Library' },
  settings: 'Settings',
}

export const FOOTER = {
  connecting: 'Connecting to the server…',
  catalogue: (tracks) => (tracks ? `${plural(tracks, 'track')} in the catalogue` : 'No tracks in the catalogue yet'),
  stores: { embedded: 'embedded database', mongodb: 'MongoDB' },
  silent: ' (not answering)',
  kept:
    'A playlist you drop here is stored on this server; it and its tracks are found in this browser only, until you share ' +
    'them.',
  lookedUp: (services) => `What you search for is also looked up at ${services.join(', ')}: [see what is sent].`,
  offline: 'Nothing is sent anywhere else.',
  players: 'Players load when you press them, and not before.',
}

const THEMES = { auto: 'as the system', light: 'light', dark: 'dark' }
export const themeWords = (now, next) => `Colours: ${THEMES[now]}. Change to ${THEMES[next]}`
