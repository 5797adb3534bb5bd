import { plural } from './words.js'

const tracks = (count) => plural(count, 'track')

export const SELECTION = {
  label: 'Selected tracks',
  selected: (count) => `${tracks(count)} selected`,
  saved: (name) => `“${name}” is saved.`,
  save: 'Save as playlist',
  compare: 'Compare with the rest',
  remove: 'Remove',
  none: 'Select nothing',
  name: 'Name of the playlist',
  from: (playlist) => `From ${playlist ?? 'the map'}`,
  saveThem: (count) => `Save ${tracks(count)}`,
  tooFew: 'A comparison needs two tracks with audio features on either side.',
  compared: 'The selected tracks and the rest',
  columns: ['Mean of', 'Selected', 'The rest', 'Difference (standard deviations)'],
}

// "much more" of what an axis says at its end, in words.
export function effectOf(effect) {
  const size = Math.abs(effect)
  if (size < 0.2) return 'alike'
  return `${size < 0.5 ? 'a little' : size < 0.8 ? 'clearly' : 'much'} ${effect > 0 ? 'more' : 'less'}`
}
