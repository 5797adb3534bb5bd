// The means of people's audio features, a radar for each person.
import { fillOf } from '../scatter/markers.js'
import { RADAR } from '../../strings/hub.js'

const R = 40
const [WIDE, TALL, ACROSS] = [190, 150, 4]

/** Where the share of a feature lies, in pixels from the middle of its radar. @returns {[number, number]} */
export function cornerOf(axes, index, share) {
  const turn = (2 * Math.PI * index) / axes.length
  return [R * share * Math.sin(turn), -R * share * Math.cos(turn)]
}

function outline(context, axes, share) {
  context.beginPath()
  for (let index = 0; index <= axes.length; index += 1)
    context.lineTo(...cornerOf(axes, index, share(axes[index % axes.length])))
}

function drawRadar(context, person, axes, colours) {
  context.lineWidth = 1
  context.strokeStyle = colours.line
  for (const ring of [0.5, 1]) {
    outline(context, axes, () => ring)
    context.stroke()
  }
  const fill = fillOf(person, colours)
  outline(context, axes, (name) => person.features[name] ?? 0)
  context.fillStyle = context.strokeStyle = fill
  context.globalAlpha = 0.3
  context.fill()
  context.globalAlpha = 1
  context.lineWidth = 1.5
  context.stroke()
  context.fillStyle = colours.soft
  axes.forEach((name, index) => {
    const [x, y] = cornerOf(axes, index, 1.16)
    context.textAlign = Math.abs(x) < 1 ? 'center' : x > 0 ? 'left' : 'right'
    context.fillText(RADAR[name], x, y + 4)
  })
  context.textAlign = 'center'
  context.fillStyle = colours.ink
  context.fillText(person.name, 0, TALL / 2 - 4, WIDE - 10)
}

/** The radars of people as a picture to keep, four in a row. */
export const radarsPicture = (title, people, axes) => ({
  title,
  width: WIDE * Math.min(ACROSS, people.length),
  height: TALL * Math.ceil(people.length / ACROSS),
  draw(context, _, colours) {
    people.forEach((person, at) => {
      const [x, y] = [WIDE * ((at % ACROSS) + 0.5), TALL * (Math.floor(at / ACROSS) + 0.45)]
      context.translate(x, y)
      drawRadar(context, person, axes, colours)
      context.translate(-x, -y)
    })
    context.textAlign = 'left'
  },
})
