import { quadtree } from 'd3-quadtree'

// Finds the placed point nearest to a pixel; the tree is built when it is first asked.
export function finder(placed) {
  let tree = null
  return (x, y, radius) => {
    tree ??= quadtree(
      Array.from({ length: placed.count }, (_, i) => i),
      (i) => placed.px[i],
      (i) => placed.py[i],
    )
    return tree.find(x, y, radius) ?? -1
  }
}

// The next point from `from` towards (dx, dy), one of the four directions: near, and little to the side.
export function nearestToward(placed, from, dx, dy) {
  let best = -1
  let least = Infinity
  for (let i = 0; i < placed.count; i += 1) {
    const ux = placed.px[i] - placed.px[from]
    const uy = placed.py[i] - placed.py[from]
    const along = ux * dx + uy * dy
    if (along < 0.5) continue
    const cost = along + 2 * Math.abs(ux * dy - uy * dx)
    if (cost < least) [best, least] = [i, cost]
  }
  return best
}
