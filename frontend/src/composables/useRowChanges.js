// Changes the rows of a playlist: in sight at once, then on the server; the last change can be undone.
import { shallowRef } from 'vue'
import { post } from '../api/client.js'
import { EDIT } from '../strings/hub.js'
import { useRequest } from './useRequest.js'

const numbered = (rows) => rows.map((row, position) => (row.position === position ? row : { ...row, position }))

/** @param {any} hub @param {string} id */
export function useRowChanges(hub, id) {
  const { error, ask } = useRequest()
  // What the last change was, in words, and how to take it back: { words, act }.
  const last = shallowRef(null)
  const path = /** @type {const} */ (`/api/playlists/${encodeURIComponent(id)}`)
  let sending = Promise.resolve()

  // One after another: the positions of each are those that the one before left.
  async function send(asking) {
    let answer = null
    const before = sending
    sending = (async () => {
      await before
      answer = await ask(asking)
      if (answer) hub.playlist = answer.playlist
      else await hub.again()
    })()
    await sending
    return answer
  }

  function move(from, to) {
    const rows = [...hub.rows]
    const [row] = rows.splice(from, 1)
    rows.splice(to, 0, row)
    hub.rows = numbered(rows)
    last.value = { words: EDIT.moved(row.title, to + 1, rows.length), act: () => move(to, from) }
    return send(() => post(`${path}/move`, { track: row.id, position: from, to }))
  }

  // Rows are taken out by where they are: the same track elsewhere stays.
  async function remove(gone) {
    const taken = new Set(gone)
    hub.rows = numbered(hub.rows.filter((row) => !taken.has(row)))
    const [tracks, positions] = [[...new Set(gone.map((row) => row.id))], gone.map((row) => row.position)]
    const sent = send(() => post(`${path}/remove`, { tracks, positions }))
    // The answer has what is to be put back: an undo that is quicker waits for it.
    const change = {
      words: EDIT.removed(gone.length, gone[0].title),
      act: () => sent.then((answer) => answer && restore(gone, answer.removed)),
    }
    last.value = change
    if (!(await sent) && last.value === change) last.value = null
  }

  function restore(gone, removed) {
    const rows = [...hub.rows]
    for (const row of gone) rows.splice(row.position, 0, row)
    hub.rows = numbered(rows)
    last.value = { words: EDIT.restored(gone.length, gone[0].title), act: () => remove(gone) }
    return send(() => post(`${path}/restore`, { rows: removed }))
  }

  return { error, last, move, remove }
}
