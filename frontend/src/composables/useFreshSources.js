import { onBeforeUnmount, onMounted, watch } from 'vue'
import { refreshSources, sources } from '../api/sources.js'

const AGAIN_MS = 15_000
const RETURNS = ['focus', 'visibilitychange']
const mayChange = ({ state }) => ['waiting', 'failing'].includes(state)

// Keeps the states fresh while a view shows them: on return to the page, and while a source waits or fails.
export function useFreshSources() {
  let timer = 0
  let gone = false
  function schedule() {
    clearTimeout(timer)
    if (!gone && sources.value.some(mayChange)) timer = setTimeout(look, AGAIN_MS)
  }
  async function look() {
    if (!document.hidden) await refreshSources()
    schedule()
  }
  watch(sources, schedule, { immediate: true })
  onMounted(() => RETURNS.forEach((name) => window.addEventListener(name, look)))
  onBeforeUnmount(() => {
    gone = true
    clearTimeout(timer)
    RETURNS.forEach((name) => window.removeEventListener(name, look))
  })
}
