// The map of a playlist by its sound: where each of its tracks is, asked for once it is wanted.
import { ref, shallowRef, watch } from 'vue'
import { get } from '../api/client.js'
import { useRequest } from './useRequest.js'

/**
 * `places` is a Map of track ids to [x, y], null where there is no such map.
 * @param {string} playlist @param {() => boolean} isWanted
 */
export function useSoundMap(playlist, isWanted) {
  const places = shallowRef(null)
  const looked = ref(false)
  const { error, busy, ask } = useRequest()
  async function load() {
    const path = /** @type {const} */ (`/api/playlists/${encodeURIComponent(playlist)}/projection`)
    const answer = await ask(() => get(path, {}))
    looked.value = true
    if (!answer) return
    const { id, tsne, umap } = answer.columns
    places.value = new Map(id.map((track, at) => [track, (tsne ?? umap)[at]]))
  }
  watch(isWanted, (wanted) => wanted && !looked.value && load(), { immediate: true })
  return { places, looked, error, busy, load }
}
