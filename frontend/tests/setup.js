// What the modules and the router use of a browser: the address, the history, storage and the media query.
function storage() {
  const items = new Map()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, String(value)),
    clear: () => items.clear(),
  }
}

const location = new URL('http://localhost/')
const history = {
  state: null,
  pushState(state, _title, address) {
    this.state = state
    location.href = new URL(address, location).href
  },
  replaceState(state, title, address) {
    this.pushState(state, title, address)
  },
}
const document = Object.assign(new EventTarget(), {
  documentElement: { dataset: {}, style: { scrollBehavior: '' } },
  querySelector: () => null,
  createElement: () => ({}),
})
Object.assign(globalThis, { location, history, document })
globalThis.window = Object.assign(new EventTarget(), {
  ...{ location, history },
  scrollTo() {},
  matchMedia: () => Object.assign(new EventTarget(), { matches: false }),
  localStorage: storage(),
  sessionStorage: storage(),
})
