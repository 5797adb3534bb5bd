// The words that every view may need.
export const UNREACHED = {
  heading: 'This page could not be fetched',
  why: 'Tastemap does not answer, or it was updated since you opened it. What you see is still what was there.',
  reload: 'Reload',
}
