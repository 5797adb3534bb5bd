import { number } from './words.js'

export const GATHERED = {
  heading: 'How the data came here',
  loading: 'Looking where the data came from…',
  nothing:
    'No source was asked for these tracks yet. “Fetch” at the top asks the online services that you allow for their ' +
    'sound, their genres and recommendations.',
  sources: 'Sources',
  columns: ['Source', 'Sound of tracks', 'Genres of tracks', 'Recommendations for tracks'],
  recommended: 'Recommended for these tracks',
  noneYet: 'No source has recommended anything for them yet. “Fetch” with “Recommendations” asks.',
  filter: 'Filter what is recommended',
  filterHint: 'Filter by title or artist',
  seeds: (count, all) => `Recommended from ${number(count)}${all > count ? ` of ${number(all)}` : ''} tracks`,
  table: ['Track of the playlist', 'Recommended for it', 'Artists', 'By'],
  picture: 'From the tracks of the playlist to what was recommended for them; the list below says the same',
}
