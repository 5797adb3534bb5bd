import { h } from 'vue'
import { expect, test } from 'vitest'
import TextWithLink from '../../src/components/TextWithLink.vue'
import { render, textOf } from '../render.js'

const html = async (text, slots) => (await render(TextWithLink, { text, to: '/there' }, slots)).trim()

test('what stands in brackets is a link, whatever a name in it holds', async () => {
  expect(await html('[Switch one on] first.')).toBe('<a href="/there">Switch one on</a> first.')
  expect(await html('Added to [a ] or [ b].')).toBe('Added to <a href="/there">a ] or [ b</a>.')
  expect(textOf(await html('Without any.'))).toBe('Without any.')
})

test('the slot may make something else of it', async () => {
  const strong = { default: ({ text }) => h('strong', text) }
  expect(await html('[3 of 4] right.', strong)).toBe('<strong>3 of 4</strong> right.')
})
