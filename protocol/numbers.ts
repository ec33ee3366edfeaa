// Integer arithmetic for money, points and quantities. Nothing here ever sees a fraction (P-NUM-1): a quotient names its rounding
// and is exact for every pair of safe integers (P-NUM-2); a product beyond 2^53 takes the slow way instead of being rounded.
import { assert, unreachable } from './result.ts'

declare const brand: unique symbol
type Branded<T, B extends string> = T & { readonly [brand]: B }

/** Minor units of the program's currency (pence, cents). */
export type Money = Branded<number, 'Money'>
/** Whole units of the points metric. */
export type Points = Branded<number, 'Points'>
/** Thousandths of a piece, a kilogram, a litre. */
export type Quantity = Branded<number, 'Quantity'>

export const QUANTITY_UNIT = 1000 as Quantity
export const ROUNDINGS = ['floor', 'ceil', 'half_up', 'half_even'] as const
export type Rounding = (typeof ROUNDINGS)[number]

/** `a * b / c` for safe integers, `c > 0`, where the result is one too. Halves go away from zero (`half_up`) or to the even neighbour. */
export function mulDiv(a: number, b: number, c: number, rounding: Rounding): number {
  const product = a * b
  // Below, multiples of `c` up to one beyond the product must be exact too.
  if (!Number.isSafeInteger(product) || Math.abs(product) > Number.MAX_SAFE_INTEGER - c)
    return mulDivLarge(a, b, c, rounding)
  assert(c > 0, 'mulDiv divides by a positive integer')
  // The quotient of doubles may be rounded across an integer; the exact rest says so. (`%` is exact too, and ten times slower.)
  let below = Math.floor(product / c)
  let rest = product - below * c
  if (rest < 0) {
    below -= 1
    rest += c
  } else if (rest >= c) {
    below += 1
    rest -= c
  }
  // `+ 0` makes -0 a 0.
  if (rest === 0 || rounding === 'floor') return below + 0
  switch (rounding) {
    case 'ceil':
      return below + 1 + 0
    case 'half_up':
      return 2 * rest > c || (2 * rest === c && product > 0) ? below + 1 + 0 : below + 0
    case 'half_even':
      return 2 * rest > c || (2 * rest === c && below % 2 !== 0) ? below + 1 + 0 : below + 0
    default:
      return unreachable(rounding)
  }
}

function mulDivLarge(a: number, b: number, c: number, rounding: Rounding): number {
  assert(Number.isSafeInteger(a) && Number.isSafeInteger(b) && c > 0, 'mulDiv operands are safe integers')
  const result = Number(divideLarge(BigInt(a) * BigInt(b), BigInt(c), rounding))
  assert(Number.isSafeInteger(result), 'the result of mulDiv is a safe integer')
  return result
}

function divideLarge(product: bigint, divisor: bigint, rounding: Rounding): bigint {
  const truncated = product / divisor
  const rest = product % divisor
  if (rest === 0n) return truncated
  const sign = rest < 0n ? -1n : 1n
  switch (rounding) {
    case 'floor':
      return sign < 0n ? truncated - 1n : truncated
    case 'ceil':
      return sign > 0n ? truncated + 1n : truncated
    case 'half_up':
    case 'half_even': {
      const twice = 2n * sign * rest
      const away = twice > divisor || (twice === divisor && (rounding === 'half_up' || truncated % 2n !== 0n))
      return away ? truncated + sign : truncated
    }
    default:
      return unreachable(rounding)
  }
}

/**
 * Splits `total` (any sign) over `weights` (each >= 0) by largest remainder, ties to the lower index. The parts add up to the
 * total (P-NUM-3). All weights zero: everyone counts alike. Uses exact integer remainders.
 */
export function share(total: number, weights: readonly number[]): number[] {
  if (weights.length === 0) return []
  const sum = weights.reduce((a, w) => a + w, 0)
  const even = sum === 0
  const divisor = even ? weights.length : sum
  const whole = Math.abs(total)
  // No product is greater than this one.
  const plain = Number.isSafeInteger(whole * divisor)
  const parts: number[] = []
  const rests: { index: number; rest: number | bigint }[] = []
  let given = 0
  const exact = plain || even ? BigInt(weights.length) : weights.reduce((a, w) => a + BigInt(w), 0n)
  weights.forEach((weight, index) => {
    const of = even ? 1 : weight
    const { part, rest } = plain ? divide(whole, of, divisor) : divideExactly(whole, of, exact)
    parts.push(part)
    given += part
    rests.push({ index, rest })
  })
  rests.sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1))
  for (const { index } of rests) {
    if (given === whole) break
    parts[index] = (parts[index] ?? 0) + 1
    given += 1
  }
  // `+ 0` makes -0 a 0.
  return total < 0 ? parts.map((part) => -part + 0) : parts
}

function divide(whole: number, weight: number, divisor: number): { part: number; rest: number } {
  const product = whole * weight
  const rest = product % divisor
  return { part: (product - rest) / divisor, rest }
}

function divideExactly(whole: number, weight: number, divisor: bigint): { part: number; rest: bigint } {
  const product = BigInt(whole) * BigInt(weight)
  return { part: Number(product / divisor), rest: product % divisor }
}

/**
 * A decimal text to an integer of `10^-digits`; undefined when it is no plain decimal or does not fit. `rounding` says what happens
 * to further digits. `toScaled('2.555', 2, 'half_up') === 256`.
 */
export function toScaled(text: string, digits: number, rounding: Rounding): number | undefined {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]{0,15}))?$/.exec(text.trim())
  if (match === null) return undefined
  const fraction = match[3] ?? ''
  const numerator = BigInt(`${match[1]}${match[2]}${fraction}`) * 10n ** BigInt(digits)
  const scaled = Number(divideLarge(numerator, 10n ** BigInt(fraction.length), rounding))
  return Number.isSafeInteger(scaled) ? scaled : undefined
}

/** `123456` with 2 digits reads `1234.56`. */
export function fromScaled(value: number, digits: number): string {
  const text = String(Math.abs(value)).padStart(digits + 1, '0')
  const whole = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
  return value < 0 ? `-${whole}` : whole
}
