import { percent } from './words.js'

const HOW = {
  listed: 'it is one of the genres',
  keyword: 'by the style in its name',
  place: 'by the place in its name',
  weak: 'by a weak word in its name',
  learnt: 'by the company it keeps on artists and by its letters',
  nearest: 'by the known name most like it',
}

export const GENRES = {
  heading: 'Where does a genre belong?',
  name: 'The name of any genre',
  example: 'balkan brass, deep melodic techno…',
  place: 'Place it',
  placed: ({ name, family, genre }) => `${name} belongs to ${family}, nearest genre ${genre}`,
  how: ({ confidence, how, nearest }) => `(${percent(confidence)} sure, ${HOW[how]}${nearest ? `: ${nearest}` : ''}).`,
  families: 'The families',
  leads: 'A genre begins a playlist with its tracks; a family shows how its tracks sound.',
  columns: ['Family', 'Names', 'Genres'],
}
