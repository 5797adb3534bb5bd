import { scaleLinear, scaleUtc } from 'd3-scale'
import { AXES } from '../strings/words.js'

// The share of a bare axis that is left free at its ends, so that no point lies on the frame.
const EDGE = 0.05

const valueOf = (row, name) => row.values[name]
export const hasValue = (row, name) => Number.isFinite(valueOf(row, name))

function extent(rows, name) {
  let [low, high] = [Infinity, -Infinity]
  for (const row of rows) {
    const value = valueOf(row, name)
    if (!Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return low <= high ? [low, high] : null
}

function domainOf(rows, name) {
  const { bare, domain, fit, step } = AXES[name]
  const [low, high] = (fit ? extent(rows, name) : null) ?? domain ?? extent(rows, name) ?? [0, 1]
  const margin = step ? 0.5 : high > low ? (bare ? (high - low) * EDGE : 0) : 1
  return [low - margin, high + margin]
}

function ticksOf(scale, name, count) {
  const { bare, time, step, tickUnit = 1 } = AXES[name]
  if (bare) return []
  if (time) {
    const format = scale.tickFormat(count)
    return scale.ticks(count).map((value) => ({ value, text: format(value) }))
  }
  const [low, high] = scale.domain()
  const inUnits = scaleLinear()
    .domain([low / tickUnit, high / tickUnit])
    .ticks(count)
    .map((value) => value * tickUnit)
  const whole = step ? inUnits.filter(Number.isInteger) : inUnits
  return whole.map((value) => ({ value, text: (AXES[name].tick ?? AXES[name].format)(value) }))
}

// A scale from values to pixels with its ticks. All rows span the axis, hidden ones too, so that
// switching a person off does not move the others.
export function makeAxis(rows, name, range, count) {
  const scale = (AXES[name].time ? scaleUtc() : scaleLinear()).domain(domainOf(rows, name)).range(range)
  if (!AXES[name].step && !AXES[name].bare) scale.nice(count)
  const ticks = ticksOf(scale, name, count).map((tick) => ({ ...tick, at: scale(tick.value) }))
  return { name, scale, ticks, step: AXES[name].step ?? 0 }
}

// Equal steps would hide one another: spread each within its step, always the same way for the same row.
function spread(index, salt) {
  const mixed = Math.imul(index + 1, 2654435761 + salt) >>> 0
  return (mixed / 2 ** 32 - 0.5) * 0.7
}

// Pixel positions of the rows that have both values and pass `shown(row)`.
export function place(rows, xAxis, yAxis, shown) {
  const index = new Int32Array(rows.length)
  const px = new Float32Array(rows.length)
  const py = new Float32Array(rows.length)
  let count = 0
  rows.forEach((row, i) => {
    if (!shown(row) || !hasValue(row, xAxis.name) || !hasValue(row, yAxis.name)) return
    index[count] = i
    px[count] = xAxis.scale(valueOf(row, xAxis.name) + spread(i, 0) * xAxis.step)
    py[count] = yAxis.scale(valueOf(row, yAxis.name) + spread(i, 2) * yAxis.step)
    count += 1
  })
  return { index, px, py, count }
}
