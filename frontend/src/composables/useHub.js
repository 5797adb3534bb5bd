// What all tabs of a playlist share: its rows, loaded once, and its people as they are drawn everywhere.
import { computed, onBeforeUnmount, reactive, ref, watch } from 'vue'
import { ended, uploads } from '../api/uploads.js'
import { describePeople, NOBODY } from '../plot/people.js'
import { usePlaylist } from './usePlaylist.js'

/** @param {() => string} idOf */
export function useHub(idOf) {
  const { playlist, rows, tiles, error, loading, load, stop } = usePlaylist()
  const people = computed(() => (playlist.value ? describePeople(playlist.value, rows.value) : []))
  const byId = computed(() => new Map(people.value.map((person) => [person.id, person])))
  const personOf = (row) => byId.value.get(row.added_by) ?? NOBODY
  const personCalled = (id) => byId.value.get(id) ?? NOBODY
  // Counts how often something was gathered or changed, for what a tab has loaded besides.
  const news = ref(0)
  async function again() {
    await load(idOf(), { again: true })
    news.value += 1
  }
  watch(idOf, (id) => load(id), { immediate: true })

  // A file of this playlist has been read again, in another way.
  const corrections = computed(
    () =>
      uploads.filter((upload) => upload.corrected && ended(upload) && upload.run?.playlist_ids.includes(idOf())).length,
  )
  watch(corrections, (count, before) => count > before && again())
  onBeforeUnmount(stop)
  return reactive({ playlist, rows, tiles, error, loading, people, news, personOf, personCalled, load, again })
}
