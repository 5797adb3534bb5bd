// What the sources send and give, in words.
import { kindOf } from '../api/sources.js'

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
  analysis: 'timbre',
  genre_tracks: 'tracks of a genre',
  artists: 'artists',
}
const ORDER = Object.keys(GIVES)
const NOUNS = { search: 'search', track: 'names', features: 'sound', preview: 'preview' }
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
