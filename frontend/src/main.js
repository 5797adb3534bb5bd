import 'bulma/css/versions/bulma-no-helpers.min.css'
import '@fontsource-variable/figtree/wght.css'
import { createApp } from 'vue'
import App from './App.vue'
import { applyTheme } from './composables/theme.js'
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
createApp(App).use(router).mount('#app')
