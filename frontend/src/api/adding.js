import { shallowRef } from 'vue'

/** The track for which the page asks into which playlist it is to go, null while it asks nothing. */
export const adding = shallowRef(null)
