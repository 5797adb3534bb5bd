// Moments as one says them, in the listener's own time.
const DAY_MS = 86_400_000
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

const daysFromToday = (moment) =>
  Math.round((new Date(moment).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / DAY_MS)

// "14:05", "tomorrow 14:05", "24 Nov 2026, 14:05".
export function clock(iso) {
  const moment = new Date(iso)
  const days = daysFromToday(moment)
  if (days === 0) return time.format(moment)
  const named = { 1: 'tomorrow', '-1': 'yesterday' }[days]
  return named ? `${named} ${time.format(moment)}` : `${date.format(moment)}, ${time.format(moment)}`
}

export const day = (iso) => date.format(new Date(iso))
