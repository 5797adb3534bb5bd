import { ref } from 'vue'
import { ApiError, get } from './api.js'

// What /api/status says; null until it has answered.
export const status = ref(null)
export const statusError = ref(null)

export async function refreshStatus() {
  try {
    status.value = await get('/api/status')
    statusError.value = null
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    statusError.value = error
  }
}
