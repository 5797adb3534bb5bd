import { onBeforeUnmount, ref, shallowRef } from 'vue'
import { get, problemOf } from '../api/client.js'
import { cancelRun, hasEnded } from '../api/runs.js'

const POLL_MS = 1500
// While all running work waits for a source.
const ASLEEP_MS = 30_000

// The runs of this browser and of the installation, polled while any of them is running.
/** @param {{ wanted?: (run: any) => boolean, onEnd?: (run: any) => void }} [options] */
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
