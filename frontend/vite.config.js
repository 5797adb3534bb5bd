import vue from '@vitejs/plugin-vue'
import { PurgeCSS } from 'purgecss'
import { defineConfig } from 'vite'

// Bulma is a package that stays as it came; the build leaves out the rules and properties that nothing here names.
const withoutUnusedRules = {
  name: 'bulma-without-unused-rules',
  enforce: 'pre',
  async transform(css, id) {
    if (!/[\\/]bulma[\\/].*\.css$/.test(id)) return null
    const [kept] = await new PurgeCSS().purge({
      content: ['src/**/*.{vue,js}', '../templates/*.html'],
      css: [{ raw: css }],
      variables: true,
      keyframes: true,
    })
    return { code: kept.css, map: null }
  },
}

export default defineConfig({
  base: '/static/dist/',
  plugins: [withoutUnusedRules, vue()],
  publicDir: false,
  build: {
    outDir: '../static/dist',
    emptyOutDir: false,
    manifest: true,
    modulePreload: false,
    // Bulma arrives minified; our own styles are compiled by styles.py.
    cssMinify: false,
    // The content security policy allows fonts from this server only, not from data: addresses.
    assetsInlineLimit: 0,
    rollupOptions: { input: ['src/first.js', 'src/main.js'] },
  },
})
