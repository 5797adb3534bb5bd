// The one player of the page. It plays a track's own file, else a preview of thirty seconds from a source that is used;
// nothing is requested before somebody presses play.
import { reactive } from 'vue'
import { get, problemOf } from './client.js'
import { sourcesFor } from './sources.js'

// `track` is what the bar shows, null while there is none; `at` and `length` are in seconds.
export const player = reactive({
  ...{ track: null, busy: false, playing: false, at: 0, length: 0 },
  ...{ credit: null, link: null, source: null, problem: null, unplayable: false },
})
let audio = null
let turn = 0

const keyOf = (track) => track?.id ?? track?.title
export const isPlaying = (track) => player.playing && keyOf(player.track) === keyOf(track)
/** Whether there is something to press play for, so far as is known. */
export const canPlay = (track) => Boolean(track.audio_url || (track.id && sourcesFor('preview').length))

function listenTo(element) {
  const note = (changes) => Object.assign(player, changes)
  element.addEventListener('play', () => note({ playing: true }))
  element.addEventListener('pause', () => note({ playing: false }))
  element.addEventListener('timeupdate', () => note({ at: element.currentTime }))
  element.addEventListener('durationchange', () =>
    note({ length: Number.isFinite(element.duration) ? element.duration : 0 }),
  )
  element.addEventListener('error', () => {
    if (element.getAttribute('src')) note({ playing: false, problem: 'It does not play. Press play to try again.' })
  })
  return element
}

/** Give the player the element that sounds. */
export function sound(element) {
  audio = element && listenTo(element)
}

function silence() {
  audio?.pause()
  audio?.removeAttribute('src')
}

/** @returns {Promise<{ url: string, credit?: string | null, link?: string | null, title?: string }>} */
async function addressOf(track) {
  if (track.audio_url) return { url: track.audio_url }
  return get(`/api/tracks/${encodeURIComponent(track.id)}/preview`)
}

/** Play a track from its beginning; pause or go on with the one that is in the player. */
export async function play(track) {
  if (keyOf(player.track) === keyOf(track) && audio?.getAttribute('src') && !player.problem) return toggle()
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
  if (player.unplayable) return
  player.busy = true
  const problem = await problemOf(async () => {
    const found = await addressOf(track)
    if (mine !== turn) return
    Object.assign(player, { credit: found.credit ?? null, link: found.link ?? null, source: found.title ?? null })
    audio.src = found.url
  })
  if (mine !== turn) return
  Object.assign(player, { busy: false, problem: problem ? [problem.message, problem.hint].join(' ') : null })
  if (!problem) await start()
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

export function seek(at) {
  audio.currentTime = at
}

export function close() {
  turn += 1
  silence()
  Object.assign(player, { track: null, busy: false, playing: false, problem: null, unplayable: false })
}
