import { number } from './words.js'

export const FAMILIES = {
  heading: 'One pick for each family of a track',
  track: 'Track',
  take: 'Take',
  ways: /** @type {const} */ ({ fresh: 'any of the group', nearest: 'the nearest' }),
  more: 'Draw the same ones again',
  seed: 'Number of the draw',
  anySeed: 'any',
  seedHint: 'Picks are drawn at random. Each draw has a number (a seed); with it the same ones are drawn again.',
  pick: 'Pick',
  picking: 'Picking… The first time after a start of the server the groups are formed anew, which takes some seconds.',
  isIn: (track, families) => `${track} is in: ${families.join(', ') || 'no family'}.`,
  drawn: (seed) => `Draw number ${seed}.`,
  from: (group, tracks) => `From group ${group} of this family, which has ${number(tracks)} tracks here.`,
}

export const SPREAD = {
  heading: 'How the audio features are spread',
  of: 'Tracks',
  all: 'the whole catalogue',
  bars: (tracks) => `Bars: the share of ${number(tracks)} tracks of your catalogue.`,
  noBars: 'Bars will stand here once a catalogue or a playlist has been imported.',
  line: 'Line: of the tracks that the shipped models learnt from.',
  title: (tracks, family) => `${number(tracks)} tracks${family && ` of ${family}`}; line: the tracks learnt from`,
  table: 'Means and medians as a table',
  label: 'Means and medians',
  headings: ['Feature', 'Tracks', 'Mean', 'Median'],
}
