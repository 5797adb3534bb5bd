// The address is the state: #/track/<id>, #/track?q=<text>, #/playlist/<id>?x=energy&y=valence, #/lab/<panel>,
// #/data/<part>.
// What a link cannot carry, the trail of tracks that led here, travels in history.state: Back restores it.
import { reactive, readonly } from 'vue'

const VIEWS = ['track', 'playlist', 'lab', 'data']
/** @type {{ view: string, id: string | null, query: Record<string, string>, trail: any[], moves: number }} */
const state = { view: 'track', id: null, query: {}, trail: [], moves: 0 }
const current = reactive(state)
export const route = /** @type {Readonly<typeof state>} */ (readonly(current))

export function href(view, id = null, query = {}) {
  const known = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '')
  const search = new URLSearchParams(known).toString()
  return `#/${view}${id ? `/${encodeURIComponent(id)}` : ''}${search ? `?${search}` : ''}`
}

/** The search text in a query. @param {Record<string, string>} query */
export const typedOf = ({ q, track, artist }) => q ?? [artist, track].filter(Boolean).join(' ')

// A track's page; one without an id is looked up by its names.
export const trackHref = (track) =>
  track.id ? href('track', track.id) : href('track', null, { track: track.title, artist: track.artists?.[0] })

function decoded(part) {
  try {
    return decodeURIComponent(part)
  } catch (malformed) {
    if (!(malformed instanceof URIError)) throw malformed
    return part
  }
}

function read() {
  const [path, search = ''] = location.hash.slice(2).split(/\?(.*)/s)
  const [view, id] = path.split('/')
  current.view = VIEWS.includes(view) ? view : VIEWS[0]
  current.id = id ? decoded(id) : null
  current.query = Object.fromEntries(new URLSearchParams(search))
  current.trail = history.state?.trail ?? []
}

// Go somewhere new; `moves` counts these, so that a view can tell a step from its first loading.
export function go(address, { trail = [] } = {}) {
  history.pushState({ trail }, '', address)
  current.moves += 1
  read()
  window.scrollTo(0, 0)
}

// Note a changed setting of the same view in the address, without a step for Back.
export function amend(query) {
  history.replaceState(history.state, '', href(current.view, current.id, { ...current.query, ...query }))
  read()
}

// A plain click moves within the page; with a modifier the browser opens its tab or window.
export function follow(event, address, options) {
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  go(address, options)
}

window.addEventListener('popstate', () => {
  current.moves += 1
  read()
})
read()
