// The picture of a track without a cover: contour lines around a hill. Where its sound is known the sound shapes it (sad
// is blue, cheerful is warm; energy makes the lines rough); else its names do, so that an artist keeps a colour.
const TURNS = 48
// How far titles of one artist are apart, in degrees of the hue.
const TITLES = 50
const RADII = [11, 22, 34, 47, 62]

export function hashOf(text) {
  let hash = 2166136261
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0), 16777619)
  return (hash >>> 0) / 2 ** 32
}

/** @param {number[]} centre */
function ring([cx, cy], radius, rough, phase) {
  const corners = Array.from({ length: TURNS }, (_, i) => {
    const a = (2 * Math.PI * i) / TURNS
    const r = radius * (1 + rough * (0.6 * Math.sin(2 * a + phase) + 0.4 * Math.sin(5 * a - 2 * phase)))
    return `${(cx + r * Math.cos(a)).toFixed(1)} ${(cy + r * Math.sin(a)).toFixed(1)}`
  })
  return `M${corners.join('L')}Z`
}

/**
 * What to draw in a square of 100: the hue (0 to 360), the saturation (%), the lines as path data, and the top of the hill.
 * @param {{ title?: string, artists?: readonly string[] }} track
 * @param {Record<string, number>} sound audio features by name, as far as they are known
 */
export function tileOf({ title = '', artists = [] }, sound = {}) {
  const [by, of] = [hashOf(artists.join('\u0000')), hashOf(title)]
  const { valence = by, energy = (by * 7) % 1, acousticness = (by * 13) % 1 } = sound
  const top = [30 + 40 * of, 30 + 40 * ((of * 17) % 1)]
  return {
    hue: Math.round('valence' in sound ? 250 - 215 * valence : 360 * by + TITLES * (of - 0.5)),
    saturation: Math.round(26 + 28 * energy),
    lightness: Math.round(30 + 16 * acousticness),
    lines: RADII.map((radius) => ring(top, radius, 0.06 + 0.22 * energy, 6.3 * of + radius / 60)),
    top,
  }
}
