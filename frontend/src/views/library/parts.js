// The parts of the library, in the order of their tabs. Each is loaded when it is first opened. `purpose` says in a
// line what it is for.
import { lazily } from '../../composables/lazily.js'

const part = (id, label, purpose, load) => ({ id, label, purpose, component: lazily(load) })

export const PARTS = [
  part('catalogue', 'Catalogue', 'What the answers rest on.', () => import('./CataloguePart.vue')),
  part('music', 'My music', 'Your own files: scanned, analysed and played.', () => import('./MusicPart.vue')),
  part(
    'genres',
    'Genres',
    'Where the name of any genre belongs, among the genres in their families.',
    () => import('./GenresPart.vue'),
  ),
  part(
    'families',
    'Families',
    'One track that goes with yours for each family of genres, and how the audio features spread.',
    () => import('./FamiliesPart.vue'),
  ),
  part(
    'clusters',
    'Clusters',
    'Groups of tracks found by sound alone, and which genres fill them.',
    () => import('./ClustersPart.vue'),
  ),
  part('timbre', 'Timbre', 'Tracks with the same colour of sound, moment by moment.', () => import('./TimbrePart.vue')),
  part(
    'maps',
    'Maps',
    'A playlist or the whole catalogue as one picture: what sounds alike lies together.',
    () => import('./MapsPart.vue'),
  ),
  part(
    'models',
    'Models',
    'What each model does and how good it is; train one on your collection, or roll back.',
    () => import('./ModelsPart.vue'),
  ),
]
