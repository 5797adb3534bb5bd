// The focus falls to the body when what has it is disabled or goes: it is then given to what comes next.
import { nextTick } from 'vue'

/**
 * Wait until the page is drawn anew, then focus what `find` returns, unless something else has the focus.
 * @param {() => HTMLElement | null | undefined} find @param {FocusOptions} [options]
 */
export async function focusIfLost(find, options) {
  await nextTick()
  if (document.activeElement === document.body) find()?.focus(options)
}
