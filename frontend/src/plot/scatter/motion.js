// Movements that show what became of what. Who wants less motion gets the end at once.
export const wantsStill = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches

const eased = (share) => (share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2)

// Calls step(0 < share <= 1) once a frame for `ms`; the last call has 1. Returns how to stop it.
export function animate(ms, step) {
  if (wantsStill()) {
    step(1)
    return () => {}
  }
  const began = performance.now()
  let frame = 0
  const next = () => {
    const share = Math.min((performance.now() - began) / ms, 1)
    step(eased(share))
    if (share < 1) frame = requestAnimationFrame(next)
  }
  frame = requestAnimationFrame(next)
  return () => cancelAnimationFrame(frame)
}
