// The type of a prop that is an array: vue-tsc takes a bare Array for one of unknown things.
/** @type {import('vue').PropType<any[]>} */
export const List = Array
