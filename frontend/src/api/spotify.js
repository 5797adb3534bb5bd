import { shallowRef } from 'vue'
import { get, post, problemOf, remove } from './client.js'
import { recall, remember } from '../composables/storage.js'

const KEY = 'tastemap-login'

// What /api/spotify says: {configured, connected, user, expires_at, redirect_uri, notice}; null until it has answered.
export const spotify = shallowRef(null)
export const spotifyError = shallowRef(null)

export async function refreshSpotify() {
  spotifyError.value = await problemOf(async () => {
    spotify.value = await get('/api/spotify')
  })
}

// Leaves the page for Spotify's, which comes back to /settings; from there the way leads on to where one was.
export function leaveFor(url) {
  remember('sessionStorage', KEY, location.pathname + location.search)
  location.assign(url)
}

export function whereWeWere() {
  const address = recall('sessionStorage', KEY)
  remember('sessionStorage', KEY, '')
  return address
}

export async function logIn() {
  leaveFor((await post('/api/spotify/login')).url)
}

export async function finishLogin(url) {
  spotify.value = await post('/api/spotify/callback', { url })
}

export async function disconnect() {
  await remove('/api/spotify')
  await refreshSpotify()
}
