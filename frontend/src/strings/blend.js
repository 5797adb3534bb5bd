import { percent, plural, aboutPlaylist } from './words.js'

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
      id: 'max_min',
      label: 'Fair',
      words: 'The least satisfied person counts most, the next half as much, and so on.',
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
  hardly: (tracks) => `. Hardly known, by ${plural(tracks, 'track')}: their taste counts in part`,
  scale:
    '0 % is like a random track, 100 % like the best there is for them. The thin line marks what a plain average would ' +
    'have given.',
}
