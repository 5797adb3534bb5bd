// The words that every view may need.
import { clock } from './times.js'
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
  pasted: 'Pasted list.txt',
  letGo: 'Let go to import it',
}

export const BRAND = 'Tastemap'

const BY_STATUS = {
  0: 'No connection',
  403: 'Not from here',
  404: 'Nothing found',
  409: 'Which one?',
  422: 'Not enough to go on',
  503: 'Not ready',
}
const BY_CODE = { kept: 'It stays', nothing_before: 'Nothing before it' }
export const ERROR = {
  title: ({ code, status }) => BY_CODE[code] ?? BY_STATUS[status] ?? 'That did not work',
  later: (iso) => `It can be tried again after ${clock(iso)}.`,
  again: 'Try again',
  unreachable: {
    message: 'Tastemap does not answer.',
    hint: 'Is the server still running? Start it, then try again.',
  },
  unknown: (status) => ({ message: `The server answered ${status}.`, hint: 'Its log says why.' }),
}

export const COPY = { copy: 'Copy', copied: 'Copied.', selected: 'Selected: copy it with Ctrl+C.' }

export const NOWHERE = {
  title: 'No such page',
  heading: 'There is no such page',
  // Around the address.
  at: 'Nothing is at',
  why: '. The address may be mistyped, or of an older version.',
  go: 'Go to Discover',
}

/** The title of a view in the browser's tab. @param {string[]} names the narrowest first */
export const titled = (...names) => [...names, BRAND].join(' · ')
