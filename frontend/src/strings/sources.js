// What the sources send and give, in words.
import { kindOf } from '../api/sources.js'
import { clock } from './times.js'
import { plural, sentence } from './words.js'

// What is sent besides the address of this machine, which every service sees.
export const sendsBesides = ({ sends }) => sends.replace(/,? and this computer's network address/, '')

const KINDS = [
  { kind: 'open', title: 'Open data', about: 'Kept by volunteers, free to use.' },
  { kind: 'service', title: 'Services', about: 'Free to use; their terms want it to stay non-commercial.' },
  { kind: 'own', title: 'With an account of your own', about: 'Needs a key that you get there.' },
]

export const grouped = (all) =>
  KINDS.map((group) => ({ ...group, members: all.filter((source) => kindOf(source) === group.kind) })).filter(
    ({ members }) => members.length,
  )

const GIVES = {
  search: 'finds tracks',
  track: 'names and ISRC',
  features: 'how it sounds',
  genres: 'genres',
  similar: 'similar tracks',
  preview: '30-second previews',
  cover: 'covers',
  analysis: 'timbre',
  genre_tracks: 'tracks of a genre',
  artists: 'artists',
}
const ORDER = Object.keys(GIVES)
const NOUNS = { search: 'search', track: 'names', features: 'sound', preview: 'preview', cover: 'cover' }
// Who finds tracks names them too; what only gathering needs is named where one gathers.
const GATHERED = ['genre_tracks', 'artists']
const saidOf = (needs) =>
  needs.filter((need) => need !== 'track' || !needs.includes('search')).filter((need) => !GATHERED.includes(need))
const gives = (need) => GIVES[need] ?? need
export const nounOf = (need) => NOUNS[need] ?? gives(need)
export const givesAll = (needs) =>
  saidOf(needs)
    .sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map(gives)
    .join(', ')

// The question that is asked once, and the settings that it leads to.
export const ONLINE = {
  heading: 'Look things up online?',
  short: (count) => `${count} services may know more. Each sees what is looked up; nothing is sent before you decide.`,
  yes: 'Yes',
  choose: 'Choose',
  no: 'No',
  why:
    'Everything works offline, from the files you import. Tracks that are not in them can be looked up online. Each fact ' +
    'names its source.',
  sent:
    'Each service sees this computer’s network address and what is listed below its name, and nothing else about you. ' +
    'Nothing is sent before you decide. You can change this under Settings at any time.',
  allow: (count) => `Allow ${count === 1 ? 'this service' : `${count} services`}`,
  offline: 'Stay offline',
  later: 'Decide later',
  own: (titles) => `${titles.join(', ')} can be set up later under Settings, with an account of your own.`,
  used: (titles) => (titles.length ? `Used from now on: ${titles.join(', ')}.` : ONLINE.none),
  none: 'No online services are used.',
  change: 'Change it under Settings',
  close: 'Put this away',
  lead:
    'Which online services are used for tracks that no file here knows. Each fact names its source; what is switched off ' +
    'is never contacted.',
  fixed: 'Whoever runs this server has settled it (TASTEMAP_SOURCES), so the switches are for looking only.',
  loading: 'Loading the sources…',
  // A link to those settings, from elsewhere.
  link: 'Choose online services',
}

const titlesOf = (list) => list.map((one) => one.title).join(', ')
const FEW_TITLES = 3

// What the sources of one answer said.
export const NOTES = {
  label: 'Online sources',
  fault: ({ message }) => sentence(message),
  again: (iso) => `Tried again after ${clock(iso)}.`,
  missing: ({ retryAt, missed, title, hint }) =>
    [`Missing${retryAt ? ' until then' : ''}: ${missed.join(', ')} (${title}).`, hint && sentence(hint)]
      .filter(Boolean)
      .join(' '),
  summary(answering, ignorant) {
    if (!answering.length) return `${titlesOf(ignorant)} did not know it`
    if (answering.length > FEW_TITLES) return `With answers from ${answering.length} sources`
    return `With what ${titlesOf(answering)} said`
  },
  ignorant: (list) => `${titlesOf(list)} did not know it.`,
  when: ({ cached, fetchedAt }) => `${cached ? 'kept since' : 'looked up at'} ${clock(fetchedAt)}`,
}

// What may be looked up for the tracks of a playlist.
export const FETCH = {
  heading: (tracks) => `Fetch what sources know of ${plural(tracks, 'track')}`,
  needs: {
    features: ['How they sound', 'so that they are on the map'],
    genres: ['Genres', ''],
    similar: ['Recommendations', 'for the page of each track'],
    mbids: ['MusicBrainz ids', 'for an export to ListenBrainz'],
  },
  noSource: 'No source that could tell is switched on.',
  from: (titles) => (titles.length ? `from ${titles.join(', ')}` : 'no source that is on tells'),
}
