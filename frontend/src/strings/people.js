// The words of a playlist's people: who they are, how they compare, who added what.
import { number, percent } from './words.js'

export const PEOPLE = {
  heading: 'The people',
  one: 'One person added all of it, so there is nobody to compare.',
  nobody: 'The file does not say who added its tracks. An Exportify file of a collaborative playlist does.',
  comparing: 'Comparing the people…',
  when: 'When they added their tracks',
  guess: 'Guess who added it',
  who: 'Who added it?',
}

export const COMPARED = {
  heading: 'The people compared',
  unlike: (name) => `Most unlike the others: [${name}].`,
  radars: 'How each person’s tracks sound',
  person: 'Person',
  choice: 'What the table shows',
  measures: /** @type {const} */ ({ artists: 'Artists in common', distance: 'Distance of sound' }),
  most: (shown, all) => `The ${shown} who added most, of ${number(all)}.`,
}

export const TIMELINE = {
  label: (first, last) => `Tracks added from ${first} to ${last}, by person; the menu has them as a table`,
  when: 'When',
}

export const GUESS = {
  progress: (at, all, right) => `Track ${at} of ${all} · ${number(right)} right so far`,
  right: (name) => `Right: ${name}.`,
  wrong: (name) => `No: it was ${name}.`,
  result: 'See the result',
  score: (right, all, expected) => `[${right} of ${all}] right. By chance it would be about ${expected}.`,
  answers: 'Who added them',
  said: (name) => `, and you said ${name}`,
  again: 'Play again',
  start: 'Start guessing',
}

// What was learnt of who adds what.
export const LEARNT = {
  about:
    'Learns from this playlist what each of its people adds, and tells how likely it is that each of them added a ' +
    'track. What it learns stays on this server.',
  loading: 'Loading what was learnt from it…',
  train: 'Train on this playlist',
  again: 'Train again',
  settings: 'Settings of the training',
  looksAt: 'It looks at',
  inputs: { audio: 'audio features', genre: 'the genre model’s odds', artist: 'the artist’s place among artists' },
  layers: 'Units of each hidden layer',
  card: (version) => `Card of ${version}`,
}

export const ASK = {
  label: 'Title and artist of any track',
  learning:
    'Learning from this playlist first, a minute or so. You may go on with something else; the answer will stand here.',
  asking: 'Asking what was learnt…',
  by: (artists) => `by ${artists.join(', ')}`,
  probably: 'probably',
  hard: 'hard to say',
  namesAlone: '(from its names alone)',
  tooFew: (people) => `Too few tracks to know: ${people.map(({ name, tracks }) => `${name} (${tracks})`).join(', ')}.`,
  others: (count, least) => `The other ${count} have less than ${percent(least)} each.`,
}

export const NETWORK = {
  heading: 'The tracks as the network sees them',
  about: (shown, all) =>
    'Near one another is what it finds alike (t-SNE of its last hidden layer' +
    `${shown < all ? `; ${number(shown)} of ${number(all)} tracks, drawn at random` : ''}). Odds and answers are from ` +
    'models that had not learnt from the track’s artist. Arrow keys go from point to point.',
  by: 'what the network finds alike',
  probably: (name) => `${ASK.probably} ${name}`,
  added: (name, odds, answer) => `added by ${name} (odds ${percent(odds)}); the network: ${answer}`,
  every: 'Every track',
  surprised: 'What surprised the network most comes first.',
  headings: ['Track', 'Added by, odds', 'The network says'],
}

export const SCORES = {
  heading: 'How good it is',
  about: 'Every figure is of tracks whose artists the model had not learnt from.',
  tooFew: 'Too few of its answers were right to say “probably” of anybody; the odds are told all the same.',
  probably: ({ answered, threshold, right }) =>
    `Of ${percent(answered)} of them it says who probably added them (odds of ${percent(threshold)} or more), and is ` +
    `right in ${percent(right)} of these.`,
  meaning:
    'ROC AUC: 1 is perfect, 0.5 a toss-up. Macro-F1: 1 is perfect, everybody counting alike. Right: the share of ' +
    'tracks, of 1. Log-loss and calibration error: less is better.',
  model: 'Model',
  columns: { auc: 'ROC AUC', f1: 'Macro-F1', accuracy: 'Right', log_loss: 'Log-loss', ece: 'Calibration error' },
  confusion: 'Who is taken for whom',
  saidToBe: 'Added by, and said to be',
  hard: 'Hard to say',
}
