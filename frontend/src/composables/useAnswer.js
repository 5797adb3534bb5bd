import { computed, ref, shallowRef, watch } from 'vue'
import { ApiError, get, isAbort } from '../api/client.js'
import { methodIn } from '../strings/methods.js'
import { amend, route, trail, typedOf } from '../router.js'
import { weightsText } from './weights.js'

// What the server says of the track in the address: its genre and what goes with it. The two are requested
// at once and shown as they come; the last answer stays up until the next one is there. By another method or with
// other weights only what goes with it is requested again. What moved the genre costs the server several times as much
// as the genre: it is requested once "Details" are open, which the address says.
export function useAnswer() {
  const genre = shallowRef(null)
  // Similar to the first artist: null until they are known.
  const artists = shallowRef(null)
  const explained = shallowRef(null)
  const picks = shallowRef(null)
  const error = shallowRef(null)
  const picksError = shallowRef(null)
  const explainedError = shallowRef(null)
  const loading = ref(false)
  const picking = ref(false)

  async function ask(path, params, target, problem, signal) {
    try {
      const answer = await get(path, params, signal)
      // Known by the link of a playlist: whatever is asked of the track needs it, too.
      if (answer.track && params.playlist) answer.track.link = params.playlist
      target.value = answer
      problem.value = null
    } catch (failure) {
      if (isAbort(failure)) return
      if (!(failure instanceof ApiError)) throw failure
      target.value = null
      problem.value = failure
    }
  }

  const controllers = {}
  function begun(what) {
    controllers[what]?.abort()
    return (controllers[what] = new AbortController()).signal
  }

  function queryOf() {
    const { name, params, query } = route.value
    const { q, track, artist, playlist } = query
    const asked = params.id ? { track_id: params.id, playlist } : q ? { q } : { track, artist }
    return name === 'track' && Object.values(asked).some(Boolean) ? asked : null
  }

  async function loadPicks() {
    const query = queryOf()
    const signal = begun('picks')
    if (!query) return
    const method = methodIn(route.value.query)
    const exclude = trail.value
      .map((step) => step.id)
      .filter(Boolean)
      .join(',')
    picking.value = true
    await ask('/recommend', { ...query, exclude, method, weights: weightsText.value }, picks, picksError, signal)
    if (!signal.aborted) picking.value = false
  }

  // Some answers hold the artists already, and by another method they are the same.
  let artistsOf = ''
  async function loadArtists() {
    const { seed, artists: held = [] } = picks.value ?? {}
    const artist = seed?.artists[0] ?? seed?.title ?? ''
    const signal = begun('artists')
    const isKnown = artist === artistsOf && artists.value
    artistsOf = artist
    if (held.length) artists.value = held
    else if (!isKnown) {
      artists.value = null
      const answer = shallowRef({ artists: [] })
      // The tracks stand without the artists.
      if (artist) await ask('/api/artists/similar', { artist }, answer, shallowRef(null), signal)
      if (!signal.aborted) artists.value = answer.value?.artists ?? []
    }
  }
  watch(picks, loadArtists)

  const details = computed({
    get: () => route.value.query.details === 'yes',
    set: (open) => open !== details.value && amend({ details: open ? 'yes' : '' }),
  })
  async function explain() {
    const signal = begun('explained')
    explained.value = explainedError.value = null
    if (!details.value || !genre.value?.genre) return
    await ask('/genre-predict', { ...queryOf(), explain: true }, explained, explainedError, signal)
  }
  watch([details, genre], explain)

  async function load() {
    const query = queryOf()
    const signal = begun('genre')
    if (route.value.name !== 'track') return
    if (!query) {
      begun('picks')
      genre.value = picks.value = error.value = picksError.value = null
      loading.value = picking.value = false
      return
    }
    loading.value = true
    await Promise.all([ask('/genre-predict', query, genre, error, signal), loadPicks()])
    if (!signal.aborted) loading.value = false
  }

  // Each for itself: a list of them would be another one after every change of the address, such as of its tab.
  const subject = [() => route.value.params.id, () => typedOf(route.value.query), () => route.value.query.playlist]
  watch(subject, load, { immediate: true })
  watch(
    [() => methodIn(route.value.query), ...subject],
    ([, ...now], [, ...before]) => now.every((part, at) => part === before[at]) && loadPicks(),
  )
  return {
    ...{ genre, explained, picks, artists, error, explainedError, picksError },
    ...{ details, loading, picking, explain, load, loadPicks },
  }
}
