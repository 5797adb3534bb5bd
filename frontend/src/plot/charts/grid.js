// Cells in rows and columns, each a few lines of text on a ground that is stronger the greater its share.
const [CELL, LINE, PADDING] = [{ width: 130, height: 34 }, 18, 11]

/**
 * The picture of a grid to keep. The first cell of a row, and the first row, may be headings, without a share.
 * @param {string} title @param {{ lines: string[], share?: number }[][]} rows
 */
export function gridPicture(title, rows) {
  const height = CELL.height + LINE * (Math.max(...rows.flat().map(({ lines }) => lines.length)) - 1)
  return {
    title,
    width: CELL.width * rows[0].length,
    height: height * rows.length,
    draw(context, _, colours) {
      rows.forEach((row, down) =>
        row.forEach(({ lines, share = 0 }, across) => {
          const [x, y] = [CELL.width * across, height * down]
          context.globalAlpha = 0.5 * share
          context.fillStyle = colours.bar
          context.fillRect(x, y, CELL.width - 3, height - 3)
          context.globalAlpha = 1
          context.fillStyle = colours.ink
          lines.forEach((line, at) => context.fillText(line, x + PADDING, y + PADDING * 2 + LINE * at, CELL.width - 18))
        }),
      )
    },
  }
}
