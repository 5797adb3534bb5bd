// What counts in recommendations: factors on the default weights, kept for as long as the browser is open.
import { computed, reactive } from 'vue'
import { recall, remember } from './storage.js'

const KEY = 'tastemap-weights'
export const WEIGHED = [
  ...['sound', 'artist', 'genre', 'popularity', 'danceability', 'energy', 'loudness', 'mode', 'speechiness'],
  ...['acousticness', 'instrumentalness', 'liveness', 'valence', 'tempo', 'duration_ms'],
]
const stored = Object.fromEntries((recall('sessionStorage', KEY) ?? '').split(',').map((pair) => pair.split(':')))
export const weights = reactive(
  Object.fromEntries(WEIGHED.map((name) => [name, name in stored ? Number(stored[name]) : 1])),
)

export const weightsText = computed(() =>
  WEIGHED.filter((name) => weights[name] !== 1)
    .map((name) => `${name}:${weights[name]}`)
    .join(','),
)

export function keepWeights() {
  remember('sessionStorage', KEY, weightsText.value)
}
export function usualWeights() {
  for (const name of WEIGHED) weights[name] = 1
  keepWeights()
}
