import { beforeAll, expect, test } from 'vitest'
import { effectScope } from 'vue'
import { useAnswer } from '../../src/composables/useAnswer.js'
import { addViews, amend, go, router } from '../../src/router.js'
import { json, stubFetch } from '../answers.js'

const views = ['discover', 'track', 'playlists', 'playlist', 'library', 'settings', 'nowhere']
beforeAll(() => addViews(Object.fromEntries(views.map((name) => [name, {}]))))

test('only another track, or another method, is a question', async () => {
  const fetch = stubFetch(() => json({ track: { id: 'a' } }))
  const asked = () => fetch.mock.calls.splice(0).map(([path]) => String(path).split('?')[0])
  await router.push('/track/a')
  const scope = effectScope()
  scope.run(useAnswer)
  expect(asked().sort()).toEqual(['/genre-predict', '/recommend'])
  await router.push('/track/a?tab=path')
  await amend({ to: 'c' })
  expect(asked()).toEqual([])
  await amend({ method: 'artists' })
  expect(asked()).toEqual(['/recommend'])
  await go('/track/b')
  expect(asked().sort()).toEqual(['/genre-predict', '/recommend'])
  scope.stop()
})
