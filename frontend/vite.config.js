import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/static/dist/',
  plugins: [vue()],
  publicDir: false,
  build: {
    outDir: '../static/dist',
    emptyOutDir: false,
    manifest: true,
    modulePreload: false,
    // Bulma arrives minified and is shipped as it is; our own styles are compiled by styles.py.
    cssMinify: false,
    // The content security policy allows fonts from this server only, not from data: addresses.
    assetsInlineLimit: 0,
    rollupOptions: { input: 'src/main.js' },
  },
})
