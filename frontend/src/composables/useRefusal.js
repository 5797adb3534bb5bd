// Sends a track of a list away and loads the list again; the row that goes hands the focus to the one in its place.
import { nextTick } from 'vue'
import { postpone } from '../api/never.js'

export const useRefusal = ({ box, error, ask, load }) =>
  async function refuse(act, track, at) {
    await ask(() => act(track.id))
    if (!error.value) await load()
    await nextTick()
    const buttons = box.value?.querySelectorAll(act === postpone ? '[data-later]' : '[data-never]') ?? []
    buttons[Math.min(at, buttons.length - 1)]?.focus()
  }
