// The heat map of clusters: a row per genre or family, a column per cluster, stronger where more of the row's tracks are.
import { genreName } from '../../strings/words.js'
import { HEAT } from '../../strings/clusters.js'

const ROW = 18
const LEFT = 150
const TOP = 22
const BOTTOM = 4
const NATURAL_SIDE = 18
const NARROW_SIDE = 18

const columnsOf = ({ shares }) => shares[0]?.length ?? 0
// The width of a column in a plot of this width.
const sideOf = (heat, { width }) => (width - LEFT - BOTTOM) / columnsOf(heat)

export const mostOf = ({ shares }) => Math.max(...shares.flat(), 1e-9)
export const naturalSize = (heat) => ({
  width: LEFT + NATURAL_SIDE * columnsOf(heat) + BOTTOM,
  height: TOP + ROW * heat.rows.length + BOTTOM,
})

// The cell at a pixel, as { row, column }; null outside.
export function cellAt(heat, { x, y }, size) {
  const column = Math.floor((x - LEFT) / sideOf(heat, size))
  const row = Math.floor((y - TOP) / ROW)
  return column >= 0 && column < columnsOf(heat) && row >= 0 && row < heat.rows.length ? { row, column } : null
}

// The cell next to `cell` in a direction, the same at the edge.
export function nextCell(heat, cell, dx, dy) {
  const within = (value, count) => Math.min(Math.max(value, 0), count - 1)
  return { row: within(cell.row + dy, heat.rows.length), column: within(cell.column + dx, columnsOf(heat)) }
}

export function drawHeatMap(context, heat, size, colours) {
  const side = sideOf(heat, size)
  const most = mostOf(heat)
  context.fillStyle = colours.ink
  context.textAlign = 'center'
  for (let column = 0; column < columnsOf(heat); column += side < NARROW_SIDE ? 5 : 1) {
    context.fillText(String(column + 1), LEFT + side * (column + 0.5), TOP - 8)
  }
  heat.rows.forEach((name, row) => {
    const y = TOP + ROW * row
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
  if (chosen !== null) context.strokeRect(LEFT + side * chosen, TOP - 1, side - 1, ROW * heat.rows.length + 1)
  if (!cell) return
  context.lineWidth = 2
  context.strokeRect(LEFT + side * cell.column, TOP + ROW * cell.row, side - 1, ROW - 1)
}

// Its numbers, each written by `cell`.
export const tableOf = (heat, cell = (share) => share) => [
  [HEAT.genre, ...Array.from({ length: columnsOf(heat) }, (_, column) => column + 1)],
  ...heat.rows.map((name, row) => [name, ...heat.shares[row].map(cell)]),
]
