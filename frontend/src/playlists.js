import { ref, shallowRef } from 'vue'
import { ApiError, get, isAbort, remove } from './api.js'

const PAGE_SIZE = 500
// Rows are handed on each time this share more have arrived, so that drawing 100,000 stays in proportion.
const GROWTH = 1.2

// The playlists this browser may open; null until the server has said.
export const playlists = shallowRef(null)
export const playlistsError = shallowRef(null)

export async function refreshPlaylists() {
  try {
    playlists.value = (await get('/api/playlists')).playlists
    playlistsError.value = null
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    playlistsError.value = error
  }
}

export async function deletePlaylist(id) {
  await remove(`/api/playlists/${encodeURIComponent(id)}`)
  await refreshPlaylists()
}

// Comparable text: lower case, without accents.
export const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

// A row as the map and the table use it: every value that can be an axis in one place, added_at in ms.
function prepared(row) {
  const { popularity, year, duration_ms: length, added_at: addedAt } = row
  const values = { ...row.features, popularity, year, added_at: addedAt ? Date.parse(addedAt) : null }
  values.duration_ms ??= length
  return { ...row, values, words: plain(`${row.title} ${row.artists.join(' ')} ${row.album ?? ''}`) }
}

// The rows of one playlist, page by page: `rows` grows while they arrive.
export function usePlaylist() {
  const playlist = shallowRef(null)
  const rows = shallowRef([])
  const error = shallowRef(null)
  const loading = ref(false)
  let controller = null

  async function load(id) {
    controller?.abort()
    const own = (controller = new AbortController())
    playlist.value = error.value = null
    rows.value = []
    loading.value = true
    const arrived = []
    try {
      for (let page = 1, pages = 1; page <= pages; page += 1) {
        const answer = await get('/data', { playlist: id, page, page_size: PAGE_SIZE }, own.signal)
        pages = answer.pages
        playlist.value ??= answer.playlist
        for (const row of answer.tracks) arrived.push(prepared(row))
        if (page === pages || arrived.length > rows.value.length * GROWTH) rows.value = [...arrived]
      }
    } catch (failure) {
      if (isAbort(failure)) return
      if (!(failure instanceof ApiError)) throw failure
      error.value = failure
    }
    if (controller === own) loading.value = false
  }

  const stop = () => controller?.abort()
  return { playlist, rows, error, loading, load, stop }
}
