import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'
import accessibility from 'eslint-plugin-vuejs-accessibility'
import globals from 'globals'

// A word in an expression of a template, other than one that is compared or names a member.
const WORDS = [
  'Literal[value=/[a-z]{2}/i]:not(BinaryExpression[operator=/==/] > Literal):not(MemberExpression > Literal)',
  'TemplateElement[value.raw=/[a-z]{2}/i]:not(MemberExpression TemplateElement)',
]
const SHOWN = [
  'VElement > VExpressionContainer',
  'VAttribute[key.argument.name=/^(label|title|placeholder|aria-label)$/]',
]
const BARE_WORDS = SHOWN.flatMap((where) =>
  WORDS.map((word) => ({ selector: `${where} ${word}`, message: 'Words are in src/strings.' })),
)

export default [
  js.configs.recommended,
  ...vue.configs['flat/recommended'],
  ...accessibility.configs['flat/recommended'],
  prettier,
  // A label may hold its field or name it by id.
  {
    files: ['**/*.vue'],
    rules: { 'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }] },
  },
  // Words are in src/strings, in one place per view; a template holds signs alone.
  {
    files: ['**/*.vue'],
    rules: {
      'vue/no-bare-strings-in-template': [
        'error',
        {
          allowlist: [...'()[],.:;?!+-−–=*/#%·…×←↑→↓“”'],
          attributes: {
            '/.+/': ['title', 'label', 'aria-label', 'aria-roledescription', 'aria-valuetext'],
            input: ['placeholder'],
            img: ['alt'],
          },
        },
      ],
      'vue/no-restricted-syntax': ['error', ...BARE_WORDS],
    },
  },
  // Music has no captions.
  { files: ['**/PlayerBar.vue'], rules: { 'vuejs-accessibility/media-has-caption': 'off' } },
  // The list beside the small map has the same tracks, with keys.
  {
    files: ['**/NearMap.vue'],
    rules: {
      'vuejs-accessibility/click-events-have-key-events': 'off',
      'vuejs-accessibility/no-static-element-interactions': 'off',
    },
  },
  // Escape pressed anywhere inside bubbles up to these.
  {
    files: ['DropMenu', 'OnlineServicesQuestion', 'PersonEditor'].map((name) => `**/${name}.vue`),
    rules: { 'vuejs-accessibility/no-static-element-interactions': 'off' },
  },
  // The options of a combobox are marked by aria-activedescendant: focus and keys stay in its field.
  {
    files: ['**/SearchBox.vue'],
    rules: {
      'vuejs-accessibility/click-events-have-key-events': 'off',
      'vuejs-accessibility/interactive-supports-focus': 'off',
    },
  },
  { files: ['src/**'], languageOptions: { globals: globals.browser } },
  { files: ['*.js'], languageOptions: { globals: globals.node } },
]
