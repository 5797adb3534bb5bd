import { markRaw, reactive, toRaw, watch } from 'vue'
import { ApiError, errorFrom, post, postForm, problemOf } from './client.js'
import { refreshPlaylists } from './playlists.js'
import { go, href, moves, route } from '../router.js'
import { cancelRun, expectRun, followRun, hasEnded, putAway, refreshRuns } from './runs.js'
import { refreshStatus } from './status.js'
import { recall, remember } from '../composables/storage.js'
import { SENDING } from '../strings/page.js'

const KEY = 'tastemap-runs'
// More finished ones than this are put away, the oldest first.
const FINISHED_SHOWN = 4

// Files that may hold columns or an encoding to look at first, and how much of them is looked at.
const TEXTS = /\.(csv|tsv|txt|m3u8?|pls)$/i
const LOOKED_AT = 1 << 20

// One entry per dropped file: {key, name, file, sent: 0..1, run, error, seenAt: in moves of the router}, and what was
// chosen of how it is read: {options, preview, hasColumns, looking, lookError, corrected}. Runs that still go on outlive
// a reload.
export const uploads = reactive([])
let counter = 0

export const ended = (upload) => Boolean(upload.error) || hasEnded(upload.run)
const failed = (upload) => Boolean(upload.error || upload.run?.error)
const hasSkipped = (upload) => Object.values(upload.run?.skipped ?? {}).some(Boolean)
const running = () =>
  uploads.filter((upload) => upload.run && !ended(upload)).map(({ name, run }) => ({ name, id: run.id }))

const note = () => remember('sessionStorage', KEY, JSON.stringify(running()))

function add(name, more) {
  counter += 1
  const state = { file: null, sent: 0, run: null, error: null, alone: false, seenAt: Infinity, endedAt: -1 }
  const reading = { options: {}, preview: null, hasColumns: false, looking: false, lookError: null, corrected: false }
  uploads.push({ key: counter, name, ...state, ...reading, ...more })
  return uploads[uploads.length - 1]
}

export function dismiss(upload) {
  uploads.splice(uploads.indexOf(upload), 1)
}

// On its way it is not sent any further; what the server has of it ends there, and its card says so.
export function cancel(upload) {
  if (upload.run) return cancelRun(upload.run)
  upload.stop?.()
  dismiss(upload)
}

export function dismissEnded() {
  uploads.filter(ended).forEach(dismiss)
}

const isOpen = ({ run }) => !run.playlist_id || run.playlist_id === route.value.params.id

// Whether a card that has ended belongs above the view: it failed, it ended there, or its playlist is open. Elsewhere what
// came in would stand above every view until somebody put it away; the view of all playlists has it still.
export const concernsView = (upload) =>
  ended(upload) && (failed(upload) || upload.endedAt === moves.value || isOpen(upload))

// What came in goes by itself with the next step: at once if it came in whole, else after its playlist was opened.
watch(moves, (count) => {
  for (const upload of uploads.filter((other) => ended(other) && !failed(other) && !other.preview)) {
    if (upload.seenAt < count) dismiss(upload)
    else if (isOpen(upload)) upload.seenAt = count
  }
})

// A single playlist file opens by itself as soon as it has tracks, unless the listener has gone elsewhere. Resolves
// once its view is there.
function progress(upload, run) {
  upload.run = run
  if (!upload.alone || !run.playlist_id || !(run.stored + run.known)) return
  upload.alone = false
  if (route.value.name === 'playlists') return go(href('playlist', run.playlist_id, 'map'))
}

function follow(upload, id) {
  let opened
  expectRun({ id })
  followRun(id, {
    onProgress(run) {
      opened ??= progress(upload, run)
    },
    async onEnd(run) {
      const opens = progress(upload, run)
      await (opened ?? opens)
      upload.endedAt = moves.value
      // Of the demo, or after a reload, there is no file whose reading could be looked at.
      if (!upload.file && !failed(upload) && !hasSkipped(upload)) dismiss(upload)
      else if (!hasSkipped(upload) || isOpen(upload)) upload.seenAt = moves.value
      note()
      const finished = uploads.filter((other) => ended(other) && !failed(other))
      finished.slice(0, Math.max(0, finished.length - FINISHED_SHOWN)).forEach(dismiss)
      await Promise.all([refreshPlaylists(), refreshStatus(), refreshRuns()])
      // Its card says so, or its map has opened.
      if (!failed(upload)) putAway(id)
    },
    onGone(error) {
      upload.error = error
      note()
    },
  })
}

function began(upload, run) {
  upload.sent = 1
  upload.run = run
  note()
  follow(upload, run.id)
}

function formOf(content, { name, options }) {
  const form = new FormData()
  form.append('options', JSON.stringify(options))
  form.append('file', content, name)
  return form
}

// Ask how the file would be read with these options. What is chosen meanwhile counts, not a late answer.
export async function look(upload, options = { ...upload.options }) {
  Object.assign(upload, { options, looking: true })
  const current = () => toRaw(upload.options) === toRaw(options)
  const error = await problemOf(async () => {
    const form = formOf(upload.file.slice(0, LOOKED_AT), { name: upload.name, options })
    const { preview } = await postForm('/api/uploads/preview', form)
    if (current()) Object.assign(upload, { preview, hasColumns: preview.columns.length > 0 })
  })
  if (current()) Object.assign(upload, { lookError: error, looking: false })
}

export function stopLooking(upload) {
  upload.preview = null
  if (!upload.run) dismiss(upload)
}

// XMLHttpRequest, because fetch does not say how much of a body has been sent. Resolves when the server has the file.
function send(upload) {
  const form = formOf(upload.file, upload)
  const request = new XMLHttpRequest()
  upload.stop = () => request.abort()
  request.responseType = 'json'
  request.upload.onprogress = (event) => {
    if (event.lengthComputable) upload.sent = event.loaded / event.total
  }
  const over = new Promise((resolve) => {
    request.onloadend = resolve
  })
  request.onerror = () => {
    upload.error = new ApiError(0, SENDING.failed)
  }
  request.onload = () => {
    if (request.status >= 400) {
      upload.error = errorFrom(request.status, request.response)
      return
    }
    began(upload, request.response.run)
  }
  request.open('POST', '/api/uploads')
  request.send(form)
  return over
}

// One after the other: the answer to a browser's first file opens the session that the next ones belong to.
let sending = Promise.resolve()

export function sendFiles(files) {
  const list = [...files]
  const queued = list.map((file) => add(file.name, { file: markRaw(file), alone: list.length === 1 }))
  for (const upload of queued) sending = sending.then(() => bring(upload))
}

export async function bringDemo() {
  const upload = add(SENDING.demo, { alone: true })
  upload.error = await problemOf(async () => {
    const [songs, sound] = (await post('/api/demo')).runs
    began(upload, songs)
    began(add(SENDING.demoSound), sound)
  })
}

// Whoever brings a file is asked where something is doubtful. A file that cannot be looked at is refused by its import.
async function bring(upload) {
  if (!uploads.includes(upload)) return
  if (TEXTS.test(upload.name)) await look(upload)
  if (upload.preview?.doubts.length) return
  Object.assign(upload, { preview: null, lookError: null })
  await send(upload)
}

export function bringAsRead(upload) {
  const corrected = Boolean(upload.run)
  Object.assign(upload, { preview: null, run: null, error: null, sent: 0, seenAt: Infinity, corrected })
  sending = sending.then(() => send(upload))
}

// The browser has a file until the page is loaded anew.
export const canCorrect = (upload) => Boolean(upload.file) && upload.hasColumns && ended(upload)

// What everybody's models learn from is taken when the operator says so, for all such files that have been dropped.
export const canGive = (upload) => Boolean(upload.file) && upload.run?.error?.code === 'not_given'

export function giveAll() {
  for (const upload of uploads.filter(canGive)) {
    upload.options = { ...upload.options, read_as: 'shared' }
    bringAsRead(upload)
  }
}

export function resumeRuns() {
  const stored = JSON.parse(recall('sessionStorage', KEY) ?? '[]')
  const fresh = stored.filter(({ id }) => !uploads.some((upload) => upload.run?.id === id))
  fresh.forEach(({ name, id }) => follow(add(name, { sent: 1 }), id))
}
