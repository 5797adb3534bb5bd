import { computed, onBeforeUnmount, shallowReactive } from 'vue'

// The notices on the page, in the order in which they came: {say, retry}.
const notices = shallowReactive(/** @type {{ say: import('vue').ComputedRef<string>, retry: () => void }[]} */ ([]))
const saysServerIsAway = (error) => error.status === 0 || error.status === 503

/**
 * Of equal notices that the server is away one is shown, and its retry is that of all of them. Other notices belong to
 * the place where they stand. Returns whether this one is shown, and the retry.
 * @param {() => any} error @param {() => void} retry
 */
export function useOneNotice(error, retry) {
  const say = computed(() => (saysServerIsAway(error()) ? error().message : ''))
  const own = { say, retry }
  const equal = computed(() => notices.filter((notice) => notice.say.value && notice.say.value === say.value))
  notices.push(own)
  onBeforeUnmount(() => notices.splice(notices.indexOf(own), 1))
  const shown = computed(() => !say.value || equal.value[0] === own)
  const retryAll = () => (say.value ? equal.value.forEach((notice) => notice.retry()) : retry())
  return { shown, retryAll }
}
