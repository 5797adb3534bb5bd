// One request to the server: its answer, whether it is still running, and what went wrong for the view to show.
import { ref, shallowRef } from 'vue'
import { problemOf } from '../api/client.js'
import { focusIfLost } from './focus.js'

export function useRequest() {
  const error = shallowRef(null)
  const busy = ref(false)
  // Resolves to what `asking` resolves to, null where it went wrong.
  async function ask(asking) {
    let answer = null
    const pressed = /** @type {HTMLElement | null} */ (document.activeElement)
    busy.value = true
    error.value = await problemOf(async () => {
      answer = await asking()
    })
    busy.value = false
    // A button that is disabled while it works has lost the focus.
    await focusIfLost(() => pressed)
    return answer
  }
  return { error, busy, ask }
}
