// The logic of the page, without a browser; what needs one is in tests/browser.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['tests/**/*.test.js'], setupFiles: ['tests/setup.js'], restoreMocks: true, unstubGlobals: true },
})
