// Vite leaves static/dist alone (styles.py writes there too), so the last build's own files go first.
import { rmSync } from 'node:fs'

for (const name of ['assets', '.vite']) {
  rmSync(new URL(`../static/dist/${name}`, import.meta.url), { recursive: true, force: true })
}
