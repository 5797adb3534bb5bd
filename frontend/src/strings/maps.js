// The words of the Library's maps, and of what a map shows wrongly.
import { number, percent } from './words.js'

export const METHODS = { tsne: 't-SNE', umap: 'UMAP' }
export const MAPS = {
  heading: 'Maps: what sounds alike lies together',
  of: 'Map of',
  catalogue: 'the catalogue',
  compute: 'Compute the map',
  again: 'Compute it again',
  computeUmap: 'Compute UMAP, too',
  loading: 'Loading the map…',
  none: 'There is no map of it yet. One takes seconds for a playlist, minutes for a large catalogue.',
  method: 'Method',
  by: 'Colour by',
  byFamily: 'family of genres',
  byPerson: 'who added it',
  scores: ({ trustworthiness, continuity }) =>
    `Trustworthiness ${trustworthiness.toFixed(3)}, continuity ${continuity.toFixed(3)}.`,
  size: (tracks, drawnFrom, seconds) =>
    `${number(tracks)} tracks${drawnFrom ? ` drawn from ${number(drawnFrom)}` : ''}, computed in ${seconds} s. ` +
    'Distances between far groups mean little.',
  notShown: (count) => `${number(count)} tracks have no audio features.`,
  meaning: 'What trustworthiness and continuity mean',
  means:
    'No flat picture keeps everything near that sounds near. Trustworthiness is high where tracks that lie together do ' +
    'sound alike, continuity where tracks that sound alike do lie together. Both are 1 at best, and about 0.5 by ' +
    'chance. Choose a track on the map to see which of its neighbours there sound unlike it.',
  seek: 'Where is this track? Title and artist',
  show: 'Show it',
  tooLittle: (title) => `Too little is known of how ${title} sounds.`,
  unknown: 'No such track is known here.',
  keys: 'Arrow keys go from track to track, Enter opens one.',
  groups: 'Groups',
  table: 'Tracks on the map',
  headings: { track: 'Track', family: 'Family', person: 'Added by' },
  placed: ', placed later',
  notKnown: 'not known',
  first: (shown, all) => `The first ${shown} of ${number(all)}.`,
}

export const FAR = {
  none: (title, count) => `All ${count} tracks that lie nearest to “${title}” on the map sound like it, too.`,
  some: (title, far, count) =>
    `Near “${title}” on the map but far in sound: ${far} of the ${count} nearest. No flat picture keeps every distance.`,
  share: (share) => `${percent(share)} of the map sounds more like it`,
}
