// The logic of the page and the HTML of single components, without a browser; what needs one is in tests/browser.
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [vue()],
  test: { include: ['tests/**/*.test.js'], setupFiles: ['tests/setup.js'], restoreMocks: true, unstubGlobals: true },
})
