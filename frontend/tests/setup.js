// What the modules use of a browser when they are loaded: the address, the history, storage and the media query.
function storage() {
  const items = new Map()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, String(value)),
    clear: () => items.clear(),
  }
}

globalThis.location = { hash: '' }
globalThis.history = {
  state: null,
  pushState(state, _title, address) {
    this.state = state
    location.hash = address
  },
  replaceState(state, _title, address) {
    this.pushState(state, _title, address)
  },
}
globalThis.window = Object.assign(new EventTarget(), {
  scrollTo() {},
  matchMedia: () => Object.assign(new EventTarget(), { matches: false }),
  localStorage: storage(),
  sessionStorage: storage(),
})
