// The tabs of a playlist, in their order; the first is the one without a name in the address. Each gets the playlist's
// `id` and the `hub` with its rows and people, and is loaded when it is first opened. `fits` says which playlists have it.
import { lazily } from '../../composables/lazily.js'
import MapTab from './MapTab.vue'
import OverviewTab from './OverviewTab.vue'

const tab = (part, label, load, fits = null) => ({ part, label, component: lazily(load), fits })

export const TABS = [
  { part: 'overview', label: 'Overview', component: OverviewTab, fits: null },
  { part: 'map', label: 'Map', component: MapTab, fits: null },
  tab('people', 'People', () => import('./PeopleTab.vue')),
  tab('next', 'Next', () => import('./NextTab.vue')),
  tab('blend', 'Blend', () => import('./BlendTab.vue')),
  tab('tracks', 'Tracks', () => import('./TracksTab.vue')),
  tab('gathered', 'Gathered', () => import('./GatheredTab.vue')),
  tab(
    'sort',
    'Sort songs',
    () => import('./SortTab.vue'),
    ({ mine }) => mine,
  ),
]
