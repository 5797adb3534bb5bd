// The panels of the Lab, in the order of their tabs. Each is loaded when it is first opened.
import { defineAsyncComponent } from 'vue'

export const PANELS = [
  { id: 'models', label: 'Models', component: defineAsyncComponent(() => import('./ModelsPanel.vue')) },
  { id: 'genres', label: 'Genres', component: defineAsyncComponent(() => import('./GenresPanel.vue')) },
  { id: 'next', label: 'Next', component: defineAsyncComponent(() => import('./NextPanel.vue')) },
]
