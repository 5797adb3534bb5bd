// Named counts as bars, for a file: a line for each, the longest bar for the greatest count.
import { number } from '../../strings/words.js'

const [ROW, NAME, BAR, COUNT] = [24, 190, 320, 70]

/** A picture as exporting.js takes it. @param {string} title @param {readonly {label: string, count: number}[]} bars */
export function barsPicture(title, bars) {
  const most = Math.max(1, ...bars.map(({ count }) => count))
  return {
    title,
    width: NAME + BAR + COUNT,
    height: ROW * bars.length,
    draw(context, size, colours) {
      bars.forEach(({ label, count }, at) => {
        const y = ROW * at
        context.fillStyle = colours.ink
        context.fillText(label, 0, y + 16, NAME - 10)
        context.fillText(number(count), NAME + BAR + 10, y + 16)
        context.fillStyle = colours.bar
        context.fillRect(NAME, y + 6, (BAR * count) / most, 12)
      })
    },
  }
}
