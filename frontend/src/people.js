// Who added a track, and how each person is drawn: eight colours and eight shapes. The first eight people
// differ in both; later ones reuse a colour with another shape, which keeps 64 people apart.
import { SHAPES } from './plot/shapes.js'

export const COLOURS = 8
const ID_SHOWN = 9

const shortId = (id) => (id.length > ID_SHOWN + 1 ? `${id.slice(0, ID_SHOWN)}…` : id)

function look(index) {
  return { colour: (index % COLOURS) + 1, shape: SHAPES[(index + Math.floor(index / COLOURS)) % SHAPES.length] }
}

// People in the server's order (most tracks first); last, where there are any, the tracks that nobody is named for.
export function describePeople({ contributors, item_count: total }) {
  const people = contributors.map((person, index) => ({
    key: index + 1,
    id: person.id,
    name: person.name ?? `Person ${index + 1}`,
    hint: person.name ? '' : `(${shortId(person.id)})`,
    count: person.count,
    ...look(index),
  }))
  const named = contributors.reduce((sum, person) => sum + person.count, 0)
  if (total > named) {
    people.push({ key: 0, id: null, name: 'Not known who', hint: '', count: total - named, colour: 0, shape: 'ring' })
  }
  return people
}
