import 'bulma/css/versions/bulma-no-helpers.min.css'
import '@fontsource-variable/figtree/wght.css'
import { createApp } from 'vue'
import App from './App.vue'
import { applyTheme } from './composables/theme.js'

applyTheme()
createApp(App).mount('#app')
