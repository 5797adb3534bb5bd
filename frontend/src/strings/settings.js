// The words of the settings.
import { clock } from './times.js'
import { number, plural, sentence } from './words.js'

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
  setUp: 'Set Spotify up',
  setUpHow: ', step by step.',
  forget: 'Forget its answers',
  forgotten: (title) => `What ${title} has answered is forgotten.`,
  forgetHint: 'They are then looked up again when needed.',
  from: 'From',
  all: 'all that can',
  none: 'no source that is on can',
}

export const SOURCE_SETTINGS = {
  optional: 'may stay empty',
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
