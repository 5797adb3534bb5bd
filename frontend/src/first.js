// The remembered theme, set before anything is painted; all else may come later. It shares no module with the page, so
// that it is one small file. The key is that of composables/theme.js.
try {
  const theme = window.localStorage.getItem('tastemap-theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch (refused) {
  // Private windows and strict settings refuse storage.
  if (!(refused instanceof DOMException)) throw refused
}
