// The colours and the typeface that plots draw with: those of the page's theme.
import { isDark } from '../composables/theme.js'
import { COLOURS } from './people.js'

const NAMES = ['ink', 'soft', 'line', 'bar', 'faint', 'outline']

export function readColours(element) {
  const style = getComputedStyle(element)
  const read = (name) => style.getPropertyValue(`--tm-${name}`).trim()
  return {
    ...Object.fromEntries(NAMES.map((name) => [name, read(name)])),
    ground: read('plot'),
    people: Array.from({ length: COLOURS + 1 }, (_, i) => read(`person-${i}`)),
    dark: isDark.value,
    font: style.fontFamily,
  }
}
