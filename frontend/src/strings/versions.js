// Several releases of one recording: remasters, singles, editions. They have one row; a live take is another recording.
import { plain } from './plain.js'

const EDITION =
  /\s*(?:-\s+|[([])[^)\]]*\b(?:remaster(?:ed)?|deluxe|edition|version|mono|stereo|single|radio edit|bonus track|anniversary|expanded|explicit|clean)\b[^)\]]*[)\]]?/gi
const ANOTHER = /\b(?:live|acoustic|demo|remix|instrumental|karaoke|cover)\b/i

/** The title without what names an edition. */
export const bareTitle = (title) =>
  title.replace(EDITION, (edition) => (ANOTHER.test(edition) ? edition : '')).trim() || title

/**
 * Each recording once, in the order of its first version, with the other ones as `versions`.
 * @param {readonly any[]} tracks @returns {any[]}
 */
export function folded(tracks) {
  const found = new Map()
  for (const track of tracks) {
    const key = `${plain(bareTitle(track.title))}\u0000${plain(track.artists[0] ?? '')}`
    const first = found.get(key)
    if (first) first.versions.push(track)
    else found.set(key, { ...track, versions: [] })
  }
  return [...found.values()]
}
