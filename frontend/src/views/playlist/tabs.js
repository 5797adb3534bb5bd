// The tabs of a playlist, in their order; the first is the one without a name in the address. Each gets the playlist's
// `id` and is loaded when it is first opened.
import { defineAsyncComponent } from 'vue'
import MapTab from './MapTab.vue'

const tab = (part, label, load) => ({ part, label, component: defineAsyncComponent(load) })

export const TABS = [
  { part: 'map', label: 'Map', component: MapTab },
  tab('people', 'People', () => import('./PeopleTab.vue')),
  tab('next', 'Next', () => import('./NextTab.vue')),
  tab('blend', 'Blend', () => import('./BlendTab.vue')),
  tab('sort', 'Sort', () => import('./SortTab.vue')),
]
