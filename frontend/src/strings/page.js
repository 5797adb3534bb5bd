// The words that every view may need.
export const UNREACHED = {
  heading: 'This page could not be fetched',
  why: 'Tastemap does not answer, or it was updated since you opened it. What you see is still what was there.',
  reload: 'Reload',
}

export const OPERATOR = {
  known: 'This browser may change it now: try again.',
  label: 'The key of this server',
  send: 'Name it',
}

// Of files on their way here.
export const SENDING = {
  failed: { message: 'The file could not be sent.', hint: 'Is the server still running? Then drop it again.' },
  demo: 'Demo',
  demoSound: 'Demo with sound',
}

/** The title of a view in the browser's tab. @param {string[]} names the narrowest first */
export const titled = (...names) => [...names, 'Tastemap'].join(' · ')
