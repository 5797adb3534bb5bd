import { ref, watch } from 'vue'
import { recall, remember } from './storage.js'

// 'auto' follows the system, also while the page is open.
export const THEMES = ['auto', 'light', 'dark']
const KEY = 'tastemap-theme'
const system = window.matchMedia('(prefers-color-scheme: dark)')

const stored = recall('localStorage', KEY)

export const theme = ref(THEMES.includes(stored) ? stored : 'auto')
export const isDark = ref(false)

export function applyTheme() {
  const root = document.documentElement
  if (theme.value === 'auto') delete root.dataset.theme
  else root.dataset.theme = theme.value
  isDark.value = theme.value === 'dark' || (theme.value === 'auto' && system.matches)
}

watch(theme, (choice) => {
  remember('localStorage', KEY, choice)
  applyTheme()
})
system.addEventListener('change', applyTheme)
