// The sources of an answer, and how each went: one entry per source, faults first.
import { nounOf } from '../strings/sources.js'

const TROUBLE = ['failed', 'limited']

const unique = (texts) => [...new Set(texts.filter(Boolean))]
const whatOf = (notes, statuses) => unique(notes.filter((n) => statuses.includes(n.status)).map((n) => nounOf(n.need)))
const latest = (times) => times.filter(Boolean).sort().at(-1) ?? null

function summed(source, notes) {
  const trouble = notes.filter((note) => TROUBLE.includes(note.status))
  const found = notes.filter((note) => note.status === 'found')
  return {
    source,
    title: notes[0].title,
    answered: whatOf(notes, ['found']),
    lacking: whatOf(notes, ['not_found']),
    missed: whatOf(notes, TROUBLE),
    // The first says why; later ones say that it was left out because of that.
    message: trouble[0]?.message ?? '',
    hint: trouble[0]?.hint ?? '',
    retryAt: latest(trouble.map((note) => note.retry_at)),
    licences: unique(found.map((note) => note.licence)),
    fetchedAt: latest(found.map((note) => note.fetched_at)),
    cached: found.length > 0 && found.every((note) => note.cached),
  }
}

// `notes` are the `sources` of one or several answers; unused sources are left out.
export function bySource(notes) {
  const groups = new Map()
  for (const note of notes) {
    if (!['off', 'cannot'].includes(note.status)) groups.set(note.source, [...(groups.get(note.source) ?? []), note])
  }
  const all = [...groups].map(([source, own]) => summed(source, own))
  return all.sort((a, b) => b.missed.length - a.missed.length)
}
