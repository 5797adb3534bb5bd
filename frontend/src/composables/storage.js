// `kind` is 'localStorage' or 'sessionStorage'. Private windows and strict settings refuse storage; what is remembered then lasts as long as the page.
function guarded(act) {
  try {
    return act()
  } catch (refused) {
    if (!(refused instanceof DOMException)) throw refused
    return null
  }
}

/** @returns {Storage} @param {'localStorage' | 'sessionStorage'} kind */
const storageOf = (kind) => window[kind]

export const recall = (kind, key) => guarded(() => storageOf(kind).getItem(key))
export const remember = (kind, key, value) => guarded(() => storageOf(kind).setItem(key, value))
