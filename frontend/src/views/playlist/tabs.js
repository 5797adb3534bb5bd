// The tabs of a playlist, in their order; the first is the one without a name in the address. Each gets the playlist's
// `id` and the `hub` with its rows and people, and is loaded when it is first opened. `fits` says which playlists have it.
import { lazily } from '../../composables/lazily.js'
import MapTab from './MapTab.vue'
import OverviewTab from './OverviewTab.vue'
import { TABS as LABELS } from '../../strings/hub.js'
import { COMMON } from '../../strings/common.js'

const tab = (part, label, load, fits = null) => ({ part, label, component: lazily(load), fits })

export const TABS = [
  { part: 'overview', label: LABELS.overview, component: OverviewTab, fits: null },
  { part: 'map', label: LABELS.map, component: MapTab, fits: null },
  tab('people', LABELS.people, () => import('./PeopleTab.vue')),
  tab('next', LABELS.next, () => import('./NextTab.vue')),
  tab('blend', LABELS.blend, () => import('./BlendTab.vue')),
  tab('tracks', COMMON.tracks, () => import('./TracksTab.vue')),
  tab('gathered', LABELS.gathered, () => import('./GatheredTab.vue')),
  tab(
    'sort',
    LABELS.sort,
    () => import('./SortTab.vue'),
    ({ mine }) => mine,
  ),
]
