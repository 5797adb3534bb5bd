import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { allRuns, begun, expectRun, onRunEnd, putAway, refreshRuns } from '../../src/api/runs.js'
import { json, stubFetch } from '../answers.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())
const OLD = { id: 'old', state: 'done' }

test('all runs are asked for once for the page, as long as one goes on', async () => {
  let answer = [{ id: 'a', state: 'running' }, OLD]
  const fetch = stubFetch(() => json({ runs: answer }))
  const ended = vi.fn()
  const stop = onRunEnd(ended)
  await Promise.all([refreshRuns(), refreshRuns()])
  expect([...begun]).toEqual(['a'])
  fetch.mockClear()
  answer = [{ id: 'a', state: 'done' }, OLD]
  await vi.advanceTimersByTimeAsync(1500)
  expect(ended.mock.calls.map(([run]) => run.id)).toEqual(['a'])
  expect([...begun]).toEqual(['a']) // it can still be looked at
  await vi.advanceTimersByTimeAsync(60_000)
  expect(fetch).toHaveBeenCalledOnce()
  putAway('a')
  expect(begun.size).toBe(0)
  stop()
})

test('a run that ended before it was seen is told, and a late answer takes nothing back', async () => {
  const ended = vi.fn()
  const stop = onRunEnd(ended)
  let first
  const answers = [new Promise((resolve) => (first = resolve)), json({ runs: [{ id: 'b', state: 'done' }, OLD] })]
  stubFetch(() => answers.shift())
  const early = refreshRuns()
  await expectRun({ id: 'b' })
  first(json({ runs: [OLD] }))
  await early
  expect(allRuns.value).toHaveLength(2)
  expect([...begun]).toEqual(['b'])
  expect(ended).toHaveBeenCalledOnce()
  stop()
})
