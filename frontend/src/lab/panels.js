// The panels of the Lab, in the order of their tabs. Each is loaded when it is first opened.
import { defineAsyncComponent } from 'vue'

export const PANELS = [
  { id: 'models', label: 'Models', component: defineAsyncComponent(() => import('./ModelsPanel.vue')) },
  { id: 'next', label: 'Next', component: defineAsyncComponent(() => import('./NextPanel.vue')) },
  { id: 'blend', label: 'Blend', component: defineAsyncComponent(() => import('./BlendPanel.vue')) },
  { id: 'whose', label: 'Whose track', component: defineAsyncComponent(() => import('./WhosePanel.vue')) },
  { id: 'maps', label: 'Maps', component: defineAsyncComponent(() => import('./MapsPanel.vue')) },
  { id: 'genres', label: 'Genres', component: defineAsyncComponent(() => import('./GenresPanel.vue')) },
  { id: 'clusters', label: 'Clusters', component: defineAsyncComponent(() => import('./ClustersPanel.vue')) },
  { id: 'families', label: 'Families', component: defineAsyncComponent(() => import('./FamiliesPanel.vue')) },
  { id: 'timbre', label: 'Timbre', component: defineAsyncComponent(() => import('./TimbrePanel.vue')) },
]
