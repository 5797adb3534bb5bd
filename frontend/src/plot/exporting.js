// Plots as files. A picture is { title, width, height, draw }, `draw` as PlotFrame takes it; sizes are in pixels.
import { SvgContext } from './svg.js'
import { withPaths } from './scatter/markers.js'

const RATIO = 2
const HEADING = 34
const PADDING = 20

export const fontOf = ({ font }, weight = '') => `${weight} 13px ${font}`.trim()

const sizeOf = ({ width, height }) => ({ width: width + 2 * PADDING, height: height + HEADING + PADDING })

function paint(context, picture, colours) {
  const { title, width, height, draw } = picture
  const whole = sizeOf(picture)
  context.fillStyle = colours.ground
  context.fillRect(0, 0, whole.width, whole.height)
  context.fillStyle = colours.ink
  context.font = fontOf(colours, '600')
  context.fillText(title, PADDING, 22)
  context.font = fontOf(colours)
  context.translate(PADDING, HEADING)
  draw(context, { width, height }, colours)
}

export function svgOf(picture, colours) {
  const context = new SvgContext()
  paint(context, picture, colours)
  return new Blob([context.document(sizeOf(picture), picture.title)], { type: 'image/svg+xml' })
}

export function pngOf(picture, colours) {
  const canvas = document.createElement('canvas')
  const { width, height } = sizeOf(picture)
  canvas.width = RATIO * width
  canvas.height = RATIO * height
  const context = withPaths(canvas.getContext('2d'))
  context.scale(RATIO, RATIO)
  paint(context, picture, colours)
  return new Promise((done) => canvas.toBlob(done))
}

// A text that a spreadsheet would run gets an apostrophe before it, as in our exports, whose import takes it away again.
const guarded = (value) => (typeof value === 'string' && /^'*[=+\-@\t\r]/.test(value) ? `'${value}` : value)

// Rows of cells as RFC 4180 has them.
export function csvOf(rows) {
  const cell = (raw) => {
    const value = guarded(raw)
    return /[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? '')
  }
  return new Blob([rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')], { type: 'text/csv' })
}

export function save(blob, name) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href))
}
