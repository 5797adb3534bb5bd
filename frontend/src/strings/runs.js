import { modelOf } from './models.js'
import { clock } from './times.js'
import { importCounts, number, sourceName } from './words.js'
import { nounOf } from './sources.js'

// What a run does just now, in words.
export function doing(run) {
  if (run.state === 'queued') return 'waiting for its turn'
  const phase = run.phase || 'working'
  return run.wake_at ? `${phase}; goes on at ${clock(run.wake_at)}` : phase
}

export const RUNS = {
  heading: 'Runs',
  lead: 'All that takes a while: imports, look-ups, scans, trainings. Each goes on when the page is closed.',
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
  index: (name) => `${name}, made searchable`,
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

export const CARD = {
  asking: 'how is it read?',
  failed: 'failed',
  cancelled: 'cancelled',
  done: 'done',
  sending: 'sending',
  putAway: (name) => `Put ${name} away`,
  progress: (name) => `Progress of ${name}`,
}

export const UPLOADS = {
  label: 'Imported files',
  putAway: 'Put the finished ones away',
  correct: 'Correct the columns',
  correctOf: (name) => `of ${name}`,
  fetched: 'What is being fetched',
}

// What a run counted.
export const SUMMARY = {
  progress: (done, all) => `${number(done)} of ${number(all)} questions done`,
  file: importCounts,
  counts: { requested: 'requested', stored: 'new', known: 'already known', skipped: 'skipped' },
  sources: 'By source',
  sourcesLabel: 'What each source said',
  columns: {
    source: 'Source',
    need: 'for',
    queries: 'queries',
    found: 'found',
    not_found: 'unknown there',
    failed: 'failed',
  },
  remark: ({ source, need, why }) => `${sourceName(source)}, ${nounOf(need)}: ${why}`,
  details: 'Details',
  unread: 'Values that could not be read',
  read: 'How the columns were understood',
  column: ([field, heading]) => `${heading}: ${field.replaceAll('_', ' ')}`,
  skipped: 'Why some were skipped',
  times: (count, what) => `${number(count)} × ${what}`,
  examples: (lines) => `For example ${lines.map(({ line, reason }) => `line ${line} (${reason})`).join(', ')}`,
}

// Where one sees what a run has made.
export const PLACES = {
  gathered: 'See what was gathered',
  playlist: 'Open the playlist',
  map: 'Open the map',
  models: 'See under Models',
  music: 'Open My music',
}

// What is installed with one press.
export const PACKAGES = {
  progress: 'Progress of the installation',
  install: (bytes) => {
    const megabytes = bytes / 1e6
    return `Install (${megabytes < 1000 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1000).toFixed(1)} GB`})`
  },
  lacking: (purpose) => `Packages for ${purpose} are not installed here.`,
  fetches: 'One press fetches them.',
  forgets: 'This host forgets them when it restarts.',
  cancelled: 'Cancelled.',
}
