import { reactive } from 'vue'
import { ApiError, errorFrom, get } from './api.js'
import { refreshPlaylists } from './playlists.js'
import { go, href, route } from './router.js'
import { refreshStatus } from './status.js'
import { recall, remember } from './storage.js'

const KEY = 'tastemap-runs'
const RETRY_MS = 2000
const ENDED = ['done', 'failed']

// One entry per dropped file: {key, name, sent: 0..1, run, error}. Runs that still go on outlive a reload.
export const uploads = reactive([])
let counter = 0

export const ended = (upload) => Boolean(upload.error) || ENDED.includes(upload.run?.state)
const running = () =>
  uploads.filter((upload) => upload.run && !ended(upload)).map(({ name, run }) => ({ name, id: run.id }))

const note = () => remember('sessionStorage', KEY, JSON.stringify(running()))

function add(name, more) {
  counter += 1
  uploads.push({ key: counter, name, sent: 0, run: null, error: null, alone: false, ...more })
  return uploads[uploads.length - 1]
}

export function dismiss(upload) {
  uploads.splice(uploads.indexOf(upload), 1)
}

// A single playlist file opens by itself as soon as it has tracks, unless the listener has gone elsewhere.
function progress(upload, run) {
  upload.run = run
  if (!upload.alone || !run.playlist_id || !(run.stored + run.known)) return
  upload.alone = false
  if (route.view === 'playlist' && !route.id) go(href('playlist', run.playlist_id))
}

async function finish(upload, run) {
  progress(upload, run)
  note()
  await Promise.all([refreshPlaylists(), refreshStatus()])
}

// EventSource reconnects by itself while the server answers; once it gives up, ask again in a while.
function listen(upload, id) {
  const address = `/api/runs/${encodeURIComponent(id)}`
  const events = new EventSource(`${address}/events`)
  events.addEventListener('progress', (event) => progress(upload, JSON.parse(event.data)))
  events.addEventListener('done', (event) => {
    events.close()
    finish(upload, JSON.parse(event.data))
  })
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(resume, RETRY_MS, upload, id)
  }
}

async function resume(upload, id) {
  try {
    const run = await get(`/api/runs/${encodeURIComponent(id)}`)
    if (ENDED.includes(run.state)) await finish(upload, run)
    else {
      upload.run = run
      listen(upload, id)
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.status === 404) {
      upload.error = error
      note()
    } else setTimeout(resume, RETRY_MS, upload, id)
  }
}

// XMLHttpRequest, because fetch does not say how much of a body has been sent.
function send(file, alone) {
  const upload = add(file.name, { alone })
  const form = new FormData()
  form.append('file', file)
  const request = new XMLHttpRequest()
  request.responseType = 'json'
  request.upload.onprogress = (event) => {
    if (event.lengthComputable) upload.sent = event.loaded / event.total
  }
  request.onerror = () => {
    upload.error = new ApiError(0, {
      message: 'The file could not be sent.',
      hint: 'Is the server still running? Then drop it again.',
    })
  }
  request.onload = () => {
    if (request.status >= 400) {
      upload.error = errorFrom(request.status, request.response)
      return
    }
    upload.sent = 1
    upload.run = request.response.run
    note()
    listen(upload, upload.run.id)
  }
  request.open('POST', '/api/uploads')
  request.send(form)
}

export function sendFiles(files) {
  const list = [...files]
  list.forEach((file) => send(file, list.length === 1))
}

export function resumeRuns() {
  const stored = JSON.parse(recall('sessionStorage', KEY) ?? '[]')
  const fresh = stored.filter(({ id }) => !uploads.some((upload) => upload.run?.id === id))
  fresh.forEach(({ name, id }) => resume(add(name, { sent: 1 }), id))
}
