// A plot of points as exporting.js takes it: with its axes in words and a legend.
import { axisTitle, axisWords } from '../../strings/axes.js'
import { eachInSight } from './drawing.js'
import { drawMarker, fillOf, radiusFor } from './markers.js'

const LEGEND_LINE = 22
const LEGEND_COLUMN = 190

function drawAxes(context, { x, y }, area, size, colours) {
  const [right, bottom] = [area.left + area.width, area.top + area.height]
  context.fillStyle = colours.line
  for (const { at } of x.ticks) context.fillRect(at, area.top, 1, area.height)
  for (const { at } of y.ticks) context.fillRect(area.left, at, area.width, 1)
  context.fillStyle = colours.soft
  context.textAlign = 'center'
  for (const { at, text } of x.ticks) context.fillText(text, at, bottom + 17)
  context.textAlign = 'right'
  for (const { at, text } of y.ticks) context.fillText(text, area.left - 8, at + 4)
  context.fillStyle = colours.ink
  if (!x.ticks.length && !y.ticks.length) return
  context.fillText(`${axisTitle(x.name)} →`, right, size.height - 4)
  context.textAlign = 'left'
  context.fillText(`↑ ${axisTitle(y.name)}${axisWords(y.name)}`, 4, 16)
}

function drawLegend(context, looks, top, columns, colours) {
  context.textAlign = 'left'
  looks.forEach((look, i) => {
    const [x, y] = [10 + (i % columns) * LEGEND_COLUMN, top + Math.floor(i / columns) * LEGEND_LINE]
    drawMarker(context, x, y + 10, look.shape, 6, fillOf(look, colours), colours)
    context.fillStyle = colours.ink
    context.fillText(look.name, x + 14, y + 14)
  })
}

export function pictureOf(scene, axes, size, title) {
  const { looks, codes, area, labels = [] } = scene
  const columns = Math.max(1, Math.floor(size.width / LEGEND_COLUMN))
  const height = size.height + 16 + Math.ceil(looks.length / columns) * LEGEND_LINE
  function draw(context, _size, colours) {
    if (axes) drawAxes(context, axes, area, size, colours)
    const radius = radiusFor(scene.points.count)
    eachInSight(scene, (spot, x, y) => {
      const isFaint = codes[spot] >= looks.length
      const look = looks[codes[spot] % looks.length]
      drawMarker(context, x, y, look.shape, radius, isFaint ? colours.faint : fillOf(look, colours), colours)
    })
    context.textAlign = 'left'
    context.fillStyle = colours.soft
    for (const { text, left, middle } of labels) context.fillText(text, left, middle + 4)
    drawLegend(context, looks, size.height + 8, columns, colours)
  }
  return { title, width: size.width, height, draw }
}
