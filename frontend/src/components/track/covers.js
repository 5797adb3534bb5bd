// Covers, two at a time so that nothing else has to wait for them, and only of what is in sight.
const AT_ONCE = 2
const KEPT = 500

const answers = new Map()
const waiting = []
let loading = 0

function next() {
  while (loading < AT_ONCE && waiting.length) {
    const { address, done } = waiting.shift()
    const image = new Image()
    loading += 1
    const end = (found) => {
      loading -= 1
      done(found)
      next()
    }
    image.onload = () => end(address)
    image.onerror = () => end(null)
    image.src = address
  }
}

/** Resolves to the address of a track's cover once it has loaded, to null where there is none. */
export function loadCover(id) {
  if (!answers.has(id)) {
    if (answers.size >= KEPT) answers.delete(answers.keys().next().value)
    const address = `/api/covers/${encodeURIComponent(id)}`
    answers.set(id, new Promise((done) => waiting.push({ address, done })))
    next()
  }
  return answers.get(id)
}

let observer = null
const callbacks = new WeakMap()

/** Call `act` once `element` comes into sight; returns what stops the waiting. */
export function whenSeen(element, act) {
  observer ??= new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue
      observer.unobserve(target)
      callbacks.get(target)?.()
    }
  })
  callbacks.set(element, act)
  observer.observe(element)
  return () => observer.unobserve(element)
}
