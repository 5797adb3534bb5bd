// What a component shows at first, as HTML, without a browser.
import { createSSRApp, h } from 'vue'
import { renderToString } from 'vue/server-renderer'

const link = {
  props: ['to'],
  setup:
    (props, { slots }) =>
    () =>
      h('a', { href: props.to }, slots.default?.()),
}

/** @param {any} component @param {Record<string, any>} props @param {Record<string, any>} [slots] */
export async function render(component, props, slots) {
  const app = createSSRApp({ render: () => h(component, props, slots) })
  app.component('RouterLink', link)
  // Empty comments stand where nothing is shown, and around lists.
  return (await renderToString(app)).replace(/<!--.*?-->/g, '')
}

/** The text of some HTML, as it is read. @param {string} html */
export const textOf = (html) =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
