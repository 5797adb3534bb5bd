// The page's addresses. Each choice of a view is in its query; what a link cannot carry, the trail of tracks that led
// here, is in the state of the history: Back restores it. The server answers the same paths (api/page.py).
import { ref, shallowRef } from 'vue'
import { createRouter, createWebHistory, isNavigationFailure, NavigationFailureType, START_LOCATION } from 'vue-router'
import ADDRESSES from './addresses.json'

const withParts = (view, before = '') => `/${view}${before}/:part(${ADDRESSES[view].join('|')})?`

const PATHS = {
  discover: '/',
  track: '/track/:id?',
  playlists: '/playlists',
  playlist: withParts('playlist', '/:id'),
  library: withParts('library'),
  settings: withParts('settings'),
  nowhere: '/:path(.*)*',
}

const isSet = ([, value]) => value !== null && value !== undefined && value !== ''
const queryText = (query) => new URLSearchParams(Object.entries(query).filter(isSet)).toString()

export const router = createRouter({
  history: createWebHistory(),
  routes: [],
  parseQuery: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifyQuery: queryText,
  scrollBehavior: (to, from, saved) => saved ?? (isStep(to, from) ? { top: 0 } : false),
})

/** Say which component shows each page of PATHS; an import of one is done when it is first opened. */
export function addViews(views) {
  for (const [name, path] of Object.entries(PATHS)) router.addRoute({ name, path, component: views[name] })
}

/** The current route, for modules; components use useRoute. */
export const route = router.currentRoute

/** The tracks that led here, oldest first, each {id, label, address}. */
export const trail = shallowRef([])

/** The key by which a track's page provides what its links lead on: the trail up to its own track. */
export const TRAIL = Symbol('trail')

/** How often one went on within the page, so that a view can tell a step from its first loading. */
export const moves = ref(0)

/** The address that was wanted last and whose script could not be fetched, '' where there is none. */
export const unreached = ref('')

/** The search text in a query. @param {Record<string, any>} query @returns {string} */
export const typedOf = ({ q, track, artist }) => q ?? [artist, track].filter(Boolean).join(' ')

/**
 * A path such as /playlist/7/next?x=energy: the view, further parts of the path, and the query last. Discover is /.
 * @param {string} view @param {...any} more
 */
export function href(view, ...more) {
  const query = typeof more.at(-1) === 'object' ? more.pop() : {}
  const path = view === 'discover' ? '' : [view, ...more.filter(Boolean).map(encodeURIComponent)].join('/')
  const text = queryText(query ?? {})
  return `/${path}${text ? `?${text}` : ''}`
}

/** A track's page; one without an id is looked up by its names. `link` is the playlist whose link shares it. */
export const trackHref = (track) =>
  track.id
    ? href('track', track.id, track.link ? { playlist: track.link } : {})
    : href('track', { track: track.title, artist: track.artists?.[0] })

/** The place that an address names, reached by this trail. */
export function withTrail(address, led) {
  const { path, query } = router.resolve(address)
  return { path, query, state: { trail: led } }
}

/** Resolves to whether the address was reached: false where its script could not be fetched, which the page says. */
export async function go(address) {
  try {
    await router.push(address)
    return true
  } catch (error) {
    if (!isUnfetched(error)) throw error
    return false
  }
}

// The end of the navigation that is under way, which an amendment would cancel: { promise, arrive }, else null. It begins
// with the call, for guards hear of it some time later, and with the guards, for Back makes no call.
let underWay = null
function depart() {
  if (underWay) return
  let arrive = () => {}
  const promise = new Promise((resolve) => {
    arrive = () => resolve(null)
  })
  underWay = { promise, arrive }
}
function arrive() {
  underWay?.arrive()
  underWay = null
}
const replaceQuietly = router.replace
for (const way of /** @type {const} */ (['push', 'replace'])) {
  const move = router[way]
  router[way] = (to) => {
    depart()
    return move(to)
  }
}

let amended = {}
let amendment = ''
/** Note a changed setting of the same view in the address, without a step for Back; nothing once one has left the view. */
export async function amend(query) {
  const { path } = route.value
  while (underWay) await underWay.promise
  if (route.value.path !== path) return
  amended = { ...amended, ...query }
  const place = { path, query: { ...route.value.query, ...amended } }
  amendment = router.resolve(place).fullPath
  await replaceQuietly({ ...place, state: { trail: trail.value } })
}

function isStep(to, from) {
  return from !== START_LOCATION && (to.path !== from.path || typedOf(to.query) !== typedOf(from.query))
}

router.beforeEach((to) => {
  if (to.fullPath !== amendment) depart()
})

router.afterEach((to, from, failure) => {
  // Another one has taken the place of a cancelled one.
  if (!isNavigationFailure(failure, NavigationFailureType.cancelled)) arrive()
  if (failure) return
  amended = {}
  amendment = ''
  unreached.value = ''
  trail.value = window.history.state?.trail ?? []
  if (isStep(to, from)) moves.value += 1
})

/** Whether an import failed because its script could not be fetched. */
export const isUnfetched = (error) => /dynamically imported module|Importing a module script/.test(error.message)

// Without the server, or after it was updated, a view's script cannot be had: UnreachedNotice.vue says so.
router.onError((error, to) => {
  arrive()
  if (!isUnfetched(error)) throw error
  unreached.value = to.fullPath
})
