// What the points of a map may be coloured by, beside the people who added them. A group is a look with
// { key, id, name, count, shape, colour, own }.
import { COLOURS, NOBODY } from './people.js'
import { SHAPES } from './shapes.js'
import { genreName } from '../strings/words.js'
import { GROUPINGS as LABELS, GROUPS } from '../strings/plot.js'

// More groups than colours would be hard to tell apart: the smaller ones are shown together.
const MOST = 12
// Seven steps of viridis (S. van der Walt and N. Smith, 2015), dark to light: an order that everybody sees.
const ORDERED = ['#440154', '#443983', '#31688e', '#21918c', '#35b779', '#90d743', '#fde725']

const decade = ({ year }) => (Number.isFinite(year) ? Math.floor(year / 10) * 10 : null)
export const GROUPINGS = {
  person: { label: LABELS.person },
  genre: { label: LABELS.genre, of: (row) => row.family ?? row.labels?.[0] ?? null, name: genreName },
  cluster: { label: LABELS.cluster, of: (row) => row.cluster ?? null, name: (cluster) => cluster },
  year: { label: LABELS.year, of: decade, name: GROUPS.decade, ordered: true },
}

const shapeAt = (i) => SHAPES[(i + Math.floor(i / COLOURS)) % SHAPES.length]
export const lookAt = (i) => ({ shape: shapeAt(i), colour: (i % COLOURS) + 1, own: null })
function orderedLook(i, count) {
  const at = count > 1 ? Math.round((i / (count - 1)) * (ORDERED.length - 1)) : 0
  return { shape: shapeAt(i), colour: 0, own: ORDERED[at] }
}

// The groups of rows by a grouping other than `person`, and the group of a row: the largest first, decades in their order.
export function groupsOf(rows, by) {
  const { of, name, ordered } = GROUPINGS[by]
  const counts = new Map()
  for (const row of rows) counts.set(of(row), (counts.get(of(row)) ?? 0) + 1)
  const unknown = counts.get(null) ?? 0
  counts.delete(null)
  const found = [...counts].sort(ordered ? (a, b) => a[0] - b[0] : (a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  const shown = ordered ? found : found.slice(0, MOST)
  const groups = shown.map(([id, count], i) => ({
    ...{ key: i + 1, id, name: name(id), hint: '', count },
    ...(ordered ? orderedLook(i, shown.length) : lookAt(i)),
  }))
  const rest = found.slice(shown.length).reduce((sum, [, count]) => sum + count, 0)
  const others = { ...NOBODY, key: groups.length + 1, name: GROUPS.others, shape: 'circle', count: rest }
  const nobody = { ...NOBODY, name: GROUPS.unknown, count: unknown }
  const byId = new Map(groups.map((group) => [group.id, group]))
  const groupOf = (row) => (of(row) === null ? nobody : (byId.get(of(row)) ?? others))
  return { groups: [...groups, ...(rest ? [others] : []), ...(unknown ? [nobody] : [])], groupOf }
}

// The groupings that say something about these rows.
export const groupingsFor = (rows) =>
  Object.keys(GROUPINGS).filter((by) => by === 'person' || rows.some((row) => GROUPINGS[by].of(row) !== null))
