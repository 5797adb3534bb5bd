import { shallowRef } from 'vue'
import { get, post, problemOf, remove } from './api.js'
import { remember } from './storage.js'

// What /api/spotify says: {configured, connected, user, expires_at, redirect_uri, notice}; null until it has answered.
export const spotify = shallowRef(null)
export const spotifyError = shallowRef(null)

export async function refreshSpotify() {
  spotifyError.value = await problemOf(async () => {
    spotify.value = await get('/api/spotify')
  })
}

// Leaves the page for Spotify's, which comes back to #/data.
export async function logIn() {
  const { url } = await post('/api/spotify/login')
  remember('sessionStorage', 'tastemap-login', 'yes')
  location.assign(url)
}

export async function finishLogin(url) {
  spotify.value = await post('/api/spotify/callback', { url })
}

export async function disconnect() {
  await remove('/api/spotify')
  await refreshSpotify()
}
