// The tracks of a playlist as the map and the table show them. What is filtered, how it is sorted, what it is coloured by
// (people, unless it says so), which of these groups are hidden and which track is chosen stand in the address, so that both show the same and a reload keeps it.
import { computed, ref, watch } from 'vue'
import { useRoute } from 'vue-router'
import { GROUPINGS, groupsOf } from '../plot/groups.js'
import { amend } from '../router.js'
import { plain } from '../strings/plain.js'

export const LIST_QUERY = ['filter', 'sort', 'hide', 'chosen', 'colour']
export const IN_ORDER = 'position'

// What the filter looks through, made when it first does: for thousands of rows it takes longer than to draw them.
const wordsOf = (row) => (row.words ??= plain(`${row.title} ${row.artists.join(' ')} ${row.album ?? ''}`))

export function useTrackList(hub) {
  const route = useRoute()
  const read = (name) => String(route.query[name] ?? '')
  const active = ref(-1)
  // The field is ahead of the address while somebody types.
  const filter = ref(read('filter'))
  watch(filter, (text) => amend({ filter: text }))
  const sort = computed({
    get: () => read('sort') || IN_ORDER,
    set: (by) => amend({ sort: by === IN_ORDER ? '' : by }),
  })
  const hidden = computed({
    get: () => new Set(read('hide').split('.').filter(Boolean).map(Number)),
    set: (keys) => amend({ hide: [...keys].join('.') }),
  })
  // Keys of other groups say nothing of these.
  const colour = computed({
    get: () => (read('colour') in GROUPINGS ? read('colour') : 'person'),
    set: (by) => amend({ colour: by === 'person' ? '' : by, hide: '' }),
  })
  const grouping = computed(() =>
    colour.value === 'person' ? { groups: hub.people, groupOf: hub.personOf } : groupsOf(hub.rows, colour.value),
  )
  const groups = computed(() => grouping.value.groups)
  const groupOf = (row) => grouping.value.groupOf(row)
  const selected = computed({
    get: () => (read('chosen') ? hub.rows.findIndex(({ id }) => id === read('chosen')) : -1),
    set: (index) => amend({ chosen: hub.rows[index]?.id ?? '' }),
  })
  const words = computed(() => plain(filter.value.trim()))
  const matches = computed(() => (words.value ? (row) => wordsOf(row).includes(words.value) : null))
  const listed = computed(() =>
    hub.rows
      .map((row, index) => ({ row, index }))
      .filter(({ row }) => !hidden.value.has(groupOf(row).key) && (!matches.value || matches.value(row))),
  )
  return { active, selected, filter, sort, hidden, matches, listed, colour, groups, groupOf }
}
