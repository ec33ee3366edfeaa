// Chance from a seed, so that a run can be had again: mulberry32, 32 bits of state, good enough to shuffle frames and fill baskets.
// Nothing secret may come from it.

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** A whole number from 0 to count - 1. */
  below(count: number): number
  /** True once in `1 / chance` times. */
  happens(chance: number): boolean
}

export function seededRandom(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    below: (count) => Math.floor(next() * count),
    happens: (chance) => next() < chance,
  }
}

/** FNV-1a of a text, 32 bits, its low bits mixed: which store and terminal a customer belongs to must not depend on the run. */
export function textHash(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0
}
