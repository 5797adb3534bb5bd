import { beforeEach, expect, test, vi } from 'vitest'
import { nextTick, ref } from 'vue'

const route = ref({ params: {} })
const moves = ref(0)
vi.mock('../../src/router.js', () => ({ go: vi.fn(), href: vi.fn(), moves, route }))
const { canCorrect, cancel, concernsView, uploads } = await import('../../src/api/uploads.js')

async function step(id) {
  route.value = { params: { id } }
  moves.value += 1
  await nextTick()
}
const done = (more) => ({ state: 'done', playlist_id: '7', ...more })
const names = () => uploads.map(({ name }) => name)
beforeEach(() => uploads.splice(0))

test('what came in with rows left out goes once its playlist has been opened; a failure stays', async () => {
  const failed = { state: 'failed', error: { message: 'No' } }
  uploads.push({ name: 'some', run: done({ skipped: { 'no title': 3 } }), seenAt: Infinity })
  uploads.push({ name: 'failed', run: failed, seenAt: Infinity })
  uploads.push({ name: 'asking', run: done({}), preview: {}, seenAt: 0 })
  await step('8')
  expect(names()).toEqual(['some', 'failed', 'asking'])
  await step('7')
  expect(names()).toEqual(['some', 'failed', 'asking'])
  await step('7')
  expect(names()).toEqual(['failed', 'asking'])
})

test('columns are corrected where there are some', () => {
  const upload = { file: {}, name: 'a.m3u', run: done(), hasColumns: false }
  expect(canCorrect(upload)).toBe(false)
  expect(canCorrect({ ...upload, hasColumns: true })).toBe(true)
  expect(canCorrect({ ...upload, hasColumns: true, file: null })).toBe(false)
})

test('a card is above the view in which it ended, and above its own playlist, not above each other one; a failure is above all', async () => {
  const whole = { name: 'whole', run: done({}), endedAt: moves.value }
  const failed = { name: 'failed', run: null, error: { message: 'No' }, endedAt: moves.value }
  await step('8').then(() => (moves.value = whole.endedAt))
  expect([whole, failed].map(concernsView)).toEqual([true, true])
  await step('8')
  expect([whole, failed].map(concernsView)).toEqual([false, true])
  await step('7')
  expect([whole, failed].map(concernsView)).toEqual([true, true])
  expect(concernsView({ name: 'under way', run: { state: 'running', playlist_id: '7' }, endedAt: -1 })).toBe(false)
})

test('a file that is on its way can be stopped', () => {
  const stop = vi.fn()
  uploads.push({ name: 'sending', run: null, stop })
  cancel(uploads[0])
  expect(stop).toHaveBeenCalledOnce()
  expect(names()).toEqual([])
})
