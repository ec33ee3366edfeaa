// Chance for waits, so that the clients of a store do not come back as one (full jitter). In browsers and Node alike.
const draw = new Uint32Array(1)

/** A wait before attempt `attempt` (from 0), evenly drawn up to `base` doubled each time, and never above `most`. */
export function backoff(base: number, most: number, attempt: number): number {
  return jittered(Math.min(most, base * 2 ** attempt))
}

function jittered(ms: number): number {
  crypto.getRandomValues(draw)
  return ((draw[0] ?? 0) / 2 ** 32) * ms
}
