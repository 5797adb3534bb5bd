// The words of what a map shows wrongly.
import { percent } from './words.js'

export const FAR = {
  none: (title, count) => `All ${count} tracks that lie nearest to “${title}” on the map sound like it, too.`,
  some: (title, far, count) =>
    `Near “${title}” on the map but far in sound: ${far} of the ${count} nearest. No flat picture keeps every distance.`,
  share: (share) => `${percent(share)} of the map sounds more like it`,
}
