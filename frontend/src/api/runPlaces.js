import { href } from '../router.js'

const PLACES = {
  enrich: ({ request }) => ({ to: href('playlist', request.playlist_id, 'gathered'), text: 'See what was gathered' }),
  train: ({ request }) =>
    request?.playlist
      ? {
          to: href('playlist', request.playlist, request.task === 'contributors' ? 'people' : 'map'),
          text: 'Open the playlist',
        }
      : { to: href('library', 'models'), text: 'See under Models' },
  scan: () => ({ to: href('library', 'music'), text: 'Open My music' }),
  sounds: () => ({ to: href('library', 'music'), text: 'Open My music' }),
  calibrate: () => ({ to: href('library', 'models'), text: 'See under Models' }),
}

/** Where one sees what a run has made, null for those whose reckoning is all there is. @param {any} run */
export function placeOf(run) {
  if (run.playlist_id) return { to: href('playlist', run.playlist_id, 'map'), text: 'Open the map' }
  return PLACES[run.kind]?.(run) ?? null
}
