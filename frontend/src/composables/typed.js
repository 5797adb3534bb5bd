// What was typed into the search box of the first HTML (templates/index.html), for the box that takes its place.
let typed = null

/** @param {HTMLInputElement} box */
export function rememberTyped(box) {
  const hasFocus = document.activeElement === box
  typed = { text: box.value, selection: hasFocus ? [box.selectionStart, box.selectionEnd] : null }
}

/** Returns { text, selection }, the latter null without focus; null when it was taken before. */
export function takeTyped() {
  const taken = typed
  typed = null
  return taken
}
