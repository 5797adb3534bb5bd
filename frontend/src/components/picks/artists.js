import { href } from '../../router.js'

/** How similar an artist is, 0 to 100, as it is shown. */
export const likeness = ({ similarity }) => Math.round(100 * similarity)

/** In the order of the number that is shown. @param {readonly any[]} artists */
export const bySimilarity = (artists) => [...artists].sort((a, b) => likeness(b) - likeness(a))

/** The page of what is known of an artist. */
export const searchFor = ({ name }) => href('track', { q: name })

/** What stands for an artist in a picture: the best-known track, whose cover may be had; else a tile drawn from the name. */
export const pictureOf = ({ name, track_id: id }) => ({ id, title: name, artists: [name] })
