import { expect, test } from 'vitest'
import { csvOf, svgOf } from '../../src/plot/exporting.js'
import { barsPicture } from '../../src/plot/charts/bars.js'
import { cornerOf, radarsPicture } from '../../src/plot/charts/radar.js'
import { timelinePicture, timelineTable } from '../../src/plot/timeline.js'
import { cellAt, drawHeatMap, naturalSize, nextCell, tableOf } from '../../src/plot/charts/heatMap.js'
import { drawSheet, endsOf, sheetSize, tableOf as histogramTable } from '../../src/plot/charts/histogram.js'

const COLOURS = { ground: '#ffffff', ink: '#111111', soft: '#555555', line: '#cccccc', bar: '#2c8374', font: 'Figtree' }
const HEAT = { rows: ['r&b', 'metal'], shares: [[0.5, 0.25, 0], [0, 0.1, 0.9]], names: ['calm pop', 'fast & loud metal', 'live jazz'] } // prettier-ignore
const HISTOGRAM = { feature: 'energy', edges: [0, 0.5, 1], counts: [3, 1], reference: [10, 30] }

const heatMap = { title: 'Share <by> cluster', ...naturalSize(HEAT), draw: (...given) => drawHeatMap(given[0], HEAT, ...given.slice(1)) } // prettier-ignore
const rects = (svg) => [...svg.matchAll(/<rect .*?fill-opacity="([\d.]+)"/g)].map(([, opacity]) => Number(opacity))

test('the heat map as SVG has a field per share, the strongest for the largest, and escapes words', async () => {
  const svg = await svgOf(heatMap, COLOURS).text()
  expect(rects(svg)).toEqual([1, 0.56, 0.28, 0, 0, 0.11, 1])
  expect(svg).toContain('<title>Share &lt;by&gt; cluster</title>')
  expect(svg).toContain('r&amp;b')
  // The groups are called by their names, which read upwards above their columns.
  expect(svg).toMatch(/<text [^>]*transform="rotate\(-90 [^>]*>fast &amp; loud metal</)
  expect(svg).not.toMatch(/NaN|undefined/)
})

test('the histograms as SVG have a bar per bin and a line for the reference, one beside another', async () => {
  const all = [HISTOGRAM, { ...HISTOGRAM, feature: 'tempo', edges: [0, 100, 250] }]
  const sheet = { title: 'Spread', ...sheetSize(all), draw: (...given) => drawSheet(given[0], all, ...given.slice(1)) }
  const svg = await svgOf(sheet, COLOURS).text()
  expect(rects(svg)).toHaveLength(1 + 2 * (2 + 1)) // the ground; for each feature its bars and the line below them
  expect(svg.match(/<path /g)).toHaveLength(2)
  expect(svg).toContain('>Energy<')
  expect(svg).not.toMatch(/NaN|undefined/)
})

test('bars as SVG have a bar per name, as long as its count, and the count', async () => {
  const svg = await svgOf(barsPicture('Genres', [{ label: 'r&b', count: 4 }, { label: 'jazz', count: 1 }]), COLOURS).text() // prettier-ignore
  const widths = [...svg.matchAll(/<rect .*?width="([\d.]+)"/g)].map(([, width]) => Number(width)).slice(1)
  expect(widths[0]).toBe(4 * widths[1])
  expect(svg).toContain('r&amp;b')
  expect(svg).not.toMatch(/NaN|undefined/)
})

test('numbers are kept as CSV', async () => {
  expect(await csvOf(tableOf(HEAT)).text()).toBe(
    'Genre,calm pop,fast & loud metal,live jazz\r\nr&b,0.5,0.25,0\r\nmetal,0,0.1,0.9\r\n',
  )
  expect(await csvOf([['a,b', 'say "so"', null]]).text()).toBe('"a,b","say ""so""",\r\n')
  expect(histogramTable([HISTOGRAM])[2]).toEqual(['energy', 0.5, 1, 1, 30])
})

const PEOPLE = [
  { key: 1, name: 'Ana', colour: 1, features: { energy: 0.5, valence: 1, liveness: 0 } },
  { key: 2, name: 'Ben & Co', colour: 2, features: { energy: 0.25 } },
]
const COLOURED = { ...COLOURS, people: ['#777777', '#0065a8', '#c94f00'] }

test('the timeline as SVG has a field for each person and period, as high as its share, and says who is who', async () => {
  const periods = [{ name: '2024-01', counts: new Map([[1, 2]]) }, { name: '2024-02', counts: new Map([[1, 1], [2, 3]]) }] // prettier-ignore
  const svg = await svgOf(timelinePicture('When', periods, PEOPLE), COLOURED).text()
  const heights = (colour) => [...svg.matchAll(/<rect .*?height="([\d.]+)" fill="(#\w+)"/g)].filter(([, , fill]) => fill === colour).map(([, height]) => Number(height)) // prettier-ignore
  const [first, second] = heights('#0065a8')
  expect(first).toBeCloseTo(2 * second, 1)
  expect(heights('#c94f00')[1]).toBeCloseTo(3 * second, 1)
  expect(svg).toContain('>Ben &amp; Co<')
  expect(svg).not.toMatch(/NaN|undefined/)
  expect(timelineTable(periods, PEOPLE)).toEqual([['When', 'Ana', 'Ben & Co'], ['2024-01', 2, 0], ['2024-02', 1, 3]]) // prettier-ignore
})

test('the radars as SVG have a shape for each person, and a corner for each feature', async () => {
  const axes = ['energy', 'valence', 'liveness']
  const svg = await svgOf(radarsPicture('How each sounds', PEOPLE, axes), COLOURED).text()
  expect(svg.match(/fill-opacity="0.3"/g)).toHaveLength(PEOPLE.length)
  expect(svg.match(/>valence</g)).toHaveLength(PEOPLE.length)
  expect(svg).not.toMatch(/NaN|undefined/)
  expect(cornerOf(axes, 0, 1)[1]).toBe(-40)
})

test('a cell of the heat map is found by pixel and by arrow', () => {
  const size = naturalSize(HEAT)
  const top = size.height - 4 - 2 * 18
  expect(cellAt(HEAT, { x: 160, y: top + 8 }, size)).toEqual({ row: 0, column: 0 })
  expect(cellAt(HEAT, { x: 200, y: top + 23 }, size)).toEqual({ row: 1, column: 2 })
  expect(cellAt(HEAT, { x: 10, y: 30 }, size)).toBeNull()
  expect(nextCell(HEAT, { row: 0, column: 2 }, 1, 0)).toEqual({ row: 0, column: 2 })
  expect(nextCell(HEAT, { row: 0, column: 2 }, 0, 1)).toEqual({ row: 1, column: 2 })
})

test('the ends of a feature that comes in steps are its values', () => {
  expect(endsOf({ feature: 'mode', edges: [-0.5, 0.5, 1.5] })).toEqual(['minor', 'major'])
})
