import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'

const route = ref({ query: {} })
const amend = vi.fn()
vi.mock('../../src/router.js', () => ({ amend, route }))
const { useChoices: choicesOf, useChoice } = await import('../../src/composables/useChoices.js')
const USUAL = { length: 20, known: true, method: 'fair', shortest: '' }

let scope
const useChoices = (usual) => scope.run(() => choicesOf(usual))
const to = (path, query = {}) => (route.value = { path, query })
beforeEach(() => {
  scope = effectScope()
  amend.mockReset().mockImplementation(async (query) => {
    to(route.value.path, Object.fromEntries(Object.entries(query).filter(([, value]) => value)))
  })
})
afterEach(() => scope.stop())

test('choices are read from the address, each as what the usual one is', () => {
  to('/blend', { length: '7', known: 'no', shortest: '2.5', other: 'x' })
  expect(useChoices(USUAL)).toEqual({ length: 7, known: false, method: 'fair', shortest: '2.5' })
})

test('a press on the tab itself, or Back, brings the choices of that address; an empty box stays', async () => {
  to('/blend', { known: 'no', length: '7' })
  const choices = useChoices(USUAL)
  choices.length = /** @type {any} */ ('')
  await nextTick()
  to('/blend')
  await nextTick()
  expect(choices).toEqual({ ...USUAL, length: '' })
  to('/blend', { method: 'sum' })
  await nextTick()
  expect(choices.method).toBe('sum')
  to('/elsewhere')
  await nextTick()
  expect(choices.method).toBe('sum')
})

test('what is chosen while the address still changes stays chosen', async () => {
  to('/next')
  const choices = useChoices(USUAL)
  amend.mockImplementation(async ({ method }) => {
    await null
    if (method === 'sum') choices.method = 'last'
    to('/next', { method })
  })
  choices.method = 'sum'
  await vi.waitFor(() => expect(route.value.query).toEqual({ method: 'last' }))
  expect(choices.method).toBe('last')
})

test('a change is written into the address, and the usual choice leaves it', async () => {
  to('/blend', { method: 'sum' })
  const choices = useChoices(USUAL)
  choices.known = false
  choices.length = 5
  await nextTick()
  expect(amend).toHaveBeenLastCalledWith({ length: '5', known: 'no', method: 'sum', shortest: '' })
  choices.method = 'fair'
  choices.length = /** @type {any} */ ('') // the box is being typed into
  await nextTick()
  expect(amend).toHaveBeenLastCalledWith({ length: '', known: 'no', method: '', shortest: '' })
})

test('one choice is what the address says, on whichever page, and the usual one leaves it', () => {
  to('/track/a', { sort: 'year' })
  const sort = useChoice('sort', 'position')
  expect(sort.value).toBe('year')
  to('/track/b')
  expect(sort.value).toBe('position')
  sort.value = 'title'
  sort.value = 'position'
  expect(amend.mock.calls).toEqual([[{ sort: 'title' }], [{ sort: '' }]])
})
