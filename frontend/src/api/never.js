// The tracks that this browser never wants again, or not now; lists leave them out at once.
import { computed, shallowRef } from 'vue'
import { get, put } from './client.js'

// `tracks` are never wanted again; of `not_now` each is { track, until }.
export const unwanted = shallowRef(null)
const ids = (tracks) => tracks.map(({ id }) => id)
const never = () => ids(unwanted.value?.tracks ?? [])
const later = () => ids((unwanted.value?.not_now ?? []).map(({ track }) => track))
export const unwantedIds = computed(() => new Set([...never(), ...later()]))

export async function refreshUnwanted() {
  unwanted.value = await get('/api/never')
}

async function keep(tracks, notNow) {
  unwanted.value = await put('/api/never', { tracks, not_now: notNow })
}

export async function banish(id) {
  if (!unwanted.value) await refreshUnwanted()
  await keep([...never(), id], later())
}

// Returns until when, as the server says it.
export async function postpone(id) {
  if (!unwanted.value) await refreshUnwanted()
  await keep(never(), [...later(), id])
  return unwanted.value.not_now.at(-1).until
}

export const readmit = (id) =>
  keep(
    never().filter((other) => other !== id),
    later().filter((other) => other !== id),
  )
