// The focus falls to the body when what has it is disabled or goes: it is then given to what comes next.
import { nextTick, watch } from 'vue'

/**
 * Wait until the page is drawn anew, then focus what `find` returns, unless something else has the focus.
 * @param {() => HTMLElement | null | undefined} find @param {FocusOptions} [options]
 */
export async function focusIfLost(find, options) {
  await nextTick()
  if (document.activeElement === document.body) find()?.focus(options)
}

const FIRST = '[data-state], button, input, a'
const firstIn = (element) => (element?.matches(FIRST) ? element : element?.querySelector(FIRST))

/**
 * Where what has the focus in `box` goes when `changing` changes, what takes its place there has it; where the box goes
 * too, what takes the place of the box, else the first of what is around it.
 * @param {import('vue').Ref<HTMLElement | null>} box @param {import('vue').WatchSource<any> | import('vue').WatchSource<any>[]} changing
 */
export function keepFocus(box, changing) {
  const replaced = (before, around) => firstIn(before ? before.nextElementSibling : around.firstElementChild)
  async function hand() {
    const held = box.value
    if (!held?.contains(document.activeElement)) return
    const { parentElement: around, previousElementSibling: before } = held
    // Until the drawing of the change is due.
    await null
    focusIfLost(() => firstIn(box.value) ?? replaced(before, around) ?? firstIn(around))
  }
  // At once: the view around it may take the component away before its own watchers have their turn.
  watch(changing, hand, { flush: 'sync' })
}
