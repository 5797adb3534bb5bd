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
