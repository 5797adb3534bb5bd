// Lists in another order: along one value, or as a path on which each track sounds like the one before.

// Spreads over a large catalogue, in the units of the values (ml/sound.py).
const SPREADS = { energy: 0.26, valence: 0.26, danceability: 0.18, acousticness: 0.32, tempo: 30, loudness: 5 }

function distance(a, b) {
  let sum = 0
  let known = 0
  for (const [name, spread] of Object.entries(SPREADS)) {
    if (a[name] == null || b[name] == null) continue
    sum += ((a[name] - b[name]) / spread) ** 2
    known += 1
  }
  return known ? sum / known : Infinity
}

// From the first track on, the nearest that is left comes next; whose sound is not known stands last.
export function smoothPath(tracks) {
  const known = tracks.filter(({ features }) => Object.keys(SPREADS).some((name) => features?.[name] != null))
  const left = known.slice(1)
  const path = known.slice(0, 1)
  while (left.length) {
    const { features } = path.at(-1)
    let best = 0
    let least = Infinity
    left.forEach((track, at) => {
      const away = distance(features, track.features)
      if (away < least) [best, least] = [at, away]
    })
    path.push(...left.splice(best, 1))
  }
  return [...path, ...tracks.filter((track) => !known.includes(track))]
}

// By a feature or a value of the track itself, the least first; what is unknown stands last.
export function along(tracks, name) {
  const of = (track) => track.features?.[name] ?? track[name] ?? Infinity
  return [...tracks].sort((a, b) => (of(a) === of(b) ? 0 : of(a) - of(b)))
}

export const ordered = (tracks, by) => (!by ? tracks : by === 'path' ? smoothPath(tracks) : along(tracks, by))
