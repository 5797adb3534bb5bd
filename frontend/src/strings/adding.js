import { number } from './words.js'

export const ADDING = {
  heading: (title) => `Add “${title}” to`,
  count: (tracks) => `${number(tracks)} ${tracks === 1 ? 'track' : 'tracks'}`,
  fresh: 'A new playlist',
  make: 'Make it',
  added: 'Added to',
  cancel: 'Cancel',
  done: 'Done',
}
