// The arithmetic of shares and quotients, in big integers.
// Nothing here rounds but where the program says how.

/** The most one rule gives on one fact (E-EARN-7). */
export const POINTS_MAX = 1_000_000_000

/** A quotient of numbers that are not negative. */
export function rounded(numerator: bigint, denominator: bigint, rounding: string): number {
  const low = numerator / denominator
  const rest = numerator - low * denominator
  const up =
    rounding === 'ceil'
      ? rest > 0n
      : rounding === 'half_up'
        ? rest * 2n >= denominator
        : rounding === 'half_even'
          ? rest * 2n > denominator || (rest * 2n === denominator && low % 2n === 1n)
          : false
  return Number(up ? low + 1n : low)
}

/** The part of a line's amount that goes back when so much of what was sold has been given back; a line sold with quantity 0 goes back whole. */
export function partOf(amount: number, returned: number | undefined, sold: number): number {
  if (returned === undefined) return 0
  return returned >= sold ? amount : Number((BigInt(amount) * BigInt(returned)) / BigInt(sold))
}

/** Largest remainder, one by one: whoever is furthest below its exact part gets the next. */
export function shared(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0)
  const fair = sum === 0 ? weights.map(() => 1) : weights
  const whole = BigInt(sum === 0 ? weights.length : sum)
  const parts = fair.map((weight) => Number((BigInt(total) * BigInt(weight)) / whole))
  let left = total - parts.reduce((a, b) => a + b, 0)
  const rest = fair.map((weight) => (BigInt(total) * BigInt(weight)) % whole)
  while (left > 0) {
    const most = rest.reduce((best, value, index) => (value > (rest[best] ?? -1n) ? index : best), 0)
    parts[most] = (parts[most] ?? 0) + 1
    rest[most] = -1n
    left -= 1
  }
  return parts
}
