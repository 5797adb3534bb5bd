// What the pictures and mood bars of the playlists are drawn from, by id; null until the server has said.
import { computed, shallowRef, watch } from 'vue'
import { get, problemOf } from '../api/client.js'
import { playlists } from '../api/playlists.js'

export function useTiles() {
  const drawn = shallowRef(null)
  const count = computed(() => (playlists.value ?? []).map(({ id, item_count: rows }) => `${id} ${rows}`).join())
  async function load() {
    const { tiles } = await get('/api/playlists/tiles')
    drawn.value = new Map(tiles.map((tile) => [tile.id, tile]))
  }
  // They are decoration: without them the lists are all there.
  watch(count, (there) => there && problemOf(load), { immediate: true })
  return drawn
}
