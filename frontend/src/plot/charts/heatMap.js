// The heat map of clusters: a row per genre or family, a column per cluster, stronger where more of the row's tracks are.
import { genreName } from '../../strings/words.js'
import { HEAT } from '../../strings/clusters.js'

const ROW = 18
const LEFT = 150
const BOTTOM = 4
const NATURAL_SIDE = 18
// The columns' names read upwards; a letter is so wide in the mean.
const [LETTER, MOST_NAME] = [6.6, 230]

const columnsOf = ({ shares }) => shares[0]?.length ?? 0
const topOf = ({ names }) => 10 + Math.min(MOST_NAME, LETTER * Math.max(0, ...names.map((name) => name.length)))
// The width of a column in a plot of this width.
const sideOf = (heat, { width }) => (width - LEFT - BOTTOM) / columnsOf(heat)

export const mostOf = ({ shares }) => Math.max(...shares.flat(), 1e-9)
export const naturalSize = (heat) => ({
  width: LEFT + NATURAL_SIDE * columnsOf(heat) + BOTTOM,
  height: topOf(heat) + ROW * heat.rows.length + BOTTOM,
})

// The cell at a pixel, as { row, column }; null outside.
export function cellAt(heat, { x, y }, size) {
  const column = Math.floor((x - LEFT) / sideOf(heat, size))
  const row = Math.floor((y - topOf(heat)) / ROW)
  return column >= 0 && column < columnsOf(heat) && row >= 0 && row < heat.rows.length ? { row, column } : null
}

// The cell next to `cell` in a direction, the same at the edge.
export function nextCell(heat, cell, dx, dy) {
  const within = (value, count) => Math.min(Math.max(value, 0), count - 1)
  return { row: within(cell.row + dy, heat.rows.length), column: within(cell.column + dx, columnsOf(heat)) }
}

function writeUpwards(context, text, x, y) {
  context.save()
  context.translate(x, y)
  context.rotate(-Math.PI / 2)
  context.fillText(text, 0, 0, MOST_NAME)
  context.restore()
}

export function drawHeatMap(context, heat, size, colours) {
  const side = sideOf(heat, size)
  const most = mostOf(heat)
  const top = topOf(heat)
  context.fillStyle = colours.ink
  context.textAlign = 'left'
  heat.names.forEach((name, column) => writeUpwards(context, name, LEFT + side * (column + 0.5) + 4, top - 6))
  heat.rows.forEach((name, row) => {
    const y = top + ROW * row
    context.globalAlpha = 1
    context.fillStyle = colours.ink
    context.textAlign = 'right'
    context.fillText(genreName(name), LEFT - 6, y + 13, LEFT - 8)
    context.fillStyle = colours.bar
    heat.shares[row].forEach((share, column) => {
      context.globalAlpha = share / most
      context.fillRect(LEFT + side * column, y, side - 1, ROW - 1)
    })
  })
  context.globalAlpha = 1
}

// An outline around the chosen column and around the cell that is read.
export function drawHeatMarks(context, heat, { chosen, cell }, size, colours) {
  const side = sideOf(heat, size)
  context.strokeStyle = colours.ink
  if (chosen !== null) context.strokeRect(LEFT + side * chosen, topOf(heat) - 1, side - 1, ROW * heat.rows.length + 1)
  if (!cell) return
  context.lineWidth = 2
  context.strokeRect(LEFT + side * cell.column, topOf(heat) + ROW * cell.row, side - 1, ROW - 1)
}

// Its numbers, each written by `cell`.
export const tableOf = (heat, cell = (share) => share) => [
  [HEAT.genre, ...heat.names],
  ...heat.rows.map((name, row) => [name, ...heat.shares[row].map(cell)]),
]
