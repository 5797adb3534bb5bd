import { plural } from './words.js'

const tracks = (count) => plural(count, 'track')

export const SELECTION = {
  label: 'Selected tracks',
  selected: (count) => `${tracks(count)} selected`,
  saved: (name) => `“${name}” is saved.`,
  play: 'Play',
  save: 'Save as playlist',
  compare: 'Compare with the rest',
  remove: 'Remove',
  none: 'Select nothing',
  name: 'Name of the playlist',
  from: (playlist) => `From ${playlist ?? 'the map'}`,
  saveThem: (count) => `Save ${tracks(count)}`,
  really: (count, playlist) => `Remove ${tracks(count)} from ${playlist}? This cannot be undone here.`,
  removeThem: (count) => `Remove ${tracks(count)}`,
  keep: 'Keep them',
  tooFew: 'A comparison needs two tracks with audio features on either side.',
  compared: 'The selected tracks and the rest',
  columns: ['Mean of', 'Selected', 'The rest', 'Difference (standard deviations)'],
}
