// When people added their tracks: counts by month, or by year where there are many months.
import { fillOf } from './scatter/markers.js'
import { TIMELINE } from '../strings/people.js'

const MOST_MONTHS = 48
const nameOf = (time, yearly) => new Date(time).toISOString().slice(0, yearly ? 4 : 7)

/**
 * The periods from the first to the last, also those without a track: each {name, counts by the person's key}.
 * @param {{ added_by: string | null, values: { added_at: number | null } }[]} rows
 * @param {(row: any) => { key: number }} personOf
 */
export function periodsOf(rows, personOf) {
  const times = rows.map(({ values }) => values.added_at).filter((time) => time !== null)
  if (!times.length) return []
  const [first, last] = times.reduce(
    ([low, high], time) => [Math.min(low, time), Math.max(high, time)],
    [Infinity, -Infinity],
  )
  const [from, to] = [new Date(first), new Date(last)]
  const months = 12 * (to.getUTCFullYear() - from.getUTCFullYear()) + to.getUTCMonth() - from.getUTCMonth() + 1
  const yearly = months > MOST_MONTHS
  const periods = new Map()
  const at = new Date(Date.UTC(from.getUTCFullYear(), yearly ? 0 : from.getUTCMonth()))
  while (at.getTime() <= last) {
    periods.set(nameOf(at.getTime(), yearly), new Map())
    if (yearly) at.setUTCFullYear(at.getUTCFullYear() + 1)
    else at.setUTCMonth(at.getUTCMonth() + 1)
  }
  for (const row of rows) {
    if (row.values.added_at === null) continue
    const counts = periods.get(nameOf(row.values.added_at, yearly))
    const { key } = personOf(row)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...periods].map(([name, counts]) => ({ name, counts }))
}

const SIZE = { width: 800, height: 260 }
const LINE = 18

/** The timeline as a picture to keep: a column for each period, below it who is who. */
export function timelinePicture(title, periods, people) {
  const sums = periods.map(({ counts }) => [...counts.values()].reduce((sum, count) => sum + count, 0))
  const draw = (context, { width, height }, colours) => {
    const lines = Math.ceil(people.length / 4)
    const base = height - LINE * (lines + 1)
    const scale = base / Math.max(1, ...sums)
    const wide = width / periods.length
    periods.forEach(({ counts }, at) => {
      let y = base
      for (const person of people) {
        const tall = scale * (counts.get(person.key) ?? 0)
        y -= tall
        context.fillStyle = fillOf(person, colours)
        context.fillRect(wide * at + wide / 10, y, (wide * 4) / 5, tall)
      }
    })
    context.fillStyle = colours.soft
    context.fillText(periods[0].name, 0, base + LINE - 4)
    context.textAlign = 'right'
    context.fillText(periods.at(-1).name, width, base + LINE - 4)
    context.textAlign = 'left'
    people.forEach((person, at) => {
      const [x, y] = [((at % 4) * width) / 4, base + LINE * (Math.floor(at / 4) + 2) - 4]
      context.fillStyle = fillOf(person, colours)
      context.fillRect(x, y - 10, 10, 10)
      context.fillStyle = colours.ink
      context.fillText(person.name, x + 16, y, width / 4 - 20)
    })
  }
  return { title, ...SIZE, height: SIZE.height + LINE * Math.ceil(people.length / 4), draw }
}

/** The rows of its table, the headings first. */
export const timelineTable = (periods, people) => [
  [TIMELINE.when, ...people.map(({ name }) => name)],
  ...periods.map(({ name, counts }) => [name, ...people.map(({ key }) => counts.get(key) ?? 0)]),
]
