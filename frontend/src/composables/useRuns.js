import { computed, onBeforeUnmount } from 'vue'
import { allRuns, begun, cancelRun, expectRun, hasEnded, onRunEnd, refreshRuns, runsError } from '../api/runs.js'

/**
 * Those of the runs that a component wants to show, and what it does when one of them ends. `recent` are those that went
 * on since the page was opened, `busy` tells whether one still does.
 * @param {{ wanted?: (run: any) => boolean, onEnd?: (run: any) => void }} [options]
 */
export function useRuns({ wanted = () => true, onEnd = () => {} } = {}) {
  const runs = computed(() => allRuns.value?.filter(wanted) ?? null)
  const recent = computed(() => (runs.value ?? []).filter(({ id }) => begun.has(id)))
  const busy = computed(() => (runs.value ?? []).some((run) => !hasEnded(run)))
  onBeforeUnmount(onRunEnd((run) => wanted(run) && onEnd(run)))
  return { runs, recent, busy, error: runsError, load: refreshRuns, expect: expectRun, cancel: cancelRun }
}
