// Points within a drawn line. A polygon is a list of [x, y], closed by itself; all are units of the whole plot.

// Even-odd rule (W. R. Franklin, "PNPOLY"): a ray from the point crosses the line an odd number of times.
export function isInside(polygon, x, y) {
  let inside = false
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i, i += 1) {
    const [xi, yi] = polygon[i]
    const [xj, yj] = polygon[j]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
  }
  return inside
}

export const boxOf = ([x0, y0], [x1, y1]) => [
  [x0, y0],
  [x1, y0],
  [x1, y1],
  [x0, y1],
]

// The rows of the points within a polygon.
export function rowsInside({ index, ux, uy, count }, polygon) {
  const across = polygon.map(([x]) => x)
  const up = polygon.map(([, y]) => y)
  const [left, right, low, high] = [Math.min(...across), Math.max(...across), Math.min(...up), Math.max(...up)]
  const rows = []
  for (let spot = 0; spot < count; spot += 1) {
    const [x, y] = [ux[spot], uy[spot]]
    if (x >= left && x <= right && y >= low && y <= high && isInside(polygon, x, y)) rows.push(index[spot])
  }
  return rows
}

export const rowsInView = (points, { x, y, span }) => rowsInside(points, boxOf([x, y], [x + span, y + span]))

// What is selected after `rows` have been caught: in place of what was, added to it, or taken out of it.
export function combined(selection, rows, how) {
  if (how === 'replace') return new Set(rows)
  const changed = new Set(selection)
  for (const row of rows) {
    if (how === 'add') changed.add(row)
    else changed.delete(row)
  }
  return changed
}
