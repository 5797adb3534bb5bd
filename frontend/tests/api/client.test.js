import { expect, test, vi } from 'vitest'
import { ApiError, get, isAbort, post, problemOf, remove } from '../../src/api/client.js'
import { json, stubFetch } from '../answers.js'

test('parameters that are not set are not sent', async () => {
  const fetch = stubFetch(() => json({ ok: true }))
  expect(await get('/x', { a: 0, b: '', c: null, d: undefined, e: 'f g' })).toEqual({ ok: true })
  expect(fetch.mock.calls[0][0]).toBe('/x?a=0&e=f+g')
  await get('/x', { b: '' })
  expect(fetch.mock.calls[1][0]).toBe('/x')
})

test('a body is sent as JSON, an empty one where there is none', async () => {
  const fetch = stubFetch(() => json({}))
  await post('/x', { a: 1 })
  await post('/y')
  expect(fetch.mock.calls.map(([, { method, body }]) => [method, body])).toEqual([
    ['POST', '{"a":1}'],
    ['POST', '{}'],
  ])
  expect(fetch.mock.calls[0][1].headers['Content-Type']).toBe('application/json')
})

test('an answer without content is null', async () => {
  stubFetch(() => new Response(null, { status: 204 }))
  expect(await remove('/x')).toBeNull()
})

test("the server's error keeps its code, words and candidates", async () => {
  const error = { code: 'ambiguous', message: 'Which?', hint: 'Say.', candidates: [{ id: '1' }], retry_at: 'later' }
  stubFetch(() => json({ error }, 409))
  const problem = await problemOf(() => get('/x'))
  expect(problem).toBeInstanceOf(ApiError)
  expect(problem).toMatchObject({
    status: 409,
    code: 'ambiguous',
    message: 'Which?',
    hint: 'Say.',
    candidates: [{ id: '1' }],
    sources: [],
    retryAt: 'later',
  })
})

test('an answer that is no JSON is named by its status', async () => {
  stubFetch(() => new Response('<html>', { status: 502 }))
  expect(await problemOf(() => get('/x'))).toMatchObject({ status: 502, message: 'The server answered 502.' })
})

test('a server that does not answer is a problem to show, an aborted question is not', async () => {
  stubFetch(() => Promise.reject(new TypeError('refused')))
  expect(await problemOf(() => get('/x'))).toMatchObject({ status: 0, code: 'unreachable' })
  stubFetch(() => Promise.reject(new DOMException('stop', 'AbortError')))
  await expect(get('/x')).rejects.toSatisfy(isAbort)
})

test('a fault of our own is not shown as a problem', async () => {
  const fault = new TypeError('ours')
  await expect(problemOf(() => Promise.reject(fault))).rejects.toBe(fault)
  expect(await problemOf(vi.fn())).toBeNull()
})

test('a busy server that says when is asked again, three times at most; a change only if nothing was done', async () => {
  vi.useFakeTimers()
  const busy = (after, status = 503) => {
    return () => new Response('', { status, headers: after ? { 'Retry-After': after } : {} })
  }
  const ask = async (answers, how = get, signal = null) => {
    const fetch = stubFetch(() => (answers.length > 1 ? answers.shift() : answers[0])())
    const problem = problemOf(() => how('/x', undefined, signal))
    await vi.runAllTimersAsync()
    return [fetch.mock.calls.length, (await problem)?.status ?? 'good']
  }
  const began = Date.now()
  expect(await ask([busy('2'), () => json({})])).toEqual([2, 'good'])
  expect(Date.now() - began).toBe(2000)
  expect(await ask([busy('1')])).toEqual([3, 503])
  expect(await ask([busy('60')])).toEqual([1, 503])
  expect(await ask([busy('')])).toEqual([1, 503])
  expect(await ask([busy('1')], post)).toEqual([1, 503])
  expect(await ask([busy('1', 429), () => json({})])).toEqual([2, 'good'])
  expect(await ask([busy('1', 429), () => json({})], post)).toEqual([2, 'good'])
  expect(await ask([busy('60', 429)], post)).toEqual([1, 429])
  const stopped = new AbortController()
  stubFetch(busy('5'))
  const asked = get('/x', undefined, stopped.signal)
  await vi.advanceTimersByTimeAsync(1)
  stopped.abort()
  await expect(asked).rejects.toSatisfy(isAbort)
  vi.useRealTimers()
})
