// The words of every plot: its tools, its menu, its table.
import { number } from './words.js'

export const PLOT = {
  menu: 'Menu of the plot',
  formats: { png: ['PNG', 'a picture'], svg: ['SVG', 'a picture to work on'], csv: ['CSV', 'the numbers'] },
  table: 'Table',
  show: 'show it here',
  hide: 'hide it',
  histogram: (feature) => `Histogram of ${feature}`,
}

export const PLOT_TABLE = {
  label: (title) => `${title}, as a table`,
  rows: (title) => `Rows of ${title}`,
  more: (some, all) => `Show ${number(some)} more of ${number(all)}`,
  hide: 'Hide the table',
}

export const TOOLS = {
  label: 'Select and zoom',
  select: {
    lasso: 'Select by drawing around tracks (Shift adds, Alt takes out)',
    box: 'Select in a box (Shift adds, Alt takes out)',
  },
  inView: 'Select all in view (V)',
  closer: 'Zoom in (+)',
  further: 'Zoom out (−)',
  fit: 'Show everything (0)',
}

export const POINTS = {
  keys:
    'Arrow keys go from point to point, Page Up and Down through the order. Enter opens. Space selects the point, V all ' +
    'in view, Escape nothing. Plus and minus zoom, 0 shows everything, Shift with arrows moves the view.',
  headings: ['Track', 'Artists', 'Group'],
  map: (tracks, by) => `Map of ${tracks} tracks${by && ` by ${by}`}`,
  scatter: (tracks, across, up) => `Map of ${tracks} tracks by ${across === up ? across : `${across} and ${up}`}`,
  axes: ['Across', 'Up'],
}

// What points are coloured by.
export const GROUPINGS = {
  person: 'who added it',
  genre: 'genre family',
  cluster: 'cluster of sound',
  year: 'decade',
}
export const GROUPS = { others: 'Others', unknown: 'Not known', decade: (year) => `${year}s` }

// People whom nobody has named, and how they are drawn.
export const WHO = {
  unknown: 'Not known who',
  numbered: (count) => `Person ${count}`,
  colours: ['blue', 'orange', 'green', 'pink', 'amber', 'sky blue', 'ink', 'yellow'],
}

/** The headings of named counts. */
export const COUNTED = ['Name', 'Count']
