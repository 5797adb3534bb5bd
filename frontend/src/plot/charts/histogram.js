// Histograms of audio features: bars for the tracks here, a line for the tracks that the models learnt from.
import { FEATURES, featureLabel, formatFeature } from '../../strings/words.js'

const ACROSS = 3
const CELL = { width: 300, height: 150 }
const GAP = 20

function sharesOf(counts) {
  const total = counts.reduce((sum, count) => sum + count, 0) || 1
  return counts.map((count) => count / total)
}

// The least and the greatest value, as text. A feature that comes in steps has a bin around each value.
export function endsOf({ feature, edges }) {
  const half = (FEATURES[feature].step ?? 0) / 2
  return [edges[0] + half, edges.at(-1) - half].map((value) => formatFeature(feature, value))
}

export function drawHistogram(context, histogram, { width, height }, colours) {
  const [here, reference] = [sharesOf(histogram.counts), sharesOf(histogram.reference)]
  const most = Math.max(...here, ...reference, 1e-9)
  const step = width / here.length
  const y = (share) => height - (share / most) * (height - 4)
  context.fillStyle = colours.bar
  here.forEach((share, bin) => context.fillRect(bin * step, y(share), Math.max(step - 1, 1), height - y(share)))
  context.strokeStyle = colours.ink
  context.beginPath()
  reference.forEach((share, bin) => {
    context.lineTo(bin * step, y(share))
    context.lineTo((bin + 1) * step, y(share))
  })
  context.stroke()
}

export const sheetSize = (histograms) => ({
  width: ACROSS * (CELL.width + GAP) - GAP,
  height: Math.ceil(histograms.length / ACROSS) * (CELL.height + GAP),
})

// All histograms on one sheet, each below its name and above its ends.
export function drawSheet(context, histograms, _size, colours) {
  const plot = { width: CELL.width, height: CELL.height - 50 }
  histograms.forEach((histogram, number) => {
    const corner = [(number % ACROSS) * (CELL.width + GAP), Math.floor(number / ACROSS) * (CELL.height + GAP)]
    context.translate(...corner)
    const write = (text, align, x, y) => {
      context.fillStyle = colours.ink
      context.textAlign = align
      context.fillText(text, x, y)
    }
    const [least, greatest] = endsOf(histogram)
    write(featureLabel(histogram.feature), 'left', 0, 14)
    context.translate(0, 20)
    drawHistogram(context, histogram, plot, colours)
    context.fillStyle = colours.line
    context.fillRect(0, plot.height, plot.width, 1)
    write(least, 'left', 0, plot.height + 18)
    write(greatest, 'right', plot.width, plot.height + 18)
    context.translate(-corner[0], -corner[1] - 20)
  })
}

export const tableOf = (histograms) => [
  ['feature', 'from', 'to', 'tracks', 'reference'],
  ...histograms.flatMap(({ feature, edges, counts, reference }) =>
    counts.map((count, bin) => [feature, edges[bin], edges[bin + 1], count, reference[bin]]),
  ),
]
