import { shallowRef } from 'vue'
import { get, problemOf, remove } from './client.js'

// The playlists this browser may open; null until the server has said.
export const playlists = shallowRef(null)
export const playlistsError = shallowRef(null)

export async function refreshPlaylists() {
  playlistsError.value = await problemOf(async () => {
    playlists.value = (await get('/api/playlists')).playlists
  })
}

export async function deletePlaylist(id) {
  await remove(`/api/playlists/${encodeURIComponent(id)}`)
  await refreshPlaylists()
}
