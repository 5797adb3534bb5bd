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

export const BEGINNING = {
  label: 'Or begin one with its name: genres and artists in it say what may come first',
  example: 'Late night jazz',
  make: 'Begin',
}
