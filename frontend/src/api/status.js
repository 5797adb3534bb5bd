import { ref } from 'vue'
import { get, problemOf } from './client.js'

// What /api/status says; null until it has answered.
export const status = ref(null)
export const statusError = ref(null)

export async function refreshStatus() {
  statusError.value = await problemOf(async () => {
    status.value = await get('/api/status')
  })
}
