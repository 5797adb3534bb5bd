import { computed, shallowRef } from 'vue'
import { get, problemOf, put, remove } from './client.js'

// What /api/sources says: {decided, fixed, sources}; null until it has answered.
export const sourcing = shallowRef(null)
export const sourcesError = shallowRef(null)

export const sources = computed(() => sourcing.value?.sources ?? [])
export const sourceNamed = (name) => sources.value.find((source) => source.name === name) ?? null
export const titleOf = (name) => sourceNamed(name)?.title ?? null
// Those that are switched on and can give one of `needs`.
export const sourcesFor = (...needs) =>
  sources.value.filter((source) => source.on && needs.some((need) => source.needs.includes(need)))

export async function refreshSources() {
  sourcesError.value = await problemOf(async () => {
    sourcing.value = await get('/api/sources')
  })
}

// The answer to "Use online services?": these, and no others.
export async function decide(names) {
  sourcing.value = await put('/api/sources', { on: names })
}

/** @returns {`/api/sources/${string}`} */
const addressOf = (name) => `/api/sources/${encodeURIComponent(name)}`

export async function changeSource(name, changes) {
  const changed = await put(addressOf(name), changes)
  const known = sources.value.map((source) => (source.name === name ? changed : source))
  // Switching a source by itself is an answer to the question, too.
  sourcing.value = { ...sourcing.value, decided: sourcing.value.decided || 'on' in changes, sources: known }
}

export const forgetAnswers = (name) => remove(`${addressOf(name)}/answers`)

export const hasKeys = (source) => Boolean(source?.settings.every((setting) => setting.set || !setting.required))

// Who sets the terms: what is free for all, what is free to listeners, what wants an account of one's own.
export function kindOf(source) {
  if (source.settings.some((setting) => setting.required)) return 'own'
  return /CC0|CC BY|public domain/i.test(source.licence) ? 'open' : 'service'
}
