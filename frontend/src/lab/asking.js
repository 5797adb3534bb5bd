// One question at a time to the server, with what went wrong kept for the panel to show.
import { ref, shallowRef } from 'vue'
import { ApiError } from '../api.js'

export function useAsking() {
  const error = shallowRef(null)
  const busy = ref(false)
  async function ask(asking) {
    error.value = null
    busy.value = true
    try {
      return await asking()
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure
      error.value = failure
      return null
    } finally {
      busy.value = false
    }
  }
  return { error, busy, ask }
}
