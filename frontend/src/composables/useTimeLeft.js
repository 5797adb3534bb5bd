import { ref, watch } from 'vue'
import { hasEnded } from '../api/runs.js'

const SEEN_MS = 5000

/**
 * The milliseconds that a run still takes at the rate at which this page has seen it go on; null while it cannot say.
 * A run may have slept or been resumed, so the moment at which it started tells nothing of its rate.
 * @param {() => any} run
 */
export function useTimeLeft(run) {
  const left = ref(/** @type {number | null} */ (null))
  let first = null
  watch(
    run,
    (now) => {
      left.value = null
      if (!now?.bytes_total || hasEnded(now) || now.wake_at) {
        first = null
        return
      }
      const at = Date.now()
      if (first?.id !== now.id || first.total !== now.bytes_total || first.done > now.bytes_done)
        first = { id: now.id, total: now.bytes_total, done: now.bytes_done, at }
      const done = now.bytes_done - first.done
      if (done && at - first.at >= SEEN_MS) left.value = ((at - first.at) * (now.bytes_total - now.bytes_done)) / done
    },
    { immediate: true },
  )
  return left
}
