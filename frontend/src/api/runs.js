import { reactive, shallowRef } from 'vue'
import { ApiError, get, problemOf, remove } from './client.js'

const RETRY_MS = 2000
const POLL_MS = 1500
// While all running work waits for a source.
const ASLEEP_MS = 30_000
const ENDED = ['done', 'failed', 'cancelled']

export const hasEnded = (run) => ENDED.includes(run?.state)
/** @returns {`/api/runs/${string}`} */
const addressOf = (id) => `/api/runs/${encodeURIComponent(id)}`

// The runs of this browser and of the installation, the newest first; null before they were asked for. They are asked
// for again as long as one of them goes on: once for the whole page.
export const allRuns = shallowRef(/** @type {any[] | null} */ (null))
export const runsError = shallowRef(null)
// The ids of those that went on since the page was opened, for the tray; `putAway` takes one out.
export const begun = reactive(/** @type {Set<string>} */ (new Set()))
const awaited = new Set()
const listeners = new Set()
let timer = 0
let asked = 0

/** Calls back with each run that ends; returns a function that stops it. @param {(run: any) => void} listener */
export function onRunEnd(listener) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export async function refreshRuns() {
  clearTimeout(timer)
  asked += 1
  const turn = asked
  let list = null
  const error = await problemOf(async () => {
    list = (await get('/api/runs')).runs
  })
  if (turn !== asked) return
  runsError.value = error
  if (list) take(list)
  const open = (allRuns.value ?? []).filter((run) => !hasEnded(run))
  const awake = open.some((run) => run.state !== 'waiting')
  if (open.length || (error && listeners.size)) timer = setTimeout(refreshRuns, awake ? POLL_MS : ASLEEP_MS)
}

function take(list) {
  const known = new Set(list.map(({ id }) => id))
  ;[...begun].filter((id) => !known.has(id)).forEach(putAway)
  allRuns.value = list
  for (const run of list) {
    if (!hasEnded(run)) expectId(run.id)
    else if (awaited.delete(run.id)) listeners.forEach((listener) => listener(run))
  }
}

function expectId(id) {
  awaited.add(id)
  begun.add(id)
}

export const putAway = (id) => begun.delete(id)

/** A run that this page has just started; it may have ended before it is first seen. @param {{ id: string }} run */
export async function expectRun(run) {
  expectId(run.id)
  await refreshRuns()
}

/** @param {{ id: string }} run */
export async function cancelRun(run) {
  const error = await problemOf(() => remove(addressOf(run.id)))
  await refreshRuns()
  runsError.value ??= error
}

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
