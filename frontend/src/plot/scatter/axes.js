// Axes that fit the data. An axis is { name, domain: [low, high] }; its units go from 0 (low) to 1 (high), see view.js.
import { scaleLinear, scaleUtc } from 'd3-scale'
import { AXES } from '../../strings/words.js'
import { mix } from './view.js'

// The share of an axis that is left free at its ends, so that no point lies on the frame.
const EDGE = 0.04
// How far equal steps are spread, in steps.
const SPREAD = 0.7

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

// All rows span the axis, hidden ones too, so that switching a person off does not move the others.
export function makeAxis(rows, name) {
  const { domain, step } = AXES[name]
  const [low, high] = extent(rows, name) ?? domain ?? [0, 1]
  // One value alone lies in the middle of as much as ten percent more and less, or of one step.
  const margin = step ? 0.5 : high > low ? (high - low) * EDGE : Math.abs(low) * 0.1 || 1
  return { name, domain: [low - margin, high + margin] }
}

function ticksOf(name, low, high, count) {
  const { bare, time, step, tickUnit = 1, format, tick = format } = AXES[name]
  if (bare) return []
  if (time) {
    const scale = scaleUtc([low, high], [0, 1])
    const written = scale.tickFormat(count)
    return scale.ticks(count).map((value) => ({ value, text: written(value) }))
  }
  const values = scaleLinear([low / tickUnit, high / tickUnit], [0, 1])
    .ticks(count)
    .map((value) => value * tickUnit)
  const shown = step ? values.filter(Number.isInteger) : values
  return shown.map((value) => ({ value, text: tick(value) }))
}

// The part of an axis from `start` over `span` (units) on pixels `from` to `to`, with about `count` ticks.
export function ticksInView({ name, domain }, start, span, [from, to], count) {
  const [low, high] = [mix(...domain, start), mix(...domain, start + span)]
  const at = (value) => mix(from, to, (value - low) / (high - low))
  // No share is below 0 or above 1, though the axis has an edge there.
  const [least, most] = AXES[name].fit || !AXES[name].domain ? [-Infinity, Infinity] : AXES[name].domain
  const ticks = ticksOf(name, low, high, count).filter(({ value }) => value >= least && value <= most)
  return { name, ticks: ticks.map((tick) => ({ ...tick, at: at(tick.value) })) }
}

// Equal steps would hide one another: spread each within its step, always the same way for the same row, and one axis
// independently of the other (the finaliser of MurmurHash3, A. Appleby).
function spread(index, salt) {
  let mixed = Math.imul(index + 1, 0x9e3779b1) ^ salt
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32 - 0.5) * SPREAD
}

function unitsOf({ name, domain: [low, high] }, salt) {
  const step = AXES[name].step ?? 0
  return (row, i) => (valueOf(row, name) + (step && spread(i, salt) * step) - low) / (high - low)
}

// The points (points.js) of the rows that have both values and pass `shown(row)`.
export function place(rows, xAxis, yAxis, shown) {
  const index = new Int32Array(rows.length)
  const ux = new Float32Array(rows.length)
  const uy = new Float32Array(rows.length)
  const across = unitsOf(xAxis, 0x2545f491)
  const up = unitsOf(yAxis, 0x6c8e9cf5)
  let count = 0
  rows.forEach((row, i) => {
    if (!shown(row) || !hasValue(row, xAxis.name) || !hasValue(row, yAxis.name)) return
    index[count] = i
    ux[count] = across(row, i)
    uy[count] = up(row, i)
    count += 1
  })
  return { index, ux, uy, count }
}

// What a map may lie by instead of two features; such axes come in pairs.
export const LAYOUTS = { artists: ['artist_x', 'artist_y'], sound: ['sound_x', 'sound_y'] }
export const layoutOf = (x, y) =>
  Object.keys(LAYOUTS).find((name) => LAYOUTS[name].join() === [x, y].join()) ?? 'features'

// Both axes of a map as an address names them; what it names wrongly, or twice, is replaced by `fallback`, a pair.
/** @param {any} query @param {any} fallback */
export function axesOf({ x, y }, fallback) {
  const known = (name) => (AXES[name] ? name : null)
  const across = known(x) ?? fallback.find((name) => name !== known(y))
  return [across, known(y) !== across ? (known(y) ?? other(fallback, across)) : other(fallback, across)]
}
const other = ([first, second], than) => (second !== than ? second : first)
