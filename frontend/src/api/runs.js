import { onBeforeUnmount, ref, shallowRef } from 'vue'
import { ApiError, get, problemOf, remove } from './client.js'
import { clock } from '../strings/times.js'

const RETRY_MS = 2000
const POLL_MS = 1500
// While all that goes on sleeps until a source may be asked again.
const ASLEEP_MS = 30_000
const ENDED = ['done', 'failed', 'cancelled']

export const hasEnded = (run) => ENDED.includes(run?.state)
const addressOf = (id) => `/api/runs/${encodeURIComponent(id)}`

// What a run does just now, in words.
export function doing(run) {
  if (run.state === 'queued') return 'waiting for its turn'
  const phase = run.phase || 'working'
  return run.wake_at ? `${phase}; goes on at ${clock(run.wake_at)}` : phase
}

export const cancelRun = (id) => remove(addressOf(id))

// Watch one run until it ends. EventSource reconnects by itself while the server answers; once it gives up,
// ask again in a while. Returns a function that stops watching.
export function followRun(id, { onProgress, onEnd, onGone }) {
  let events = null
  let timer = 0
  let stopped = false

  function listen() {
    events = new EventSource(`${addressOf(id)}/events`)
    events.addEventListener('progress', (event) => onProgress(JSON.parse(event.data)))
    events.addEventListener('done', (event) => {
      events.close()
      onEnd(JSON.parse(event.data))
    })
    events.onerror = () => {
      if (events.readyState === EventSource.CLOSED && !stopped) timer = setTimeout(look, RETRY_MS)
    }
  }

  async function look() {
    let run = null
    try {
      run = await get(addressOf(id))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === 404) return onGone(error)
      if (!stopped) timer = setTimeout(look, RETRY_MS)
      return
    }
    if (stopped) return
    if (hasEnded(run)) return onEnd(run)
    onProgress(run)
    listen()
  }

  look()
  return () => {
    stopped = true
    clearTimeout(timer)
    events?.close()
  }
}

// The runs of this browser and of the installation, asked for again while any of them goes on.
export function useRuns({ wanted = () => true, onEnd = () => {} } = {}) {
  const runs = shallowRef(null)
  const error = shallowRef(null)
  const busy = ref(false)
  const awaited = new Set()
  let timer = 0
  let gone = false

  async function load() {
    clearTimeout(timer)
    error.value = await problemOf(async () => {
      runs.value = (await get('/api/runs')).runs.filter(wanted)
    })
    if (gone) return
    const list = runs.value ?? []
    busy.value = list.some((run) => !hasEnded(run))
    for (const run of list) {
      if (!hasEnded(run)) awaited.add(run.id)
      else if (awaited.delete(run.id)) onEnd(run)
    }
    const awake = list.some((run) => !hasEnded(run) && run.state !== 'waiting')
    if (busy.value || error.value) timer = setTimeout(load, awake ? POLL_MS : ASLEEP_MS)
  }

  // A run that this page has just started; it may have ended before it is first seen.
  async function expect(run) {
    awaited.add(run.id)
    await load()
  }

  async function cancel(run) {
    error.value = await problemOf(() => cancelRun(run.id))
    await load()
  }

  onBeforeUnmount(() => {
    gone = true
    clearTimeout(timer)
  })
  return { runs, error, busy, load, expect, cancel }
}
