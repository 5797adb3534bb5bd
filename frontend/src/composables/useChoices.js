// The choices of a form, kept in the address: Back and reload keep them. Those that are the usual ones are not in it.
import { reactive, watch } from 'vue'
import { amend, route } from '../router.js'

const YES = 'yes'
const NO = 'no'
const READERS = { number: Number, boolean: (text) => text === YES, string: (text) => text }
const textOf = (choice) => (typeof choice === 'boolean' ? (choice ? YES : NO) : String(choice))

/**
 * Returns them reactive. A number is '' while its box is empty.
 * @template {Record<string, any>} T
 * @param {T} usual numbers, texts and booleans by their names in the address
 * @returns {T}
 */
export function useChoices(usual) {
  const names = Object.keys(usual)
  const { query } = route.value
  const chosen = (name) => (name in query ? READERS[typeof usual[name]](query[name]) : usual[name])
  const choices = reactive(Object.fromEntries(names.map((name) => [name, chosen(name)])))
  const inAddress = (name) => (choices[name] === usual[name] ? '' : textOf(choices[name]))
  watch(choices, () => amend(Object.fromEntries(names.map((name) => [name, inAddress(name)]))))
  return /** @type {any} */ (choices)
}
