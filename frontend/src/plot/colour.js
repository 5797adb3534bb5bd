// Colours as #rrggbb, and how to keep one visible on the map's ground.

// The map's grounds in static/scss/_tokens.scss (--tm-plot).
const GROUNDS = { light: '#ffffff', dark: '#191f22' }
// Less than WCAG asks of a shape: each marker has an outline besides.
const LEAST_CONTRAST = 2

const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
const written = (channels) => `#${channels.map((c) => Math.round(c).toString(16).padStart(2, '0')).join('')}`

// Relative luminance and contrast after WCAG 2.
function luminance(hex) {
  const [r, g, b] = parts(hex).map((c) => (c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

// The colour itself where it stands out, else the nearest to it on the way to white or black that does.
export function visibleOn(hex, dark) {
  const ground = GROUNDS[dark ? 'dark' : 'light']
  const towards = dark ? 255 : 0
  for (let share = 0; share < 1; share += 0.1) {
    const mixed = written(parts(hex).map((c) => c + (towards - c) * share))
    if (contrast(mixed, ground) >= LEAST_CONTRAST) return mixed
  }
  return written([towards, towards, towards])
}
