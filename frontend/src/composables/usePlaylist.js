import { ref, shallowRef } from 'vue'
import { ApiError, get, isAbort } from '../api/client.js'

// How soon to ask again for a playlist that is still being imported: soon while it grows, later when it stands still.
const SOON_MS = 700
const LATER_MS = 20_000

// Row `at` as the map and the table use it: every value that can be an axis in one place, added_at in ms.
function prepared({ columns, people, sources, families, clusters }, at) {
  const row = {
    added_by: people[columns.added_by[at]] ?? null,
    source: sources[columns.source[at]] ?? null,
    family: families[columns.family[at]] ?? null,
    cluster: clusters[columns.cluster[at]] ?? null,
  }
  for (const name of PLAIN) row[name] = columns[name][at]
  const [artist_x, artist_y] = columns.artist_point[at] ?? []
  const values = {}
  for (const name in columns.features) {
    const value = columns.features[name][at]
    if (value !== null) values[name] = value
  }
  values.duration_ms ??= row.duration_ms
  Object.assign(values, { popularity: row.popularity, year: row.year, artist_x, artist_y })
  values.added_at = row.added_at ? Date.parse(row.added_at) : null
  return Object.assign(row, { values })
}
const PLAIN = /** @type {const} */ ([
  ...['position', 'id', 'title', 'artists', 'album', 'year', 'popularity', 'explicit', 'duration_ms', 'labels'],
  ...['added_at', 'plays', 'audio_url'],
])

const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })

// Asks for block after block of rows, mostly one; the last one again and again while the import still goes on.
async function* blocksOf(id, signal) {
  let wait = SOON_MS
  let seen = -1
  for (let start = 0; ;) {
    const path = /** @type {const} */ (`/api/playlists/${encodeURIComponent(id)}/columns`)
    const answer = await get(path, { start }, signal)
    const { item_count: count, complete } = answer.playlist
    const last = answer.end >= count || answer.end === start
    yield { answer, last }
    if (last && complete) return
    if (last) {
      wait = count > seen ? SOON_MS : Math.min(2 * wait, LATER_MS)
      seen = count
      await pause(wait, signal)
    } else start = answer.end
  }
}

// The rows of one playlist: `rows` grows while they arrive. `tiles` are the tracks of its picture.
export function usePlaylist() {
  const playlist = shallowRef(null)
  const rows = shallowRef([])
  const tiles = shallowRef([])
  const error = shallowRef(null)
  const loading = ref(false)
  let controller = null

  function take({ answer, last }, blocks) {
    const known = playlist.value
    const news = answer.playlist
    if (!known || known.item_count !== news.item_count || known.complete !== news.complete) playlist.value = news
    if (!answer.start) tiles.value = answer.tiles
    blocks.set(
      answer.start,
      answer.columns.id.map((_, at) => Object.assign(prepared(answer, at), { link: news.mine ? null : news.id })),
    )
    rows.value = [...blocks.values()].flat()
    loading.value = !last
  }

  // `again` keeps the rows of the same playlist in sight until the new ones have come.
  async function load(id, { again = false } = {}) {
    controller?.abort()
    controller = new AbortController()
    error.value = null
    if (!again) {
      playlist.value = null
      rows.value = tiles.value = []
    }
    loading.value = true
    const blocks = new Map()
    try {
      for await (const step of blocksOf(id, controller.signal)) take(step, blocks)
    } catch (failure) {
      if (isAbort(failure)) return
      if (!(failure instanceof ApiError)) throw failure
      error.value = failure
      loading.value = false
    }
  }

  const stop = () => controller?.abort()
  return { playlist, rows, tiles, error, loading, load, stop }
}
