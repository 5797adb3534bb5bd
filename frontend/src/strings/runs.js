import { clock } from './times.js'

// What a run does just now, in words.
export function doing(run) {
  if (run.state === 'queued') return 'waiting for its turn'
  const phase = run.phase || 'working'
  return run.wake_at ? `${phase}; goes on at ${clock(run.wake_at)}` : phase
}
