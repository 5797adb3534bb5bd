import { href } from '../router.js'
import { PLACES } from '../strings/runs.js'

const OF_KIND = {
  enrich: ({ request }) => ({ to: href('playlist', request.playlist_id, 'gathered'), text: PLACES.gathered }),
  train: ({ request }) =>
    request?.playlist
      ? {
          to: href('playlist', request.playlist, request.task === 'contributors' ? 'people' : 'map'),
          text: PLACES.playlist,
        }
      : { to: href('library', 'models'), text: PLACES.models },
  scan: () => ({ to: href('library', 'music'), text: PLACES.music }),
  sounds: () => ({ to: href('library', 'music'), text: PLACES.music }),
  calibrate: () => ({ to: href('library', 'models'), text: PLACES.models }),
}

/** Where one sees what a run has made, null for those whose reckoning is all there is. @param {any} run */
export function placeOf(run) {
  if (run.playlist_id) return { to: href('playlist', run.playlist_id, 'map'), text: PLACES.map }
  return OF_KIND[run.kind]?.(run) ?? null
}
