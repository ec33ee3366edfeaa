// Chance for waits, so that the clients of a store do not come back as one (full jitter). In browsers and Node alike.
const draw = new Uint32Array(1)

/** A wait of at most `ms`, evenly drawn. */
export function jittered(ms: number): number {
  crypto.getRandomValues(draw)
  return ((draw[0] ?? 0) / 2 ** 32) * ms
}
