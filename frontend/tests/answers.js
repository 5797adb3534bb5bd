// Answers of a server that is not there.
import { vi } from 'vitest'

export const json = (body, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })

// Lets `fetch` answer with `respond(path, options)`; returns the mock, for its calls.
export function stubFetch(respond) {
  const mock = vi.fn(async (path, options) => respond(path, options))
  vi.stubGlobal('fetch', mock)
  return mock
}
