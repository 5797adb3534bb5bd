import { ApiError, get, remove } from './client.js'

const RETRY_MS = 2000
const ENDED = ['done', 'failed', 'cancelled']

export const hasEnded = (run) => ENDED.includes(run?.state)
/** @returns {`/api/runs/${string}`} */
const addressOf = (id) => `/api/runs/${encodeURIComponent(id)}`

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
