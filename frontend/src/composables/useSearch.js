import { ref, shallowRef } from 'vue'
import { ApiError, get, isAbort } from '../api/client.js'

const PAUSE_MS = 120
const LIMIT = 8

// Search as one types: after a pause in typing; an answer that a later query has overtaken is dropped.
export function useSearch() {
  const tracks = shallowRef([])
  const answered = ref('')
  const error = shallowRef(null)
  let timer = 0
  let controller = null

  function clear() {
    clearTimeout(timer)
    controller?.abort()
    tracks.value = []
    answered.value = ''
    error.value = null
  }

  async function ask(query) {
    controller = new AbortController()
    const { signal } = controller
    try {
      const found = await get('/api/search', { q: query, limit: LIMIT }, signal)
      if (signal.aborted) return
      tracks.value = found.tracks
      answered.value = query
      error.value = null
    } catch (failure) {
      if (isAbort(failure)) return
      if (!(failure instanceof ApiError)) throw failure
      tracks.value = []
      error.value = failure
    }
  }

  function type(text) {
    const query = text.trim()
    if (!query) return clear()
    clearTimeout(timer)
    controller?.abort()
    timer = setTimeout(ask, PAUSE_MS, query)
  }

  return { tracks, answered, error, type, clear }
}
