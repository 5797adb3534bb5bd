// The tracks of a playlist as the map and the table show them. What is filtered, how it is sorted, what it is coloured by
// (people, unless it says so), which of these groups are hidden and which track is chosen stand in the address, so that both show the same and a reload keeps it.
import { computed, ref, watch } from 'vue'
import { GROUPINGS, groupsOf } from '../plot/groups.js'
import { plain } from '../strings/plain.js'
import { useChoice } from './useChoices.js'

export const LIST_QUERY = ['filter', 'sort', 'hide', 'chosen', 'colour']
export const IN_ORDER = 'position'

// What the filter looks through, made when it first does: for thousands of rows it takes longer than to draw them.
const wordsOf = (row) => (row.words ??= plain(`${row.title} ${row.artists.join(' ')} ${row.album ?? ''}`))

export function useTrackList(hub) {
  const active = ref(-1)
  // The field is ahead of the address while somebody types.
  const filtered = useChoice('filter')
  const filter = ref(filtered.value)
  watch(filter, (text) => {
    filtered.value = text
  })
  const sort = useChoice('sort', IN_ORDER)
  const hide = useChoice('hide')
  const hidden = computed({
    get: () => new Set(hide.value.split('.').filter(Boolean).map(Number)),
    set: (keys) => {
      hide.value = [...keys].join('.')
    },
  })
  // Keys of other groups say nothing of these.
  const coloured = useChoice('colour', 'person')
  const colour = computed({
    get: () => (coloured.value in GROUPINGS ? coloured.value : 'person'),
    set: (by) => {
      coloured.value = by
      hide.value = ''
    },
  })
  const grouping = computed(() =>
    colour.value === 'person' ? { groups: hub.people, groupOf: hub.personOf } : groupsOf(hub.rows, colour.value),
  )
  const groups = computed(() => grouping.value.groups)
  const groupOf = (row) => grouping.value.groupOf(row)
  const chosen = useChoice('chosen')
  const selected = computed({
    get: () => (chosen.value ? hub.rows.findIndex(({ id }) => id === chosen.value) : -1),
    set: (index) => {
      chosen.value = hub.rows[index]?.id ?? ''
    },
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
