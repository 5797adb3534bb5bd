// The words of a playlist's page.
import { featureLabel, number, percent, plural } from './words.js'

// What stands at the corners of a radar.
export const RADAR = {
  danceability: 'dance',
  energy: 'energy',
  valence: 'valence',
  acousticness: 'acoustic',
  instrumentalness: 'instrum.',
  liveness: 'live',
  speechiness: 'speech',
}

// The quarters of valence and energy.
export const MOODS = {
  happy_lively: 'cheerful and lively',
  tense_lively: 'tense and lively',
  happy_calm: 'cheerful and calm',
  sad_calm: 'sad and calm',
}

/** Why a track is the odd one out: "energy 10 % (the others 85 %)". */
export const apart = ([name, value, usual]) =>
  `${featureLabel(name).toLowerCase()} ${percent(value)} (the others ${percent(usual)})`

/** "Ana, Ben and Cleo" @param {string[]} names */
export const listed = (names) => new Intl.ListFormat('en').format(names)

export const OVERVIEW = {
  loading: 'Looking at the playlist…',
  facts: 'Facts',
  odd: 'The odd one out',
  oddBy: (times, features) =>
    times === null
      ? 'Its artist is least like the others here, by who shares playlists with whom.'
      : `${number(times)} times as far from the others as a usual track${features.length ? `: ${apart(features[0])}` : ''}.`,
  shared: (people) => (people > 1 ? 'Most shared taste' : 'Most of all'),
  sharedBy: (tracks, people) => {
    const by = people.length > 4 ? `${people.length} people` : listed(people)
    return `${plural(tracks, 'track')}${people.length > 1 ? `, added by ${by}` : ''}.`
  },
  rarest: 'The rarest artist',
  rare: ({ track, popularity }) =>
    popularity === null
      ? `Here with [${track.title}]. The least known of the artists here, by what Tastemap learnt.`
      : `Even the best known track here, [${track.title}], has a popularity of ${Math.round(popularity)} of 100.`,
  genres: 'Top genres',
  decades: 'Decades',
  mood: 'Mood',
  sources: 'Where the sound is known from',
  unknown: 'not known yet',
  unmapped: (missing, tracks) =>
    missing < tracks
      ? `It is not known yet how ${plural(missing, 'track sounds', 'tracks sound')}.`
      : 'It is not known yet how these tracks sound.',
  gather: 'Gather more',
  people: 'More about the people',
}

export const EMPTY = { words: 'Nothing is in it yet.', begin: 'See what may come first' }

export const MAP = {
  layout: 'Map by',
  layouts: { artists: 'similar artists', sound: 'similar sound', features: 'two features' },
  noSound: 'There is no map of its sound yet. One takes seconds.',
  computeSound: 'Compute the map',
  across: 'Across',
  up: 'Up',
  colour: 'Coloured by',
  coloursBy: (grouping) => `Colours by ${grouping}`,
  missing: (tracks, all, what) =>
    `${number(tracks)} of ${number(all)} tracks are not on the map: their ${what} is not known. The table has them.`,
  keys:
    'Wheel or two fingers zoom, a drag moves the map, a double click shows everything; Shift and drag select. With keys: ' +
    'arrows go from point to point, Page Up and Down through the order, Enter opens, Space selects.',
}

// The tabs.
export const TABS = {
  overview: 'Overview',
  map: 'Map',
  people: 'People',
  next: 'Next',
  blend: 'Blend',
  gathered: 'Gathered',
  sort: 'Sort songs',
}

export const HEAD = {
  nav: 'Parts of the playlist',
  loading: 'Loading…',
  arriving: (here, all) => `${number(here)} of ${plural(all, 'track')} are here`,
  soFar: 'so far, the import is still going on',
  more: (people) => `and ${number(people)} more`,
  rename: 'Rename',
  name: 'Name of the playlist',
}

export const SHARE = {
  label: 'Share',
  link: 'Link',
  about: 'Whoever has this link sees the playlist. Others do not find its tracks.',
  giving:
    'Given to everybody here, it is in their lists, and its tracks are in their search. This cannot be taken back.',
  everybody: 'Everybody here sees this playlist',
  busy: 'Giving it…',
}

export const EXPORT = {
  label: 'Export',
  loading: 'Loading the formats…',
  names: 'With who added what, by name',
  namesElse: 'else they are Person 1, Person 2, …',
}

export const TABLE = {
  filter: 'Filter the tracks',
  filterHint: 'Filter by title, artist, album',
  label: 'Table of the tracks',
  none: 'No track fits.',
  arriving: 'The tracks are on their way.',
  pages: 'Pages of the table',
  onMap: 'Show it on the map',
}

// Tracks that are taken out of a playlist, or moved in it.
export const EDIT = {
  begin: 'Edit',
  done: 'Done',
  about: 'Drag a handle, or press the arrow keys on it. Sorted or filtered otherwise, tracks can only be removed.',
  handle: (title) => `Move ${title}`,
  remove: (title) => `Remove ${title}`,
  moved: (title, to, of) => `${title} is number ${to} of ${of} now.`,
  removed: (count, title) => (count === 1 ? `${title} is removed.` : `${plural(count, 'track')} are removed.`),
  restored: (count, title) => (count === 1 ? `${title} is back.` : `${plural(count, 'track')} are back.`),
}

export const MOOD = {
  label: 'Moods',
  columns: ['Mood', 'Tracks'],
  bar: (shares) => `Mood: ${shares}`,
  spoken: (tracks) => `: ${plural(tracks, 'track')}`,
}

export const SELECTED = {
  open: 'Open',
  none: 'Point at a marker, or tap it, to see the track.',
}

export const LEGEND = {
  all: 'Show all',
  only: 'only',
  onlyOf: (name) => `Only ${name}`,
  edit: (name) => `Name and colour of ${name}`,
}

// Who somebody is: name, colour and shape.
export const PERSON = {
  called: 'Name',
  coloured: 'Colour',
  automatic: 'automatic',
  own: 'own',
  ownColour: 'A colour of your own',
  drawn: 'Shape',
  anyShape: 'any shape',
  shapes: {
    circle: 'circle',
    square: 'square',
    triangle: 'triangle',
    diamond: 'diamond',
    plus: 'plus',
    wedge: 'wedge',
    star: 'star',
    cross: 'cross',
  },
  here: 'kept here only',
}

export const ADD = {
  add: (title) => `Add ${title} to the playlist`,
  added: (title) => `${title} is in the playlist`,
}
