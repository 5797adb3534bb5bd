// When people added their tracks: counts by month, or by year where there are many months.

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
