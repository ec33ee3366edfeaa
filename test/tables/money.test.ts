// E-SPEND-9 and E-SPEND-10: points as money, and what a terminal redeems by itself.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { discountFor, leastPoints } from '../../cloud/evaluation/spending/money.ts'
import { offersOn } from '../../cloud/evaluation/spending/offers.ts'
import { NOTHING_HELD, mayRedeem } from '../../cloud/evaluation/spending/spending.ts'
import type { Basket } from '../../protocol/facts.ts'
import type { RuleId, StoreId } from '../../protocol/ids.ts'
import { AMOUNT_MAX, POINTS_MAX } from '../../protocol/limits.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { ZoneOffset } from '../../protocol/time.ts'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { program, programsOf, tell } from './story.ts'

const rate = (points: number, money: number, maximum?: number) => ({
  points,
  money,
  ...(maximum === undefined ? {} : { maximum }),
})

describe('E-SPEND-9 a discount and the points it takes', () => {
  test.each([
    // rate, basket, points there are -> discount, points taken
    ['100 points a pound, all of the basket', rate(100, 100), 1_250, 5_000, 1_250, 1_250],
    ['100 points a pound, not enough points', rate(100, 100), 1_250, 700, 700, 700],
    ['at most five pounds', rate(100, 100, 500), 1_250, 5_000, 500, 500],
    ['3 points a penny: what is over buys nothing', rate(3, 1), 1_250, 100, 33, 99],
    ['3 pence a point: a point too many is not taken', rate(1, 3), 10, 100, 10, 4],
    ['7 points for 5 pence', rate(7, 5), 1_000, 100, 71, 100],
    ['no points', rate(1, 1), 1_000, 0, 0, 0],
    ['a deficit', rate(1, 1), 1_000, -50, 0, 0],
    ['an empty basket', rate(1, 1), 0, 50, 0, 0],
    ['a fortune a point', rate(1, AMOUNT_MAX), 1_000, POINTS_MAX, 1_000, 1],
  ])('%s', (_, money, basket, available, discount, points) => {
    expect(discountFor(money, basket, available)).toEqual({ discount, points })
  })

  test('is never worth more than its points, and takes no point it does not use', () => {
    const amount = fc.integer({ min: 0, max: AMOUNT_MAX })
    const have = fc.integer({ min: 0, max: POINTS_MAX })
    const side = fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: POINTS_MAX }))
    fc.assert(
      fc.property(side, side, amount, have, (p, m, basket, available) => {
        const money = rate(p, m)
        const { discount, points } = discountFor(money, basket, available)
        expect(discount).toBeLessThanOrEqual(basket)
        expect(points).toBeLessThanOrEqual(available)
        // As fractions: discount / m <= points / p, and with one point less it would not be so.
        expect(BigInt(discount) * BigInt(p) <= BigInt(points) * BigInt(m)).toBe(true)
        if (points > 0) expect(BigInt(discount) * BigInt(p) > BigInt(points - 1) * BigInt(m)).toBe(true)
        // As much as the points and the basket allow.
        if (discount < basket)
          expect(BigInt(discount + 1) * BigInt(p) > BigInt(available) * BigInt(m)).toBe(true)
        if (available >= leastPoints(money) && basket > 0) expect(discount).toBeGreaterThan(0)
      }),
    )
  })
})

const MONEY = { id: 301, title: 'Points off', points: 0, money: rate(3, 1) }
const RICH = '2024-01-01 09:00 | is granted 500 | 500'

const CASES: readonly Case[] = [
  {
    rule: 'E-SPEND-9',
    name: 'a redemption names its points: enough for something, and no more than there are',
    program: { redeem_perks: [MONEY] },
    story: [
      RICH,
      '2024-03-04 10:00 | asks for 301 naming 300 points | yes',
      '2024-03-04 10:00 | asks for 301 naming 501 points | points_insufficient',
      '2024-03-04 10:00 | asks for 301 naming 500 points with 1 points held | points_insufficient',
      '2024-03-04 10:00 | asks for 301 naming 2 points | input_invalid',
      '2024-03-04 10:00 | asks for 301 | input_invalid',
    ],
  },
  {
    rule: 'E-SPEND-9',
    name: 'what has a price of its own takes no other',
    program: { redeem_perks: [{ id: 302, title: 'Coffee', points: 50 }] },
    story: [RICH, '2024-03-04 10:00 | asks for 302 naming 50 points | input_invalid'],
  },
  {
    rule: 'E-SPEND-9',
    name: 'the fold books the points the redemption names, and gives just those back',
    program: { redeem_perks: [MONEY] },
    story: [
      RICH,
      '2024-03-04 10:00 | reserves 301 for 300 | -300',
      '2024-03-04 10:01 | cancels 301 of #2 | 300',
      '2024-03-04 10:02 | redeems 301 for 99 | -99',
    ],
    ends: { balance: 401, spent: 99 },
  },
]

test.each(CASES)('$rule $name', holds)

/** The program and the member once somebody was granted 500 points, asked on 4 March 2024 at 12:00. */
function asked(...perks: readonly object[]) {
  const document = program({
    redeem_perks: perks,
    metrics: [{ id: 7, name: 'Stamps' }],
    earn_perks: [
      { id: 102, title: 'Stamps', type: 'STANDARD', award: { kind: 'per_item', points: 1 }, metric: 7 },
    ],
  })
  const state = tell(document, [RICH, '2024-01-02 09:00 | buys tea 3 x 3.00 | 0']).at(-1)?.after
  const at = hybridTime(Date.parse('2024-03-04T12:00:00Z'))
  const found = programsOf(document).program(at)
  if (state === undefined || found === null) throw new Error('the story has an end and a program')
  return { program: found, state, place: { store: 1 as StoreId, at, offset: 0 as ZoneOffset } }
}

test('E-SPEND-9 what is decided takes no more points than its discount uses', () => {
  const { program: found, state, place } = asked(MONEY)
  expect(mayRedeem(found, state, 301 as RuleId, place, NOTHING_HELD, 100)).toEqual({
    ok: true,
    value: { metric: 0, points: 99, discount: 33 },
  })
})

test('E-SPEND-9 E-SPEND-11 nor than the basket it is asked with leaves to pay', () => {
  const { program: found, state, place } = asked(MONEY)
  const lines = [{ sku: 'any', category: null, quantity: 1_000, amount: 20 }]
  const basket = { lines, tenders: [] } as unknown as Basket
  expect(mayRedeem(found, state, 301 as RuleId, { ...place, basket }, NOTHING_HELD, 100)).toEqual({
    ok: true,
    value: { metric: 0, points: 60, discount: 20 },
  })
})

describe('E-SPEND-10 a quote lists', () => {
  const told = (amount: number, ...perks: readonly object[]): string[] => {
    const { program: found, state, place } = asked(...perks)
    const basket = { lines: [{ sku: 'any', category: null, quantity: 1_000, amount }], tenders: [] }
    return offersOn(found, state, place, basket as unknown as Basket).map(
      ({ perk, points, metric, discount, auto }) =>
        `${perk}: ${points}${metric === 0 ? '' : ` of ${metric}`}${discount === null ? '' : `, ${discount} off`}${auto ? ', by itself' : ''}`,
    )
  }

  test('points as money with the discount on this basket, and nothing that has to be asked for without it', () => {
    expect(told(120, MONEY, { id: 302, title: 'Coffee', points: 50 })).toEqual(['301: 360, 120 off'])
    expect(told(1_000, MONEY)).toEqual(['301: 498, 166 off'])
    expect(told(0, MONEY)).toEqual([])
  })

  test('what the terminal redeems by itself; each leaves less points and a smaller basket to the next', () => {
    const auto = { method: 'AUTO' }
    expect(
      told(
        100,
        { id: 302, title: 'Coffee', points: 200, ...auto },
        { ...MONEY, ...auto },
        { id: 303, title: 'Tea', points: 1, ...auto },
        { id: 304, title: 'Rest', points: 0, money: rate(1, 1) },
      ),
    ).toEqual(['302: 200, by itself', '301: 300, 100 off, by itself'])
  })

  test('several that wait to be asked for do not take from each other', () => {
    expect(told(100, MONEY, { ...MONEY, id: 305 })).toEqual(['301: 300, 100 off', '305: 300, 100 off'])
  })

  test('each from the account of its metric', () => {
    expect(
      told(
        100,
        { id: 302, title: 'Coffee', points: 500, method: 'AUTO' },
        { id: 303, title: 'Cake', points: 3, metric: 7, method: 'AUTO' },
        { id: 304, title: 'Another', points: 1, metric: 7, method: 'AUTO' },
      ),
    ).toEqual(['302: 500, by itself', '303: 3 of 7, by itself'])
  })

  test('nothing that the authority would refuse', () => {
    expect(told(100, { ...MONEY, stores: [2] }, { ...MONEY, id: 302, status: 'INACTIVE' })).toEqual([])
  })
})
