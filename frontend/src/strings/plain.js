// Comparable text: lower case, without accents.
export const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
