import { neverIds } from '../../api/never.js'
import { folded } from '../../strings/versions.js'

/** The recommended tracks as they are shown: each recording once, none that is never wanted again. */
export const shownOf = (picks) => folded((picks?.tracks ?? []).filter(({ id }) => !neverIds.value.has(id)))
