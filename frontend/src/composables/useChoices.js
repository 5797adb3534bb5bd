// The choices of a view, kept in the address: Back and reload keep them, and a link to the view itself begins anew.
import { computed, reactive, watch } from 'vue'
import { amend, route } from '../router.js'

const YES = 'yes'
const NO = 'no'
const READERS = { number: Number, boolean: (text) => text === YES, string: (text) => text }
const textOf = (choice) => (typeof choice === 'boolean' ? (choice ? YES : NO) : String(choice))

/**
 * Returns them reactive. Those that are the usual ones are not in the address, nor is a number while its box is empty: ''.
 * @template {Record<string, any>} T
 * @param {T} usual numbers, texts and booleans by their names in the address
 * @returns {T}
 */
export function useChoices(usual) {
  const names = Object.keys(usual)
  const { path } = route.value
  const inAddress = (name) => String(route.value.query[name] ?? '')
  const chosen = (name) => (name in route.value.query ? READERS[typeof usual[name]](inAddress(name)) : usual[name])
  const choices = reactive(Object.fromEntries(names.map((name) => [name, chosen(name)])))
  const written = (name) => (choices[name] === usual[name] ? '' : textOf(choices[name]))

  let writing = 0
  async function write() {
    writing += 1
    await amend(Object.fromEntries(names.map((name) => [name, written(name)])))
    writing -= 1
    read()
  }
  // What is being written is not read back: meanwhile more may have been chosen.
  function read() {
    if (writing || route.value.path !== path) return
    for (const name of names) if (inAddress(name) !== written(name)) choices[name] = chosen(name)
  }
  watch(choices, write)
  watch(route, read)
  return /** @type {any} */ (choices)
}

/** One choice as a ref of its text; the usual one is not in the address. Its value follows the address of any page. */
export const useChoice = (name, usual = '') =>
  computed({
    get: () => String(route.value.query[name] ?? '') || usual,
    set: (text) => amend({ [name]: text === usual ? '' : text }),
  })
