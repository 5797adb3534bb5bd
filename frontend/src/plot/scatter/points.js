// Finds points on a plot. A spot is a point's position in `points`, -1 for none; a row is its position in the data.
// `points` is { index, ux, uy, count }: row, and place in units of the whole plot (view.js), of each spot.
const PER_CELL = 4
const MOST_CELLS = 512

// Spots sorted by the cell of a grid: those of cell c are spots[starts[c]] to spots[starts[c + 1] - 1].
function gridOf({ ux, uy, count }) {
  const side = Math.max(1, Math.min(MOST_CELLS, Math.floor(Math.sqrt(count / PER_CELL))))
  const line = (unit) => Math.min(Math.max(Math.floor(unit * side), 0), side - 1)
  const cell = (spot) => line(uy[spot]) * side + line(ux[spot])
  const starts = new Int32Array(side * side + 1)
  for (let spot = 0; spot < count; spot += 1) starts[cell(spot) + 1] += 1
  for (let at = 0; at < side * side; at += 1) starts[at + 1] += starts[at]
  const next = starts.slice()
  const spots = new Int32Array(count)
  for (let spot = 0; spot < count; spot += 1) spots[next[cell(spot)]++] = spot
  return { side, line, starts, spots }
}

function spotsOfRows({ index, count }) {
  const spots = new Map()
  for (let spot = 0; spot < count; spot += 1) spots.set(index[spot], spot)
  return spots
}

export function lookUpOf(points) {
  const { index, ux, uy, count } = points
  let grid = null
  let byRow = null
  return {
    rowOf: (spot) => (spot < 0 ? -1 : index[spot]),
    spotOf(row) {
      byRow ??= spotsOfRows(points)
      return byRow.get(row) ?? -1
    },
    // The spot nearest to (x, y) in the ellipse of the radii `rx` and `ry` around it; all are units of the whole.
    nearest(x, y, rx, ry) {
      grid ??= gridOf(points)
      const { side, line, starts, spots } = grid
      const [left, right] = [line(x - rx), line(x + rx)]
      let best = -1
      let least = 1
      for (let row = line(y - ry), top = line(y + ry); row <= top; row += 1) {
        for (let at = starts[row * side + left], end = starts[row * side + right + 1]; at < end; at += 1) {
          const spot = spots[at]
          const distance = ((ux[spot] - x) / rx) ** 2 + ((uy[spot] - y) / ry) ** 2
          if (distance <= least) [best, least] = [spot, distance]
        }
      }
      return best
    },
    // The next spot from `from` towards (dx, dy), one of the four directions of the window (down is 1): near, and little
    // to the side. `aspect` is the plot's height by its width.
    toward(from, dx, dy, aspect) {
      let best = -1
      let least = Infinity
      for (let spot = 0; spot < count; spot += 1) {
        const right = ux[spot] - ux[from]
        const down = (uy[from] - uy[spot]) * aspect
        const along = right * dx + down * dy
        if (along < 0.0005) continue
        const cost = along + 2 * Math.abs(right * dy - down * dx)
        if (cost < least) [best, least] = [spot, cost]
      }
      return best
    },
  }
}
