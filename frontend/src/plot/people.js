// Who added a track, and how each person is drawn: eight colours and eight shapes. The first eight people
// differ in both; later ones reuse a colour with another shape, which keeps 64 people apart. A colour that was
// chosen goes before; one of the eight is kept as its light form and drawn in the form of the theme.
import { limits } from '../api/types/limits.js'
import { SHAPES } from './shapes.js'
import { WHO } from '../strings/plot.js'

// As in static/scss/_tokens.scss, --tm-person-1 to 8 of the light theme.
export const PALETTE = ['#0065a8', '#c94f00', '#009e73', '#cc79a7', '#efa822', '#6cc0ee', '#1d2326', '#f4ea5a'].map(
  (colour, at) => ({ colour, name: WHO.colours[at] }),
)
export const COLOURS = PALETTE.length
const ID_SHOWN = 9
const MAX_READ = 20
const { maxlength: MAX_NAME } = limits['put /api/playlists/{playlist_id}/people']['people.name']

// What reads as a name: letters, and a few digits at the end at most. Services also have ids such as 11172983716.
const isName = (id) => id.length <= MAX_READ && /^\p{L}[\p{L}\p{M} ._'’-]*\d{0,4}$/u.test(id)
const shortId = (id) => (id.length > ID_SHOWN + 1 ? `${id.slice(0, ID_SHOWN)}…` : id)

const defaultColour = (index) => (index % COLOURS) + 1
const shapeOf = (index) => SHAPES[(index + Math.floor(index / COLOURS)) % SHAPES.length]
const placeOf = (colour) => PALETTE.findIndex((entry) => entry.colour === colour) + 1

// `colour` is the place in the palette, 0 for nobody's; `own` is a colour outside the palette. Where somebody else chose
// a person's default colour, the person gets one that is left over.
function coloursOf(contributors) {
  const chosen = contributors.map((person) => (person.colour ? placeOf(person.colour) : null))
  const taken = new Set(chosen.filter(Boolean))
  const left = chosen.flatMap((place, index) =>
    place !== null && index < COLOURS && !taken.has(defaultColour(index)) ? [defaultColour(index)] : [],
  )
  return contributors.map((person, index) => {
    if (chosen[index]) return { colour: chosen[index], own: null }
    if (person.colour) return { colour: 0, own: person.colour }
    const colour =
      index < COLOURS && taken.has(defaultColour(index)) && left.length ? left.shift() : defaultColour(index)
    return { colour, own: null }
  })
}

// The server counts people when a playlist is complete; until then the rows that are here are counted.
function counted(rows) {
  const counts = new Map()
  for (const { added_by: id } of rows) if (id) counts.set(id, (counts.get(id) ?? 0) + 1)
  const people = [...counts].map(([id, count]) => ({ id, name: null, colour: null, shape: null, count }))
  return people.sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1))
}

export const NOBODY = {
  ...{ key: 0, id: null, name: WHO.unknown, hint: '', count: 0 },
  ...{ given: null, colour: 0, own: null, shape: 'ring' },
}

// Who somebody is, for another playlist to show them the same.
export const identityOf = ({ name, colour, own, shape }) => ({
  name: name.slice(0, MAX_NAME),
  colour: own ?? PALETTE[colour - 1]?.colour ?? null,
  shape,
})

// People with most tracks first; last, where there are any, the tracks that nobody is named for.
export function describePeople({ complete, contributors: stated, item_count: total }, rows) {
  const contributors = complete ? stated : counted(rows)
  const colours = coloursOf(contributors)
  const people = contributors.map((person, index) => ({
    key: index + 1,
    id: person.id,
    name: person.name ?? (isName(person.id) ? person.id : WHO.numbered(index + 1)),
    hint: person.name || isName(person.id) ? '' : `(${shortId(person.id)})`,
    count: person.count,
    given: { name: person.name, colour: person.colour, shape: person.shape ?? null },
    shape: person.shape ?? shapeOf(index),
    ...colours[index],
  }))
  const named = contributors.reduce((sum, person) => sum + person.count, 0)
  if (total > named) {
    people.push({ ...NOBODY, count: total - named })
  }
  return people
}
