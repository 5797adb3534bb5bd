// The one player of the page. It plays a track's own file, else a preview of thirty seconds from a source that is used;
// nothing is requested before somebody presses play. A list is played in order; what has no preview is passed over.
import { reactive, watch } from 'vue'
import { get, problemOf } from './client.js'
import { sourcesFor } from './sources.js'
import { PLAYER } from '../strings/player.js'

// `track` is what the bar shows, null while there is none; `at` and `length` are in seconds. `list` is the id of the list
// that is played, `count` how many of its tracks can be played, and `left` how many of them come after this one.
export const player = reactive({
  ...{ track: null, busy: false, playing: false, at: 0, length: 0 },
  ...{ credit: null, link: null, source: null, problem: null, unplayable: false },
  ...{ list: null, count: 0, left: 0 },
})
let audio = null
let queue = []
let place = -1
// Where one goes back to the beginning of the track, and not to the one before it, as players do.
const BEGUN_S = 3
// Tracks without a preview in a row, after which a list stops: each of them is a question to the sources.
const MOST_PASSED = 5
let turn = 0

const keyOf = (track) => track?.id ?? track?.title
export const isPlaying = (track) => player.playing && keyOf(player.track) === keyOf(track)
/** Why there is nothing to press play for, so far as is known; empty where there is. */
export function whyNot(track) {
  if (track.audio_url) return ''
  if (!track.id) return PLAYER.nameless
  return sourcesFor('preview').length ? '' : PLAYER.noSource
}
export const canPlay = (track) => !whyNot(track)
export const isPlayingList = (id) => player.playing && player.list === id

function listenTo(element) {
  const note = (changes) => Object.assign(player, changes)
  element.addEventListener('play', () => note({ playing: true }))
  element.addEventListener('pause', () => note({ playing: false }))
  element.addEventListener('timeupdate', () => note({ at: element.currentTime }))
  element.addEventListener('durationchange', () =>
    note({ length: Number.isFinite(element.duration) ? element.duration : 0 }),
  )
  element.addEventListener('ended', () => next())
  element.addEventListener('error', () => {
    if (element.getAttribute('src')) note({ playing: false, problem: PLAYER.failed })
  })
  return element
}

// What the keys of a keyboard or a headset, and a locked phone, do and show.
const KEYS = /** @type {const} */ ({
  play: () => start(),
  pause: () => audio.pause(),
  nexttrack: () => next(),
  previoustrack: () => previous(),
  seekto: ({ seekTime }) => seek(seekTime),
})
function tellSystem(session) {
  for (const [key, act] of Object.entries(KEYS)) session.setActionHandler(/** @type {any} */ (key), act)
  watch(
    () => player.track,
    (track) => {
      session.metadata = track ? new MediaMetadata({ title: track.title, artist: track.artists?.join(', ') }) : null
    },
  )
}

/** Give the player the element that sounds. */
export function sound(element) {
  audio = element && listenTo(element)
  if (audio && navigator.mediaSession) tellSystem(navigator.mediaSession)
}

function silence() {
  audio?.pause()
  audio?.removeAttribute('src')
}

/** @returns {Promise<{ url: string, credit?: string | null, link?: string | null, title?: string }>} */
async function addressOf(track) {
  if (track.audio_url) return { url: track.audio_url }
  return get(`/api/tracks/${encodeURIComponent(track.id)}/preview`, { playlist: track.link })
}

/**
 * Play a track from its beginning; pause or go on with the one that is in the player. What comes after it in its list is
 * played after it.
 * @param {any} track @param {any[]} list @param {string | null} id of the list
 */
export function play(track, list = [], id = null) {
  if (keyOf(player.track) === keyOf(track) && audio?.getAttribute('src') && !player.problem) return toggle()
  const playable = list.filter(canPlay)
  setQueue(playable, id, playable.indexOf(track))
  return begin(track)
}

/**
 * Play the tracks that can be played, in order; pause or go on where the list of this id is in the player. Where none can
 * be played, the player shows the first and says why.
 */
export function playAll(tracks, list = null) {
  if (list && player.list === list && audio?.getAttribute('src') && !player.problem) return toggle()
  const playable = tracks.filter(canPlay)
  setQueue(playable, playable.length ? list : null)
  return playable.length ? next() : begin(tracks[0])
}

function setQueue(tracks, list = null, at = -1) {
  queue = tracks
  Object.assign(player, { list, count: queue.length })
  standAt(at)
}
function standAt(at) {
  place = at
  player.left = Math.max(0, queue.length - 1 - place)
}

// Go on to the nearest track of the list in that direction that has something to hear.
async function step(by) {
  for (let passed = 0; queue[place + by] && passed < MOST_PASSED; passed += 1) {
    standAt(place + by)
    if (await begin(queue[place])) return
  }
}
export const next = () => step(1)

/** Back to the beginning of the track; right at its beginning, to the track before it. */
export function previous() {
  if (player.at > BEGUN_S || place < 1) return seek(0)
  return step(-1)
}

// Whether it is done with: false where there is nothing to hear and nobody chose another track meanwhile.
async function begin(track) {
  const mine = (turn += 1)
  silence()
  Object.assign(player, {
    track,
    at: 0,
    length: 0,
    credit: null,
    link: null,
    source: null,
    problem: null,
    playing: false,
  })
  player.unplayable = !canPlay(track)
  if (player.unplayable) return true
  player.busy = true
  const problem = await problemOf(async () => {
    const found = await addressOf(track)
    if (mine !== turn) return
    Object.assign(player, { credit: found.credit ?? null, link: found.link ?? null, source: found.title ?? null })
    audio.src = found.url
  })
  if (mine !== turn) return true
  Object.assign(player, { busy: false, problem: problem ? [problem.message, problem.hint].join(' ') : null })
  if (!problem) await start()
  return !problem
}

async function start() {
  try {
    await audio.play()
  } catch (refused) {
    // Another track was chosen meanwhile, or the element says itself what is wrong.
    if (!(refused instanceof DOMException)) throw refused
  }
}

export function toggle() {
  if (player.playing) audio.pause()
  else start()
}

/** @param {number} at in seconds; beyond either end it is that end */
export function seek(at) {
  audio.currentTime = Math.min(Math.max(0, at), player.length || at)
}

export function close() {
  turn += 1
  silence()
  setQueue([])
  Object.assign(player, { track: null, busy: false, playing: false, problem: null, unplayable: false })
}
