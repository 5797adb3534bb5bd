import { expect, test, vi } from 'vitest'
import { createRenderer, h } from 'vue'
import { useOneNotice } from '../../src/composables/useOneNotice.js'

// A renderer of nothing: only the components live.
const nothing = () => ({})
const { createApp } = createRenderer({
  ...{ createElement: nothing, createText: nothing, createComment: nothing, insert() {}, remove() {} },
  ...{ parentNode: () => null, nextSibling: () => null, patchProp() {}, setText() {}, setElementText() {} },
})

function mount(errors) {
  const found = []
  const Notice = {
    props: ['error'],
    setup(props) {
      const retry = vi.fn()
      found.push({ retry, ...useOneNotice(() => props.error, retry) })
      return () => null
    },
  }
  const app = createApp(() =>
    h(
      'div',
      errors.map((error, key) => h(Notice, { error, key })),
    ),
  )
  app.mount({})
  return { found, app }
}
const AWAY = { status: 0, message: 'Tastemap does not answer.' }

test('of equal notices that the server is away one is shown, and tries all again', () => {
  const refused = { status: 422, message: 'Not enough.' }
  const { found, app } = mount([refused, AWAY, AWAY, refused, AWAY])
  expect(found.map(({ shown }) => shown.value)).toEqual([true, true, false, true, false])
  found[1].retryAll()
  expect(found.map(({ retry }) => retry.mock.calls.length)).toEqual([0, 1, 1, 0, 1])
  found[3].retryAll()
  expect(found[0].retry).not.toHaveBeenCalled()
  app.unmount()
  expect(mount([AWAY]).found[0].shown.value).toBe(true)
})
