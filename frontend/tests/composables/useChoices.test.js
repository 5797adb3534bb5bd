import { beforeEach, expect, test, vi } from 'vitest'
import { nextTick, ref } from 'vue'

const route = ref({ query: {} })
const amend = vi.fn()
vi.mock('../../src/router.js', () => ({ amend, route }))
const { useChoices } = await import('../../src/composables/useChoices.js')
const USUAL = { length: 20, known: true, method: 'fair', shortest: '' }

beforeEach(() => amend.mockClear())

test('choices are read from the address, each as what the usual one is', () => {
  route.value = { query: { length: '7', known: 'no', shortest: '2.5', other: 'x' } }
  expect(useChoices(USUAL)).toEqual({ length: 7, known: false, method: 'fair', shortest: '2.5' })
})

test('a change is written into the address, and the usual choice leaves it', async () => {
  route.value = { query: { method: 'sum' } }
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
