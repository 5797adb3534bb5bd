// The tracks that this browser wants in no list.
import { shallowRef } from 'vue'
import { get, put } from '../api/client.js'

export const never = shallowRef([])

export async function loadNever() {
  never.value = (await get('/api/never')).tracks
}

const keep = async (tracks) => {
  never.value = (await put('/api/never', { tracks })).tracks
}
const ids = () => never.value.map(({ id }) => id)
export const banTrack = (track) => keep([...ids(), track.id])
export const allowTrack = (track) => keep(ids().filter((id) => id !== track.id))
