import { unwantedIds } from '../../api/never.js'
import { folded } from '../../strings/versions.js'

/** The recommended tracks as they are shown: each recording once, none that is not wanted. */
export const shownOf = (picks) => folded((picks?.tracks ?? []).filter(({ id }) => !unwantedIds.value.has(id)))
