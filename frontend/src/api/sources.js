import { computed, onBeforeUnmount, onMounted, shallowRef, watch } from 'vue'
import { get, problemOf, put, remove } from './client.js'

// What /api/sources says: {decided, fixed, sources}; null until it has answered.
export const sourcing = shallowRef(null)
export const sourcesError = shallowRef(null)

export const sources = computed(() => sourcing.value?.sources ?? [])
export const sourceNamed = (name) => sources.value.find((source) => source.name === name) ?? null
export const titleOf = (name) => sourceNamed(name)?.title ?? null
// Those that are switched on and can be asked for one of `needs`.
export const asking = (...needs) =>
  sources.value.filter((source) => source.on && needs.some((need) => source.needs.includes(need)))

export async function refreshSources() {
  sourcesError.value = await problemOf(async () => {
    sourcing.value = await get('/api/sources')
  })
}

const AGAIN_MS = 15_000
const RETURNS = ['focus', 'visibilitychange']
const mayChange = ({ state }) => ['waiting', 'failing'].includes(state)

// Keeps the states fresh while a view shows them: on return to the page, and while a source waits or fails.
export function useFreshSources() {
  let timer = 0
  let gone = false
  function schedule() {
    clearTimeout(timer)
    if (!gone && sources.value.some(mayChange)) timer = setTimeout(look, AGAIN_MS)
  }
  async function look() {
    if (!document.hidden) await refreshSources()
    schedule()
  }
  watch(sources, schedule, { immediate: true })
  onMounted(() => RETURNS.forEach((name) => window.addEventListener(name, look)))
  onBeforeUnmount(() => {
    gone = true
    clearTimeout(timer)
    RETURNS.forEach((name) => window.removeEventListener(name, look))
  })
}

// The answer to "where may Tastemap ask?": these, and no others.
export async function decide(names) {
  sourcing.value = await put('/api/sources', { on: names })
}

const addressOf = (name) => `/api/sources/${encodeURIComponent(name)}`

export async function changeSource(name, changes) {
  const changed = await put(addressOf(name), changes)
  const known = sources.value.map((source) => (source.name === name ? changed : source))
  // Switching a source by itself is an answer to the question, too.
  sourcing.value = { ...sourcing.value, decided: sourcing.value.decided || 'on' in changes, sources: known }
}

export const forgetAnswers = (name) => remove(`${addressOf(name)}/answers`)

export const hasKeys = (source) => Boolean(source?.settings.every((setting) => setting.set || !setting.required))

// Whose terms are which: what is free for all, what is free to listeners, what wants an account of one's own.
export function kindOf(source) {
  if (source.settings.some((setting) => setting.required)) return 'own'
  return /CC0|CC BY|public domain/i.test(source.licence) ? 'open' : 'service'
}

// What is sent besides the address of this machine, which every service sees.
export const sendsBesides = ({ sends }) => sends.replace(/,? and this computer's network address/, '')

const KINDS = [
  { kind: 'open', title: 'Open data', about: 'Kept by volunteers, free to use.' },
  { kind: 'service', title: 'Services', about: 'Free to ask; their terms want it to stay non-commercial.' },
  { kind: 'own', title: 'With an account of your own', about: 'Needs a key that you get there.' },
]

export const grouped = (all) =>
  KINDS.map((group) => ({ ...group, members: all.filter((source) => kindOf(source) === group.kind) })).filter(
    ({ members }) => members.length,
  )

const GIVES = {
  search: 'finds tracks',
  track: 'names and ISRC',
  features: 'how it sounds',
  genres: 'genres',
  similar: 'similar tracks',
  preview: '30-second previews',
  analysis: 'timbre',
  genre_tracks: 'tracks of a genre',
  artists: 'artists',
}
const ORDER = Object.keys(GIVES)
const NOUNS = { search: 'search', track: 'names', features: 'sound', preview: 'preview' }
// Who finds tracks names them too; what only gathering asks for is said where one gathers.
const GATHERED = ['genre_tracks', 'artists']
const saidOf = (needs) =>
  needs.filter((need) => need !== 'track' || !needs.includes('search')).filter((need) => !GATHERED.includes(need))
const gives = (need) => GIVES[need] ?? need
export const nounOf = (need) => NOUNS[need] ?? gives(need)
export const givesAll = (needs) =>
  saidOf(needs)
    .sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map(gives)
    .join(', ')
