// The tracks that this browser never wants again; lists leave them out at once.
import { computed, shallowRef } from 'vue'
import { get, put } from './client.js'

const tracks = shallowRef(null)
export const neverIds = computed(() => new Set((tracks.value ?? []).map(({ id }) => id)))

export async function refreshNever() {
  tracks.value = (await get('/api/never')).tracks
}

async function keep(ids) {
  tracks.value = (await put('/api/never', { tracks: [...ids] })).tracks
}

export async function banish(id) {
  if (!tracks.value) await refreshNever()
  await keep([...neverIds.value, id])
}

export const readmit = (id) => keep([...neverIds.value].filter((one) => one !== id))
