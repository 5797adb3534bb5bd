import { modelOf } from './models.js'
import { clock } from './times.js'

// What a run does just now, in words.
export function doing(run) {
  if (run.state === 'queued') return 'waiting for its turn'
  const phase = run.phase || 'working'
  return run.wake_at ? `${phase}; goes on at ${clock(run.wake_at)}` : phase
}

export const RUNS = {
  heading: 'Runs',
  lead: 'All that takes a while: files brought in, look-ups, scans, trainings. Each goes on when the page is closed.',
  none: 'None yet.',
  all: (count) => `Show all ${count}`,
  seeAll: 'All runs',
  tray: (open, ended, share) =>
    [
      open && `${open} under way${share === null ? '' : `, ${Math.round(100 * share)} % done`}`,
      ended && `${ended} ended`,
    ]
      .filter(Boolean)
      .join(', '),
}

const NAMES = {
  enrich: (name) => `What sources know of ${name}`,
  spotify: (name) => `${name}, from Spotify`,
  give: (name) => `${name}, given to everybody here`,
  delete: (name) => `${name}, deleted`,
  'spotify-write': (name) => `${name}, to Spotify`,
  train: (_, { task }) => `Training: ${modelOf(task).title}`,
}
export const nameOfRun = (run) => NAMES[run.kind]?.(run.name, run.request) ?? run.name

const MINUTE = 60_000
/** @param {number} ms */
export function timeLeft(ms) {
  if (ms < MINUTE) return 'less than a minute left'
  if (ms < 90 * MINUTE) return `about ${Math.round(ms / MINUTE)} min left`
  return `about ${Math.round(ms / MINUTE / 60)} h left`
}
