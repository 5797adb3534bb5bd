// Private windows and strict settings refuse storage; what is remembered then lasts as long as the page.
function guarded(act) {
  try {
    return act()
  } catch (refused) {
    if (!(refused instanceof DOMException)) throw refused
    return null
  }
}

export const recall = (kind, key) => guarded(() => window[kind].getItem(key))
export const remember = (kind, key, value) => guarded(() => window[kind].setItem(key, value))
