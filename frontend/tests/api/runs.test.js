import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { doing } from '../../src/strings/runs.js'
import { followRun, hasEnded } from '../../src/api/runs.js'
import { json, stubFetch } from '../answers.js'

class FakeEventSource extends EventTarget {
  static CLOSED = 2
  static all = []
  readyState = 1
  constructor(address) {
    super()
    this.address = address
    FakeEventSource.all.push(this)
  }
  close() {
    this.readyState = FakeEventSource.CLOSED
  }
  say(type, run) {
    this.dispatchEvent(Object.assign(new Event(type), { data: JSON.stringify(run) }))
  }
  giveUp() {
    this.close()
    this.onerror()
  }
}

let handlers
beforeEach(() => {
  vi.useFakeTimers()
  FakeEventSource.all = []
  vi.stubGlobal('EventSource', FakeEventSource)
  handlers = { onProgress: vi.fn(), onEnd: vi.fn(), onGone: vi.fn() }
})
afterEach(() => vi.useRealTimers())

const RUN = { id: 'r 1', state: 'running' }
const DONE = { id: 'r 1', state: 'done' }
const settle = () => vi.advanceTimersByTimeAsync(0)

test('a run has ended when it is done, failed or cancelled', () => {
  expect(['done', 'failed', 'cancelled'].every((state) => hasEnded({ state }))).toBe(true)
  expect(['queued', 'running', 'waiting'].some((state) => hasEnded({ state }))).toBe(false)
  expect(hasEnded(null)).toBe(false)
})

test('what a run does is said in words', () => {
  expect(doing({ state: 'queued', phase: 'reading' })).toBe('waiting for its turn')
  expect(doing({ state: 'running', phase: '' })).toBe('working')
  expect(doing({ state: 'waiting', phase: 'asking', wake_at: '2026-01-01T10:00' })).toMatch(
    /^asking; goes on at .*10:00$/,
  )
})

test('a run is followed to its end', async () => {
  stubFetch(() => json(RUN))
  followRun('r 1', handlers)
  await settle()
  const [events] = FakeEventSource.all
  expect(events.address).toBe('/api/runs/r%201/events')
  events.say('progress', { ...RUN, stored: 3 })
  events.say('done', DONE)
  expect(handlers.onProgress.mock.calls).toEqual([[RUN], [{ ...RUN, stored: 3 }]])
  expect(handlers.onEnd.mock.calls).toEqual([[DONE]])
  expect(events.readyState).toBe(FakeEventSource.CLOSED)
})

test('one that has ended before it is looked at is not listened to', async () => {
  stubFetch(() => json(DONE))
  followRun('r 1', handlers)
  await settle()
  expect(handlers.onEnd.mock.calls).toEqual([[DONE]])
  expect(FakeEventSource.all).toEqual([])
})

test('when the stream gives up, it is asked for again', async () => {
  stubFetch(() => json(RUN))
  followRun('r 1', handlers)
  await settle()
  FakeEventSource.all[0].giveUp()
  await vi.advanceTimersByTimeAsync(1999)
  expect(FakeEventSource.all).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(FakeEventSource.all).toHaveLength(2)
})

test('a server that is away is asked again; a run that is not there is not', async () => {
  const answers = [json({}, 503), json({}, 404)]
  const fetch = stubFetch(() => answers.shift())
  followRun('r 1', handlers)
  await settle()
  expect(handlers.onGone).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(2000)
  expect(handlers.onGone.mock.calls[0][0]).toMatchObject({ status: 404 })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(fetch).toHaveBeenCalledTimes(2)
})

test('after stopping nothing is asked or listened to', async () => {
  const fetch = stubFetch(() => json(RUN))
  const stop = followRun('r 1', handlers)
  await settle()
  stop()
  expect(FakeEventSource.all[0].readyState).toBe(FakeEventSource.CLOSED)
  FakeEventSource.all[0].onerror()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(fetch).toHaveBeenCalledOnce()
})
