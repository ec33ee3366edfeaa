import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AMOUNT_MAX, POINTS_MAX, POINTS_PER_UNIT_MAX, QUANTITY_MAX } from '../../protocol/limits.ts'
import type { Rounding } from '../../protocol/numbers.ts'
import { ROUNDINGS, fromScaled, mulDiv, share, toScaled } from '../../protocol/numbers.ts'

/** The same quotient said another way: the neighbour below, and the distance to it. */
function roundedQuotient(numerator: bigint, divisor: bigint, rounding: Rounding): bigint {
  const below = numerator / divisor - (numerator % divisor < 0n ? 1n : 0n)
  const twice = (numerator - below * divisor) * 2n
  if (twice === 0n || rounding === 'floor') return below
  if (rounding === 'ceil' || twice > divisor) return below + 1n
  if (twice < divisor) return below
  const awayFromZero = below >= 0n ? below + 1n : below
  return rounding === 'half_up' ? awayFromZero : below % 2n === 0n ? below : below + 1n
}

describe('mulDiv', () => {
  const rounding = fc.constantFrom(...ROUNDINGS)
  const anySafe = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1000, max: 1000 }))

  test('P-NUM-2: equals the exact quotient for all safe integers', () => {
    let large = 0
    fc.assert(
      fc.property(
        anySafe,
        anySafe,
        fc.oneof(
          fc.integer({ min: 1, max: 50 }),
          fc.maxSafeNat().map((n) => n + 1),
        ),
        rounding,
        (a, b, c, how) => {
          const exact = roundedQuotient(BigInt(a) * BigInt(b), BigInt(c), how)
          fc.pre(exact <= BigInt(Number.MAX_SAFE_INTEGER) && exact >= BigInt(Number.MIN_SAFE_INTEGER))
          if (!Number.isSafeInteger(a * b)) large += 1
          expect(BigInt(mulDiv(a, b, c, how))).toBe(exact)
        },
      ),
      // A multiple of 27 just beyond the product is no double.
      { numRuns: 3_000, examples: [[1, Number.MIN_SAFE_INTEGER, 27, 'half_even']] },
    )
    expect(large).toBeGreaterThan(50)
  })

  test('P-NUM-2: the largest operands the limits allow', () => {
    expect(mulDiv(AMOUNT_MAX, POINTS_PER_UNIT_MAX, 1, 'floor')).toBe(AMOUNT_MAX * POINTS_PER_UNIT_MAX)
    expect(mulDiv(POINTS_MAX, QUANTITY_MAX, QUANTITY_MAX + 1, 'floor')).toBe(999_999_999)
    expect(mulDiv(POINTS_MAX, QUANTITY_MAX, 999, 'ceil')).toBe(1_001_001_001_001_002)
  })

  test.each<[a: number, c: number, Record<Rounding, number>]>([
    [7, 2, { floor: 3, ceil: 4, half_up: 4, half_even: 4 }],
    [5, 2, { floor: 2, ceil: 3, half_up: 3, half_even: 2 }],
    [-5, 2, { floor: -3, ceil: -2, half_up: -3, half_even: -2 }],
    [-7, 2, { floor: -4, ceil: -3, half_up: -4, half_even: -4 }],
    [10, 3, { floor: 3, ceil: 4, half_up: 3, half_even: 3 }],
    [11, 3, { floor: 3, ceil: 4, half_up: 4, half_even: 4 }],
    [9, 3, { floor: 3, ceil: 3, half_up: 3, half_even: 3 }],
    [0, 3, { floor: 0, ceil: 0, half_up: 0, half_even: 0 }],
  ])('P-NUM-2: %i / %i rounds as named', (a, c, expected) => {
    for (const how of ROUNDINGS) expect(mulDiv(a, 1, c, how) + 0).toBe(expected[how])
  })

  test('P-NUM-1 P-NUM-2: fractions, a divisor below 1 and a result beyond 2^53 are defects', () => {
    expect(() => mulDiv(0.5, 1, 1, 'floor')).toThrow('safe integers')
    expect(() => mulDiv(1, 1, 0, 'floor')).toThrow('positive')
    expect(() => mulDiv(1, 1, -1, 'floor')).toThrow('positive')
    expect(() => mulDiv(Number.MAX_SAFE_INTEGER, 2, 1, 'floor')).toThrow('result')
    expect(() => mulDiv(Number.NaN, 2, 1, 'floor')).toThrow('safe integers')
  })
})

describe('share', () => {
  const weights = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.maxSafeNat()), {
    minLength: 1,
    maxLength: 30,
  })

  test('P-NUM-3: the parts add up, none is more than one off its exact part, and none of weight 0 gets any', () => {
    fc.assert(
      fc.property(fc.integer({ min: -POINTS_MAX, max: POINTS_MAX }), weights, (total, list) => {
        const parts = share(total, list)
        expect(parts.length).toBe(list.length)
        expect(parts.reduce((a, b) => a + b, 0)).toBe(total)
        const sum = list.reduce((a, w) => a + BigInt(w), 0n)
        for (const [index, part] of parts.entries()) {
          const weight = sum === 0n ? 1n : BigInt(list[index] ?? 0)
          const whole = sum === 0n ? BigInt(list.length) : sum
          const distance = BigInt(part) * whole - BigInt(total) * weight
          expect(distance < whole && distance > -whole).toBe(true)
          if (weight === 0n) expect(part + 0).toBe(0)
        }
      }),
    )
  })

  test.each<[total: number, weights: number[], parts: number[]]>([
    [10, [1, 1, 1], [4, 3, 3]],
    [11, [1, 1, 1], [4, 4, 3]],
    [-10, [1, 1, 1], [-4, -3, -3]],
    [10, [0, 0, 0], [4, 3, 3]],
    [10, [0, 5, 5], [0, 5, 5]],
    [1, [1, 1], [1, 0]],
    [100, [333, 333, 334], [33, 33, 34]],
    [0, [1, 2], [0, 0]],
    [7, [3], [7]],
  ])('P-NUM-3: %i over %j gives %j', (total, list, parts) => {
    expect(share(total, list).map((part) => part + 0)).toEqual(parts)
  })

  test('P-NUM-3: nothing to share over gives nothing', () => {
    expect(share(5, [])).toEqual([])
  })
})

describe('toScaled', () => {
  test('P-NUM-2: equals the exact quotient for every decimal', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.oneof(
          fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), maxLength: 12 }),
          fc.constantFrom('5', '25', '50', '500'),
        ),
        fc.integer({ min: 0, max: 4 }),
        fc.constantFrom(...ROUNDINGS),
        (negative, whole, fraction, digits, how) => {
          const text = `${negative ? '-' : ''}${whole}.${fraction}`
          const numerator = BigInt(`${whole}${fraction}`) * 10n ** BigInt(digits) * (negative ? -1n : 1n)
          const exact = roundedQuotient(numerator, 10n ** BigInt(fraction.length), how)
          expect(BigInt(toScaled(text, digits, how) ?? Number.NaN)).toBe(exact)
        },
      ),
    )
  })

  test.each<[text: string, digits: number, how: Rounding, scaled: number]>([
    ['2.555', 2, 'half_up', 256],
    ['2.555', 2, 'half_even', 256],
    ['2.545', 2, 'half_even', 254],
    ['1.5', 0, 'half_even', 2],
    ['2.5', 0, 'half_even', 2],
    ['-1.5', 0, 'half_even', -2],
    ['-0.001', 2, 'floor', -1],
    ['0.1', 2, 'floor', 10],
    ['12', 2, 'floor', 1200],
    ['12.', 2, 'floor', 1200],
    [' 12 ', 0, 'floor', 12],
  ])('P-NUM-2: "%s" with %i digits, %s, is %i', (text, digits, how, scaled) => {
    expect(toScaled(text, digits, how)).toBe(scaled)
  })

  test.each([
    '',
    '.',
    '.5',
    '1e3',
    '1,5',
    '--1',
    '+1',
    '0x10',
    'NaN',
    '1.2.3',
    '1'.repeat(16),
    '999999999999999',
  ])('P-NUM-1: "%s" is no amount with 4 digits', (text) => {
    expect(toScaled(text, 4, 'floor')).toBeUndefined()
  })

  test('P-NUM-1: reads back what fromScaled wrote', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -AMOUNT_MAX, max: AMOUNT_MAX }),
        fc.integer({ min: 0, max: 4 }),
        (value, digits) => {
          expect(toScaled(fromScaled(value, digits), digits, 'floor')).toBe(value)
        },
      ),
    )
    expect(fromScaled(123_456, 2)).toBe('1234.56')
    expect(fromScaled(-5, 2)).toBe('-0.05')
    expect(fromScaled(7, 0)).toBe('7')
  })
})
