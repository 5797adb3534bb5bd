// Stamps many small pictures into pixels, by itself: without a graphics card a canvas's own calls draw 100,000 points
// ten times slower (`bench/plots.py`). Colours are 0xAABBGGRR, as a canvas keeps its pixels.

const RED_BLUE = 0xff00ff
const GREEN = 0x00ff00
const OPAQUE = 0xff000000

// `share` of 256 parts of `over`, the rest of `under`; two channels in one multiplication.
function blend(under, over, share) {
  const rest = 256 - share
  const redBlue = ((over & RED_BLUE) * share + (under & RED_BLUE) * rest) >>> 8
  const green = ((over & GREEN) * share + (under & GREEN) * rest) >>> 8
  return (OPAQUE | (redBlue & RED_BLUE) | (green & GREEN)) >>> 0
}

// The pixels of a picture that are not empty: where they are from its middle, their colours, and how opaque they are
// (0 to 256), each times `opacity` (0 to 1). `data` is that of an ImageData, `side` pixels wide and high.
export function spriteOf(data, side, opacity = 1) {
  const [dx, dy, colours, shares] = [[], [], [], []]
  const middle = Math.floor(side / 2)
  for (let at = 0; at < side * side; at += 1) {
    const [red, green, blue, alpha] = data.subarray(4 * at, 4 * at + 4)
    if (!alpha) continue
    dx.push((at % side) - middle)
    dy.push(Math.floor(at / side) - middle)
    colours.push((blue << 16) | (green << 8) | red)
    shares.push(Math.round((alpha / 255) * 256 * opacity))
  }
  return { dx, dy, reach: middle + 1, colours: Uint32Array.from(colours), shares: Uint16Array.from(shares) }
}

export class Raster {
  // Sizes in device pixels. `margin` is how far a sprite may reach beyond the edge.
  constructor(width, height, margin) {
    this.width = width
    this.height = height
    this.margin = margin
    this.stride = width + 2 * margin
    this.pixels = new Uint32Array(this.stride * (height + 2 * margin))
  }

  clear(ground) {
    this.pixels.fill((OPAQUE | ground) >>> 0)
  }

  // A line across at a height, or upright at a distance from the left.
  across(y, colour, share) {
    if (y < 0 || y >= this.height) return
    const start = (y + this.margin) * this.stride
    for (let at = start; at < start + this.stride; at += 1) this.pixels[at] = blend(this.pixels[at], colour, share)
  }
  upright(x, colour, share) {
    if (x < 0 || x >= this.width) return
    const { pixels, stride } = this
    for (let at = x + this.margin; at < pixels.length; at += stride) pixels[at] = blend(pixels[at], colour, share)
  }

  // Stamps sprites[codes[spot]] at (px[spot], py[spot]) for each, or each `stride`-th, spot of `order` that is in sight.
  stamp(sprites, codes, px, py, order, stride = 1) {
    const { pixels, stride: line, margin, width, height } = this
    const made = sprites.map(({ dx, dy, colours, shares }) => ({
      offsets: Int32Array.from(dx, (x, at) => dy[at] * line + x),
      ...{ colours, shares },
    }))
    for (let i = 0; i < order.length; i += stride) {
      const spot = order[i]
      const x = Math.round(px[spot])
      const y = Math.round(py[spot])
      if (x < 0 || y < 0 || x >= width || y >= height) continue
      const { offsets, colours, shares } = made[codes[spot]]
      const base = (y + margin) * line + x + margin
      for (let at = 0; at < offsets.length; at += 1) {
        const pixel = base + offsets[at]
        const share = shares[at]
        pixels[pixel] = share === 256 ? OPAQUE | colours[at] : blend(pixels[pixel], colours[at], share)
      }
    }
  }

  // Puts the pixels without their margin onto a canvas at a corner.
  put(context, left, top) {
    const { margin, stride, width, height } = this
    const data = new Uint8ClampedArray(this.pixels.buffer)
    const image = new ImageData(data, stride, height + 2 * margin)
    context.putImageData(image, left - margin, top - margin, margin, margin, width, height)
  }
}
