// In what a selection of tracks differs from the rest.
import { FEATURES } from '../strings/words.js'

// A key or a mode has no mean.
const COMPARED = Object.keys(FEATURES).filter((name) => !FEATURES[name].step)
const LEAST = 2

function momentsOf(rows, name) {
  const values = rows.map((row) => row.values?.[name]).filter(Number.isFinite)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { count: values.length, mean, spread }
}

/**
 * Features with their means in both, those that differ most first. `effect` is the difference in pooled standard
 * deviations (Cohen's d): 0.2 is little, 0.8 much.
 */
export function compared(rows, selection) {
  const inside = rows.filter((_, i) => selection.has(i))
  const outside = rows.filter((_, i) => !selection.has(i))
  return COMPARED.flatMap((name) => {
    const [a, b] = [momentsOf(inside, name), momentsOf(outside, name)]
    if (a.count < LEAST || b.count < LEAST) return []
    const pooled = ((a.count - 1) * a.spread + (b.count - 1) * b.spread) / (a.count + b.count - 2)
    return [{ name, here: a.mean, rest: b.mean, effect: pooled ? (a.mean - b.mean) / Math.sqrt(pooled) : 0 }]
  }).sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect))
}
