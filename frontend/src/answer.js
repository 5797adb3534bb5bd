import { ref, shallowRef, watch } from 'vue'
import { ApiError, get, isAbort } from './api.js'
import { route, typedOf } from './router.js'

// What the server says of the track in the address: its genre and what goes with it. The two are asked
// at once and shown as they come; the last answer stays up until the next one is there.
export function useAnswer() {
  const genre = shallowRef(null)
  const picks = shallowRef(null)
  const error = shallowRef(null)
  const picksError = shallowRef(null)
  const loading = ref(false)
  let controller = null

  async function ask(path, params, target, problem, signal) {
    try {
      target.value = await get(path, params, signal)
      problem.value = null
    } catch (failure) {
      if (isAbort(failure)) return
      if (!(failure instanceof ApiError)) throw failure
      target.value = null
      problem.value = failure
    }
  }

  async function load() {
    controller?.abort()
    const { q, track, artist } = route.query
    const asked = route.id ? { track_id: route.id } : q ? { q } : { track, artist }
    if (route.view !== 'track') return
    if (!Object.values(asked).some(Boolean)) {
      genre.value = picks.value = error.value = picksError.value = null
      loading.value = false
      return
    }
    const own = (controller = new AbortController())
    loading.value = true
    const seen = route.trail.map((step) => step.id).filter(Boolean)
    await Promise.all([
      ask('/genre-predict', asked, genre, error, own.signal),
      ask('/recommend', { ...asked, exclude: seen.join(',') }, picks, picksError, own.signal),
    ])
    if (controller === own) loading.value = false
  }

  watch(() => [route.view, route.id, typedOf(route.query)], load, { immediate: true })
  return { genre, picks, error, picksError, loading, load }
}
