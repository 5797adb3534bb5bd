// What the page says of a heap that is sorted into playlists.
import { number, percent } from './words.js'

const many = (count, one, more) => `${number(count)} ${count === 1 ? one : more}`

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
  const what = tracks === 1 ? title : many(tracks, 'track', 'tracks')
  return `Undo: ${STEPS[action](what, tracks === 1 ? (playlist?.name ?? 'a playlist') : 'playlists')}`
}
