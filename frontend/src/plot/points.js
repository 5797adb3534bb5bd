// Finds points on a plot. A spot is a point's position in `placed`, -1 for none; a row is its position in the data.
import { quadtree } from 'd3-quadtree'

// `placed` is { index, px, py, count }, as `place` of axes.js returns it.
export function lookUpOf(placed) {
  const { index, px, py, count } = placed
  let tree = null
  return {
    rowOf: (spot) => (spot < 0 ? -1 : index[spot]),
    spotOf: (row) => (row < 0 ? -1 : index.subarray(0, count).indexOf(row)),
    // The spot nearest to a pixel, within a radius in pixels. The tree is built at the first call.
    nearest(x, y, radius = Infinity) {
      tree ??= quadtree(
        Array.from({ length: count }, (_, spot) => spot),
        (spot) => px[spot],
        (spot) => py[spot],
      )
      return tree.find(x, y, radius) ?? -1
    },
    // The next spot from `from` towards (dx, dy), one of the four directions: near, and little to the side.
    toward(from, dx, dy) {
      let best = -1
      let least = Infinity
      for (let spot = 0; spot < count; spot += 1) {
        const ux = px[spot] - px[from]
        const uy = py[spot] - py[from]
        const along = ux * dx + uy * dy
        if (along < 0.5) continue
        const cost = along + 2 * Math.abs(ux * dy - uy * dx)
        if (cost < least) [best, least] = [spot, cost]
      }
      return best
    },
  }
}
