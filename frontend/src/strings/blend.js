import { number, percent, plural, aboutPlaylist } from './words.js'

export const BLEND = {
  heading: 'One list for several people',
  bring: 'Add a playlist first: its people are blended.',
  lists: 'With which playlists?',
  listsHint: 'One playlist stands for all who added to it, several for one person each.',
  count: ({ item_count: tracks, contributors }) => aboutPlaylist({ tracks, people: contributors.length }),
  saved: (name) => `Saved: [${name}].`,
  noList: 'Choose a playlist first.',
  onePerson: 'One person needs no blend: choose another playlist, too.',
  shares: 'How much does each person count?',
  alike: 'all the same',
  more: 'The list:',
  tracks: (count) => (Number.isInteger(count) ? plural(count, 'track') : ''),
  share: (times) => (times === 0 ? 'not at all' : `× ${times}`),
  method: 'How is it shared out?',
  methods: [
    {
      id: 'fair',
      label: 'Fair',
      words:
        'What one person gains, in percent, is more than the others lose; the least satisfied has no less than by average.',
    },
    { id: 'least_misery', label: 'No one left out', words: 'Tracks that the least pleased of all still likes most.' },
    { id: 'average', label: 'Average', words: 'Tracks that please most on average; a minority may go without.' },
  ],
  list: 'How long, and how new',
  length: 'How many tracks',
  novelty: 'Novelty',
  noveltyHint: 'How much it counts that a track is little known and unlike what they have.',
  leaveOut: 'Leave out',
  filters: {
    known: 'What is on these playlists',
    spoken: 'Spoken word',
    seasonal: 'Christmas and Halloween',
    explicit: 'Explicit',
  },
  lengths: { shortest: 'Under … minutes', longest: 'Over … minutes' },
  blend: 'Blend',
  working: 'Working…',
  unknown: (names) => `Nothing is known of the tracks of ${names}.`,
  blended: 'The blended list',
  tracksFor: (name, share) => `For ${name} · ${percent(share)}`,
  like: ({ title, artists }, reasons) => `Like ${title} (${artists.join(', ')}): ${reasons.slice(0, 2).join('. ')}`,
  name: (names) => `Blend for ${names}`,
}

export const SUITS = {
  heading: 'How well it suits each person',
  row: ({ min, picks }) => `${plural(picks, 'track')} for them · worst track ${percent(min)}`,
  plain: ({ plain }) => `; a plain average would give ${percent(plain)}`,
  hardly: (tracks) => `. Hardly known: a guess from ${plural(tracks, 'track')}`,
  /**
   * How a list differs from that by plain average, in the whole percents that are shown; empty if it does not.
   * @param {{ mean: number, plain: number }[]} people
   */
  beside: (people) => {
    const [has, plain] = ['mean', 'plain'].map((list) => people.map((person) => Math.round(100 * person[list])))
    const more = has.filter((share, at) => share > plain[at]).length
    const less = has.filter((share, at) => share < plain[at]).length
    if (!more && !less) return ''
    const least = [has, plain].map((shares) => percent(Math.min(...shares) / 100))
    return (
      `Beside a plain average: the least satisfied person has ${least.join(' instead of ')}; ` +
      `${plural(more, 'person has', 'people have')} more, ${number(less)} less.`
    )
  },
  /**
   * Why somebody unlike the others has little of a fair list in which all count the same; empty if nobody has little.
   * @param {{ mean: number }[]} people
   */
  owed: (people) => {
    const owed = 1 / people.length
    const little = people.length > 2 && people.some((person) => person.mean < 2 * owed)
    return little
      ? `Each of ${number(people.length)} people is owed ${percent(owed)} of a fair list. ` +
          'Whose taste nobody shares has little more.'
      : ''
  },
  scale:
    '0 % is like a random track, 100 % like the best there is for them. The thin line marks what a plain average would ' +
    'have given.',
}
