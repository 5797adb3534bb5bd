// The words of the settings.
import { clock, day } from './times.js'
import { number, plural, sentence } from './words.js'

export const SETTINGS = {
  nav: 'Parts of the settings',
  parts: { online: 'Online services', spotify: 'Spotify', health: 'Health', privacy: 'Privacy' },
}

export const SOURCE = {
  more: (settings) => `What is sent, terms${settings ? ', settings' : ''}`,
  moreOf: (title) => `of ${title}`,
  sends: 'Sent to it',
  licence: 'Licence',
  terms: 'Terms',
  budget: 'Budget',
  budgetLabel: (title) => `Used of the budget of ${title}`,
  left: (left, limit, iso) =>
    `${number(left)} of ${plural(limit, 'question')} left${iso ? `, until ${clock(iso)}` : ' today'}`,
  setUp: '[Set Spotify up], step by step.',
  forget: 'Forget its answers',
  forgotten: (title) => `What ${title} has answered is forgotten.`,
  forgetHint: 'They are then looked up again when needed.',
  from: 'From',
  all: 'all that can',
  none: 'no source that is on can',
}

export const SOURCE_SETTINGS = {
  optional: 'may stay empty',
  more: 'More settings',
  stored: 'stored; type to replace it',
  remove: 'Remove',
  saved: 'Saved.',
}

// For each state of a source its icon, its name, and what more there is to say.
const STATES = {
  off: () => ['off', 'Off', ''],
  ready: ({ last_ok_at: at }) => ['check', 'Ready', at ? `Last answered ${clock(at)}.` : 'Not used yet.'],
  waiting: ({ blocked_until: until, blocked_why: why }) => [
    'clock',
    until ? `Waiting until ${clock(until)}` : 'Waiting',
    why ? sentence(why) : '',
  ],
  needs_key: ({ settings }) => {
    const lacking = settings.filter((one) => one.required && !one.set).map((one) => one.label)
    return ['key', 'Needs a key', lacking.length ? `Lacking: ${lacking.join(', ')}.` : '']
  },
  failing: ({ last_error: error }) => [
    'alert',
    'Does not answer well',
    error
      ? [sentence(error.message), error.hint && sentence(error.hint), `(${clock(error.at)})`].filter(Boolean).join(' ')
      : '',
  ],
}
export function stateOf(source) {
  const [icon, word, more] = (STATES[source.state] ?? STATES.off)(source)
  return { icon, word, more }
}

export const HEALTH = {
  lead: 'What works here, what does not, and what to do about it.',
  again: 'Check again',
  states: { ok: 'fine', warning: 'look at this', fault: 'broken', off: 'off' },
  areas: { setup: 'Setup', store: 'Database', disk: 'Disk', models: 'Models', catalogue: 'Catalogue' },
  checking: 'Checking; each online service that is on gets one small request…',
  looking: 'Looking…',
  /** @param {number} faults @param {number} warnings @param {string | null} checkedAt */
  found(faults, warnings, checkedAt) {
    const parts = [
      faults && plural(faults, 'thing is broken', 'things are broken'),
      warnings && plural(warnings, 'thing to look at', 'things to look at'),
    ].filter(Boolean)
    const checked = checkedAt
      ? `Online services checked ${clock(checkedAt)}.`
      : 'The online services have not been checked yet.'
    return `${parts.join(', ') || 'All is well here'}. ${checked}`
  },
}

export const GATHER = {
  lead:
    'Let the sources fill the catalogue. A run keeps to their limits, can be cancelled, and goes on where it was when ' +
    'the server starts again.',
  switchOn: 'No online services are used. [Switch one on] first.',
  dataset: ({ slices, playlists, rows, imported_at: at }) =>
    `Million Playlist Dataset: ${plural(slices, 'slice')}, ${plural(playlists, 'playlist')}, ${plural(rows, 'row')}` +
    `${at ? `, last imported ${day(at)}` : ''}.`,
}

export const BALANCED = {
  heading: 'As many of each genre',
  about: 'Tracks of every genre in equal number, from whichever sources answer.',
  genres: 'Genres',
  genresHint: 'with commas; empty means all',
  example: 'techno, jazz, k-pop',
  count: 'Tracks of each',
  start: 'Gather the set',
}

export const HARVEST = {
  heading: 'Bulk search',
  byTerms: 'Searches for a, b, c … z, aa, ab … and keeps what comes. A later run begins after the last term.',
  bySegments: 'Fetches the timbre of tracks that are known here.',
  what: 'What',
  kinds: { tracks: 'Tracks', artists: 'Artists', segments: 'Timbre, segment by segment' },
  counted: { tracks: 'Terms', artists: 'Terms', segments: 'Tracks' },
  segments: 'Segments at least',
  start: 'Start the search',
}

export const KEEP = {
  legend: 'Keep only',
  popularity: 'Popularity from',
  first: 'Year from',
  last: 'to',
  any: 'any',
  strict: 'leave out what a source does not tell this of',
  wrong: 'The first year is after the last.',
}
