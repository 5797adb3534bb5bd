// What the page says of a heap that is sorted into playlists.
import { number, percent, plural } from './words.js'

// Names by which services call what somebody has liked or played.
const HEAP = /\b(liked|loved|favou?rites?|likes|library|history|saved)\b/i
export const guessHeap = (playlists) => playlists.find(({ name }) => HEAP.test(name)) ?? null

// No proposal is certain, and nothing is ruled out but by a decision.
export function confidenceOf(share) {
  if (share > 0.99) return 'over 99 %'
  return share < 0.01 ? 'under 1 %' : percent(share)
}

export const destination = (playlist) => playlist?.name ?? 'None of them'

export const proposalOf = ({ playlist, confidence }) => `${destination(playlist)}, ${confidenceOf(confidence)}`

export function progressOf({ total, left, accepted, none, skipped, already }) {
  const parts = [
    `${number(total - left)} of ${number(total)} sorted`,
    `${number(accepted)} added`,
    `${number(none)} in none`,
    already ? `${number(already)} were there before` : '',
    skipped ? `${number(skipped)} skipped` : '',
  ]
  return parts.filter(Boolean).join(' · ')
}

const STEPS = {
  accept: (what, playlist) => `${what} into ${playlist}`,
  reject: (what, playlist) => `${what} not into ${playlist}`,
  none: (what) => `${what} into none`,
  skip: (what) => `${what} skipped`,
}

export function undoOf({ action, tracks, title, playlist }) {
  const what = tracks === 1 ? title : plural(tracks, 'track')
  return `Undo: ${STEPS[action](what, tracks === 1 ? (playlist?.name ?? 'a playlist') : 'playlists')}`
}

export const SORT = {
  heading: 'Liked songs into your own playlists',
  bring: '[Import] your liked songs and the playlists that you want to fill.',
  reading: 'Reading the tracks…',
  sorted: 'Sorted',
  others: 'Other playlists',
  keep: 'Keep these playlists',
  forget: 'Forget all decisions',
  leftOut: (tracks) => `The list is long: its last ${number(tracks)} tracks are left out.`,
  done: 'All is sorted.',
  added: ({ name, accepted }) => `[${name}]: ${number(accepted)} added.`,
  keys:
    'The keys work while the card has the focus. What you accept or refuse counts for the next proposals; a confidence ' +
    'of 80 % is meant to be right in eight of ten.',
}

export const START = {
  heap: 'The list to sort',
  choose: 'Choose one',
  named: (name, tracks) => `${name} (${plural(tracks, 'track')})`,
  targets: 'Into which playlists?',
  noTargets: 'There is no other playlist that this browser imported. Import those that you want to fill.',
  count: (tracks) => plural(tracks, 'track'),
  person: 'You add tracks as',
  anybody: 'whoever has added most',
  noHeap: 'Choose the list to sort.',
  noTarget: 'Choose a playlist to sort into.',
  tooMany: (most) => `At most ${most} playlists.`,
  start: 'Start sorting',
  again: 'Sort into these',
}

export const CARD = {
  label: (card) => `${card.title} by ${card.artists.join(', ')}: ${proposalOf(card)}`,
  noneFits: 'No playlist fits it as well as none.',
  accept: 'Accept',
  reject: 'Not there',
  none: 'None of them',
  skip: 'Skip',
  others: 'Another playlist',
  put: 'Put it into another playlist',
  another: 'Another…',
  // As the keyboard has them, in TriageCard.
  keys: { accept: 'Enter', reject: 'X', none: 'N', skip: 'S', undo: 'U' },
}

export const BULK = {
  heading: 'Many at once',
  least: 'Proposals of at least',
  share: (share, count) => `${share} % (${number(count)})`,
  accept: (count, share) => `Accept all ${number(count)} above ${share} %`,
  look: 'See them first',
  none: 'No proposal is that sure.',
  surest: (shown, all) => `The surest ${number(shown)} of ${number(all)}.`,
  label: 'Sure proposals',
  confidence: 'Confidence',
  decide: 'Decide',
  reject: (title) => `${title} not there`,
}
