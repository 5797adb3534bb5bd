// Every answer other than 200 becomes an ApiError in the shape of the server's own errors.
import { ERROR } from '../strings/page.js'
export class ApiError extends Error {
  constructor(
    status,
    { code = 'error', message, hint = '', candidates = [], sources = [], url = null, retry_at: retryAt = null },
  ) {
    super(message)
    this.status = status
    this.code = code
    this.hint = hint
    this.candidates = candidates
    this.sources = sources
    this.url = url
    this.retryAt = retryAt
  }
}

const UNREACHABLE = { code: 'unreachable', ...ERROR.unreachable }

export function errorFrom(status, body) {
  return new ApiError(status, body?.error ?? ERROR.unknown(status))
}

async function parsed(response) {
  if (response.status === 204) return null
  const json = response.headers.get('Content-Type')?.includes('json')
  const body = json ? await response.json() : null
  if (response.ok) return body
  throw errorFrom(response.status, body)
}

async function answered(path, options) {
  try {
    return await fetch(path, options)
  } catch (failure) {
    if (failure.name === 'AbortError') throw failure
    throw new ApiError(0, UNREACHABLE)
  }
}

// A server that is busy for a moment, such as one whose database starts again, says when to ask again. With 429 nothing
// was done; with 503 a change may have been made, so that only questions are asked again.
const TRIES = 3
const LONGEST_WAIT_S = 5
const later = (seconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
async function request(path, options) {
  const busy = options.method ? [429] : [429, 503]
  for (let tried = 1; ; tried += 1) {
    const response = await answered(path, options)
    const wait = busy.includes(response.status) ? Number(response.headers.get('Retry-After') ?? Infinity) : Infinity
    if (tried === TRIES || !(wait <= LONGEST_WAIT_S)) return parsed(response)
    await later(wait, options.signal)
  }
}

/**
 * @template {import('./types/client').Address<'get'>} A
 * @param {A} path
 * @param {import('./types/client').Query<'get', A>} [params]
 * @param {AbortSignal} [signal]
 * @returns {Promise<import('./types/client').Answer<'get', A>>}
 */
export function get(path, params, signal) {
  const known = Object.entries(params ?? {}).filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  )
  const search = new URLSearchParams(known).toString()
  return request(search ? `${path}?${search}` : path, { signal, headers: { Accept: 'application/json' } })
}

// A multipart form, such as a file with its options.
export const postForm = (path, form) => request(path, { method: 'POST', body: form })

const sent = (method) => (path, body) =>
  request(path, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body ?? {}) })

/** @type {import('./types/client').Send<'post'>} */
export const post = sent('POST')
/** @type {import('./types/client').Send<'put'>} */
export const put = sent('PUT')
/** @type {(path: import('./types/client').Address<'delete'>) => Promise<any>} */
export const remove = (path) => request(path, { method: 'DELETE' })

export const isAbort = (error) => error.name === 'AbortError'

// What went wrong on the way to the server, for a view to show; anything else is a fault of ours and goes on.
export async function problemOf(act) {
  try {
    await act()
    return null
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return error
  }
}
