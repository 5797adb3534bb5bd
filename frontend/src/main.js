import 'bulma/css/versions/bulma-no-helpers.min.css'
import '@fontsource-variable/figtree/wght.css'
import { createApp } from 'vue'
import App from './App.vue'
import { applyTheme } from './composables/theme.js'
import { rememberTyped } from './composables/typed.js'
import { addViews, router } from './router.js'
import DiscoverView from './views/DiscoverView.vue'

addViews({
  discover: DiscoverView,
  track: () => import('./views/TrackView.vue'),
  playlists: () => import('./views/PlaylistsView.vue'),
  playlist: () => import('./views/PlaylistView.vue'),
  library: () => import('./views/LibraryView.vue'),
  settings: () => import('./views/SettingsView.vue'),
  nowhere: () => import('./views/NowhereView.vue'),
})
applyTheme()
const app = createApp(App).use(router)
// The first HTML has the head of Discover: it stays until Discover itself takes its place, with what was typed.
const first = /** @type {HTMLInputElement | null} */ (document.getElementById('search'))
const mount = () => {
  if (first) rememberTyped(first)
  app.mount('#app')
}
if (first) router.isReady().then(mount)
else mount()
