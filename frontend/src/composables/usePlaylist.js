import { ref, shallowRef } from 'vue'
import { ApiError, get, isAbort } from '../api/client.js'
import { plain } from '../strings/plain.js'

const PAGE_SIZE = 500
// Rows are handed on each time this share more have arrived, so that drawing 100,000 stays in proportion.
const GROWTH = 1.2
// How soon to ask again for a playlist that is still being imported: soon while it grows, later when it stands still.
const SOON_MS = 700
const LATER_MS = 20_000

// A row as the map and the table use it: every value that can be an axis in one place, added_at in ms.
function prepared(row) {
  const { popularity, year, duration_ms: length, added_at: addedAt } = row
  const [artist_x, artist_y] = row.artist_point ?? []
  const values = {
    ...row.features,
    popularity,
    year,
    artist_x,
    artist_y,
    added_at: addedAt ? Date.parse(addedAt) : null,
  }
  values.duration_ms ??= length
  return { ...row, values, words: plain(`${row.title} ${row.artists.join(' ')} ${row.album ?? ''}`) }
}

const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })

// Asks for page after page and hands each on; the last one again and again while the import still goes on.
async function* pagesOf(id, signal) {
  let wait = SOON_MS
  let seen = -1
  for (let page = 1; ;) {
    const answer = await get('/data', { playlist: id, page, page_size: PAGE_SIZE }, signal)
    const last = page >= answer.pages
    yield { answer, last }
    if (last && answer.playlist.complete) return
    if (last) {
      wait = answer.playlist.item_count > seen ? SOON_MS : Math.min(2 * wait, LATER_MS)
      seen = answer.playlist.item_count
      await pause(wait, signal)
    } else page += 1
  }
}

// The rows of one playlist: `rows` grows while they arrive.
export function usePlaylist() {
  const playlist = shallowRef(null)
  const rows = shallowRef([])
  const error = shallowRef(null)
  const loading = ref(false)
  let controller = null

  function take({ answer, last }, pages) {
    const known = playlist.value
    const news = answer.playlist
    if (!known || known.item_count !== news.item_count || known.complete !== news.complete) playlist.value = news
    pages[answer.page - 1] = answer.tracks.map(prepared)
    const arrived = pages.reduce((sum, page) => sum + page.length, 0)
    if (last || arrived > rows.value.length * GROWTH) rows.value = pages.flat()
    loading.value = !last
  }

  // `again` keeps the rows of the same playlist in sight until the new ones have come.
  async function load(id, { again = false } = {}) {
    controller?.abort()
    controller = new AbortController()
    error.value = null
    if (!again) {
      playlist.value = null
      rows.value = []
    }
    loading.value = true
    const pages = []
    try {
      for await (const step of pagesOf(id, controller.signal)) take(step, pages)
    } catch (failure) {
      if (isAbort(failure)) return
      if (!(failure instanceof ApiError)) throw failure
      error.value = failure
      loading.value = false
    }
  }

  const stop = () => controller?.abort()
  return { playlist, rows, error, loading, load, stop }
}
