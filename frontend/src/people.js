// Who added a track, and how each person is drawn: eight colours and eight shapes. The first eight people
// differ in both; later ones reuse a colour with another shape, which keeps 64 people apart.
import { SHAPES } from './plot/shapes.js'

export const COLOURS = 8
const ID_SHOWN = 9

const shortId = (id) => (id.length > ID_SHOWN + 1 ? `${id.slice(0, ID_SHOWN)}…` : id)

function look(index) {
  return { colour: (index % COLOURS) + 1, shape: SHAPES[(index + Math.floor(index / COLOURS)) % SHAPES.length] }
}

// The server counts people when a playlist is complete; until then the rows that are here are counted.
function counted(rows) {
  const counts = new Map()
  for (const { added_by: id } of rows) if (id) counts.set(id, (counts.get(id) ?? 0) + 1)
  const people = [...counts].map(([id, count]) => ({ id, name: null, count }))
  return people.sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1))
}

// People with most tracks first; last, where there are any, the tracks that nobody is named for.
export function describePeople({ complete, contributors: stated, item_count: total }, rows) {
  const contributors = complete ? stated : counted(rows)
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
