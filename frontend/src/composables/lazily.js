import { defineAsyncComponent, onMounted } from 'vue'
import { isUnfetched, route, unreached } from '../router.js'

// In the place of a part whose script could not be fetched: UnreachedNotice.vue says it, as often as one comes here.
const Missing = {
  setup() {
    onMounted(() => {
      unreached.value = route.value.fullPath
    })
    return () => null
  },
}

/** A part of a view whose script is fetched when it is first shown. @param {() => Promise<any>} load */
export const lazily = (load) =>
  defineAsyncComponent(() =>
    load().catch((error) => {
      if (!isUnfetched(error)) throw error
      return Missing
    }),
  )
