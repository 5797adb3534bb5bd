// The parts of the library, in the order of their tabs. Each is loaded when it is first opened. `purpose` says in a
// line what it is for, `more` what its tab adds to that, `how` by which method it is made.
import { lazily } from '../../composables/lazily.js'
import { PARTS as PURPOSES } from '../../strings/library.js'

/** @param {keyof typeof PURPOSES} id @param {() => Promise<any>} load */
function part(id, load) {
  const [label, purpose, more, how = ''] = PURPOSES[id]
  return { id, label, purpose, more, how, component: lazily(load) }
}

export const PARTS = [
  part('catalogue', () => import('./CataloguePart.vue')),
  part('music', () => import('./MusicPart.vue')),
  part('genres', () => import('./GenresPart.vue')),
  part('families', () => import('./FamiliesPart.vue')),
  part('clusters', () => import('./ClustersPart.vue')),
  part('timbre', () => import('./TimbrePart.vue')),
  part('maps', () => import('./MapsPart.vue')),
  part('models', () => import('./ModelsPart.vue')),
]
