// E-EARN: what a sale, a check-in and an enrolment earn. Prices are pounds; a shop is London where none is named. 2024-03-04 was a Monday.
import { expect, test } from 'vitest'
import { POINTS_MAX } from '../../protocol/limits.ts'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND, pointsByRule, program, tell } from './story.ts'

const perks = (...list: readonly object[]) => ({ earn_perks: list })
const perPound = (change: object = {}): object => ({ ...POINT_PER_POUND, ...change })
const award = (points: number, unit: number, rounding: string) =>
  perPound({ award: { kind: 'per_currency_unit', points, unit, rounding } })
const perItem = (points: number, change: object = {}) =>
  perPound({ award: { kind: 'per_item', points }, ...change })
const fixed = (points: number, change: object = {}) =>
  perPound({ award: { kind: 'fixed', points }, ...change })
const checkin = (points: number, change: object = {}) =>
  fixed(points, { id: 102, type: 'CHECKIN', ...change })
const TIERS = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 100 },
  { id: 3, name: 'Gold', point_floor: 500 },
]

const CASES: readonly Case[] = [
  // E-EARN-1: how much.
  {
    rule: 'E-EARN-1',
    name: 'a point per pound, the rest of a pound is lost',
    program: perks(perPound()),
    story: ['2024-03-04 10:00 | buys tea 10.99 | 10'],
  },
  {
    rule: 'E-EARN-1',
    name: 'floor',
    program: perks(award(1, 100, 'floor')),
    story: [
      '2024-03-04 10:00 | buys tea 2.50 | 2',
      '2024-03-04 11:00 | buys tea 3.50 | 3',
      '2024-03-04 12:00 | buys tea 2.51 | 2',
    ],
  },
  {
    rule: 'E-EARN-1',
    name: 'ceil',
    program: perks(award(1, 100, 'ceil')),
    story: [
      '2024-03-04 10:00 | buys tea 2.50 | 3',
      '2024-03-04 11:00 | buys tea 3.00 | 3',
      '2024-03-04 12:00 | buys tea 0.01 | 1',
    ],
  },
  {
    rule: 'E-EARN-1',
    name: 'half up',
    program: perks(award(1, 100, 'half_up')),
    story: [
      '2024-03-04 10:00 | buys tea 2.50 | 3',
      '2024-03-04 11:00 | buys tea 3.50 | 4',
      '2024-03-04 12:00 | buys tea 2.49 | 2',
    ],
  },
  {
    rule: 'E-EARN-1',
    name: 'half to even',
    program: perks(award(1, 100, 'half_even')),
    story: [
      '2024-03-04 10:00 | buys tea 2.50 | 2',
      '2024-03-04 11:00 | buys tea 3.50 | 4',
      '2024-03-04 12:00 | buys tea 2.51 | 3',
    ],
  },
  {
    rule: 'E-EARN-1',
    name: 'three points per two pounds fifty',
    program: perks(award(3, 250, 'floor')),
    story: [
      '2024-03-04 10:00 | buys tea 2.49 | 2',
      '2024-03-04 11:00 | buys tea 2.50 | 3',
      '2024-03-04 12:00 | buys tea 10.00 | 12',
    ],
  },
  {
    rule: 'E-EARN-1',
    name: 'the total is rounded once, not each line',
    program: perks(perPound()),
    story: ['2024-03-04 10:00 | buys tea 0.50, cake 0.50, milk 0.99 | 1'],
  },
  {
    rule: 'E-EARN-1',
    name: 'per item: whole pieces only, over all lines together',
    program: perks(perItem(5)),
    story: [
      '2024-03-04 10:00 | buys tea 3 x 9.00 | 15',
      '2024-03-04 11:00 | buys ham 0.4 x 4.00, ham 0.7 x 7.00 | 5',
      '2024-03-04 12:00 | buys ham 0.999 x 9.99 | 0',
    ],
  },
  {
    rule: 'E-EARN-1',
    name: 'fixed: once a sale, whatever it comes to',
    program: perks(fixed(7)),
    story: ['2024-03-04 10:00 | buys tea 100.00, cake 3 x 9.00 | 7', '2024-03-04 11:00 | buys tea 0.01 | 7'],
  },
  {
    rule: 'E-EARN-1',
    name: 'several perks add up, each under its own id',
    program: perks(perPound(), fixed(7, { id: 103 })),
    story: ['2024-03-04 10:00 | buys tea 10.00 | 17 | 101:10 103:7'],
  },
  {
    rule: 'E-EARN-1',
    name: 'nothing paid: nothing by amount, but a fixed perk gives its points',
    program: perks(perPound(), fixed(7, { id: 103 })),
    story: ['2024-03-04 10:00 | buys sample 0.00 | 7 | 103:7'],
  },
  {
    rule: 'E-EARN-1',
    name: 'no pieces: no items, but the money counts',
    program: perks(perPound(), perItem(5, { id: 103 })),
    story: ['2024-03-04 10:00 | buys wrap 0 x 2.00 | 2 | 101:2'],
  },
  // E-EARN-2: which lines.
  {
    rule: 'E-EARN-2',
    name: 'a listed sku',
    program: perks(perPound({ skus: ['tea', 'coffee'] })),
    story: ['2024-03-04 10:00 | buys tea 4.00, cake 9.00, coffee 2.00 | 6'],
  },
  {
    rule: 'E-EARN-2',
    name: 'a listed category',
    program: perks(perPound({ categories: ['DRINKS'] })),
    story: ['2024-03-04 10:00 | buys tea/DRINKS 4.00, cake/FOOD 9.00, bag 1.00 | 4'],
  },
  {
    rule: 'E-EARN-2',
    name: 'sku or category: the union',
    program: perks(perPound({ skus: ['cake'], categories: ['DRINKS'] })),
    story: ['2024-03-04 10:00 | buys tea/DRINKS 4.00, cake/FOOD 9.00, pie/FOOD 5.00 | 13'],
  },
  {
    rule: 'E-EARN-2',
    name: 'a line that matches by both counts once',
    program: perks(perPound({ skus: ['tea'], categories: ['DRINKS'] })),
    story: [
      '2024-03-04 10:00 | buys tea/DRINKS 4.00 | 4',
      '2024-03-04 11:00 | buys tea/DRINKS 4.00, tea/DRINKS 3.00 | 7',
    ],
  },
  {
    rule: 'E-EARN-2',
    name: 'a line may count for several perks',
    program: perks(perPound({ skus: ['tea'] }), perPound({ id: 103, categories: ['DRINKS'] })),
    story: ['2024-03-04 10:00 | buys tea/DRINKS 4.00, cola/DRINKS 2.00 | 10 | 101:4 103:6'],
  },
  {
    rule: 'E-EARN-2',
    name: 'per item counts the matching pieces only',
    program: perks(perItem(5, { categories: ['DRINKS'] })),
    story: ['2024-03-04 10:00 | buys tea/DRINKS 2 x 4.00, cake 3 x 9.00 | 10'],
  },
  {
    rule: 'E-EARN-2',
    name: 'names are compared letter by letter',
    program: perks(perPound({ skus: ['Tea'] })),
    story: ['2024-03-04 10:00 | buys tea 4.00 | 0'],
  },
  // E-EARN-3: the conditions, in their order.
  {
    rule: 'E-EARN-3',
    name: 'status: an inactive perk gives nothing',
    program: perks(perPound({ status: 'INACTIVE' })),
    story: ['2024-03-04 10:00 | buys tea 4.00 | 0'],
  },
  {
    rule: 'E-EARN-3',
    name: "dates: the first and the last day count, by the shop's clock",
    program: perks(perPound({ start: '2024-03-05', end: '2024-03-06' })),
    story: [
      '2024-03-04 23:59 | buys tea 4.00 | 0',
      '2024-03-05 00:00 | buys tea 4.00 | 4',
      '2024-03-06 23:59 | buys tea 4.00 | 4',
      '2024-03-07 00:00 | buys tea 4.00 | 0',
    ],
  },
  {
    rule: 'E-EARN-3',
    name: 'dates: each shop has its own midnight',
    program: perks(perPound({ start: '2024-03-05' })),
    story: [
      '2024-03-04 23:30 | buys tea 4.00 | 0',
      '2024-03-05 00:30 Berlin | buys tea 4.00 | 4',
      '2024-03-04 23:30 New York | buys tea 4.00 | 0',
      '2024-03-05 00:00 New York | buys tea 4.00 | 4',
    ],
  },
  {
    rule: 'E-EARN-3',
    name: 'store: only those listed',
    program: perks(perPound({ stores: [2, 3] })),
    story: [
      '2024-03-04 10:00 London | buys tea 4.00 | 0',
      '2024-03-04 12:00 Berlin | buys tea 4.00 | 4',
      '2024-03-04 10:00 New York | buys tea 4.00 | 4',
    ],
  },
  {
    rule: 'E-EARN-3',
    name: 'required tier: the tier before the sale counts, so the sale that reaches it earns none yet',
    program: { ...perks(perPound(), fixed(50, { id: 103, required_tier: 2 })), tiers: TIERS },
    story: [
      '2024-03-04 10:00 | buys tea 99.00 | 99',
      '2024-03-04 11:00 | buys tea 1.00 | 1',
      '2024-03-04 12:00 | buys tea 1.00 | 51 | 101:1 103:50',
    ],
    ends: { tier: 2, lifetime: 151 },
  },
  {
    rule: 'E-EARN-3',
    name: 'minimum amount: of the matching lines, reached exactly is enough',
    program: perks(perPound({ minimum_amount: 1000, categories: ['DRINKS'] })),
    story: [
      '2024-03-04 10:00 | buys tea/DRINKS 9.99, cake 50.00 | 0',
      '2024-03-04 11:00 | buys tea/DRINKS 10.00 | 10',
      '2024-03-04 12:00 | buys tea/DRINKS 5.00, cola/DRINKS 5.00 | 10',
    ],
  },
  {
    rule: 'E-EARN-3',
    name: 'once per day: the second sale of a local day gives none',
    program: perks(fixed(7, { once_per_day: true })),
    story: [
      '2024-03-04 00:00 | buys tea 1.00 | 7',
      '2024-03-04 23:59 | buys tea 1.00 | 0',
      '2024-03-05 00:00 | buys tea 1.00 | 7',
    ],
  },
  {
    rule: 'E-EARN-3',
    name: 'once per day: a sale it gave nothing for does not use the day up',
    program: perks(perPound({ once_per_day: true, minimum_amount: 500 })),
    story: [
      '2024-03-04 09:00 | buys tea 1.00 | 0',
      '2024-03-04 10:00 | buys tea 6.00 | 6',
      '2024-03-04 11:00 | buys tea 9.00 | 0',
    ],
  },
  {
    rule: 'E-EARN-3',
    name: 'once per day: the day of 25 hours is one day',
    program: perks(fixed(7, { once_per_day: true })),
    story: [
      '2024-10-26 23:59 | buys tea 1.00 | 7',
      '2024-10-27 01:30 | buys tea 1.00 | 7',
      '2024-10-27 01:30 again | buys tea 1.00 | 0',
      '2024-10-27 23:59 | buys tea 1.00 | 0',
      '2024-10-28 00:00 | buys tea 1.00 | 7',
    ],
  },
  {
    rule: 'E-EARN-3',
    name: 'once per day: the day of 23 hours is one day',
    program: perks(fixed(7, { once_per_day: true })),
    story: [
      '2024-03-31 00:59 | buys tea 1.00 | 7',
      '2024-03-31 02:00 | buys tea 1.00 | 0',
      '2024-03-31 23:59 | buys tea 1.00 | 0',
      '2024-04-01 00:00 | buys tea 1.00 | 7',
    ],
  },
  {
    rule: 'E-EARN-3',
    name: 'once per day: in shops of several zones, each local day once',
    program: perks(fixed(7, { once_per_day: true })),
    story: [
      '2024-03-05 00:30 Berlin | buys tea 1.00 | 7',
      '2024-03-04 23:45 London | buys tea 1.00 | 7',
      '2024-03-05 01:00 Berlin | buys tea 1.00 | 0',
      '2024-03-04 19:30 New York | buys tea 1.00 | 0',
      '2024-03-05 13:00 Auckland | buys tea 1.00 | 0',
    ],
  },
  {
    rule: 'E-EARN-3',
    name: 'once per day: the day steps back by one from Auckland to Honolulu and forth again',
    program: perks(fixed(7, { once_per_day: true })),
    story: [
      '2024-03-05 09:00 Auckland | buys tea 1.00 | 7',
      '2024-03-04 10:30 Honolulu | buys tea 1.00 | 7',
      '2024-03-05 10:00 Auckland | buys tea 1.00 | 0',
      '2024-03-04 11:30 Honolulu | buys tea 1.00 | 0',
    ],
  },
  {
    rule: 'E-EARN-3',
    name: 'less than a point is no award',
    program: perks(perPound()),
    story: ['2024-03-04 10:00 | buys tea 0.99 | 0'],
  },
  // E-EARN-4: which fact.
  {
    rule: 'E-EARN-4',
    name: 'STANDARD for sales, CHECKIN for check-ins, REGISTRATION for the enrolment',
    program: perks(perPound(), checkin(5), fixed(20, { id: 103, type: 'REGISTRATION' })),
    story: [
      '2024-03-04 09:00 | enrols | 20 | 103:20',
      '2024-03-04 10:00 | checks in | 5 | 102:5',
      '2024-03-04 10:10 | buys tea 4.00 | 4 | 101:4',
    ],
    ends: { balance: 29, lifetime: 29 },
  },
  {
    rule: 'E-EARN-4',
    name: 'a check-in perk keeps the conditions: shop, dates, tier, once a day',
    program: {
      ...perks(
        checkin(5, { stores: [2], start: '2024-03-05', once_per_day: true }),
        checkin(9, { id: 104, required_tier: 2 }),
      ),
      tiers: TIERS,
    },
    story: [
      '2024-03-04 10:00 Berlin | checks in | 0',
      '2024-03-05 10:00 London | checks in | 0',
      '2024-03-05 10:30 Berlin | checks in | 5',
      '2024-03-05 12:00 Berlin | checks in | 0',
      '2024-03-05 13:00 | is granted 100 | 100',
      '2024-03-05 14:00 London | checks in | 9 | 104:9',
    ],
  },
  // E-EARN-6: grants.
  {
    rule: 'E-EARN-6',
    name: 'a grant up to the limit counts, one above it gives nothing at all',
    program: { grant_points_max: 500 },
    story: [
      '2024-03-04 10:00 | is granted 500 | 500',
      '2024-03-04 11:00 | is granted 501 | 0',
      '2024-03-04 12:00 | is granted 0 | 0',
    ],
    ends: { balance: 500, lifetime: 500 },
  },
  {
    rule: 'E-EARN-6',
    name: 'a grant names its metric, which may have a limit of its own; one the program does not have gives nothing',
    program: {
      grant_points_max: 500,
      metrics: [
        { id: 7, name: 'Stamps', grant_max: 2 },
        { id: 8, name: 'Miles' },
      ],
      stamp_cards: [{ id: 401, title: 'Card', metric: 7, required: 4, reward: 301 }],
      redeem_perks: [{ id: 301, title: 'Free coffee', points: 0, voucher: {} }],
    },
    story: [
      '2024-03-04 10:00 | is granted 2 of 7 | 0',
      '2024-03-04 11:00 | is granted 3 of 7 | 0',
      '2024-03-04 12:00 | is granted 500 of 8 | 0',
      '2024-03-04 13:00 | is granted 1 of 9 | 0',
      '2024-03-04 14:00 | is granted 2 of 7 | 0',
    ],
    ends: { balance: 0, lifetime: 0, entitlements: ['301 unused'] },
  },
  {
    rule: 'E-EARN-6',
    name: 'an adjustment of HQ is outside every rule and no earning',
    program: {},
    story: [
      '2024-03-04 10:00 | is adjusted by 800 | 800',
      '2024-03-04 11:00 | is adjusted by -900 | -900',
      '2024-03-04 12:00 | is adjusted by 0 | 0',
    ],
    ends: { balance: -100, lifetime: 0 },
  },
]

test.each(CASES)('$rule $name', holds)

test('E-EARN-1 a sale of 1,114 lines earns what its sum earns', () => {
  const lines = Array.from(
    { length: 1_114 },
    (_, index) => `sku${index}/C${index % 7} 2 x ${(index % 97) + 1}.25`,
  )
  const amount = Array.from({ length: 1_114 }, (_, index) => ((index % 97) + 1) * 100 + 25).reduce(
    (a, b) => a + b,
    0,
  )
  const [told] = tell(program(perks(perPound(), perItem(1, { id: 102, categories: ['C3'] }))), [
    `2024-03-04 10:00 | buys ${lines.join(', ')} | 0`,
  ])
  const ofC3 = Array.from({ length: 1_114 }, (_, index) => index).filter((index) => index % 7 === 3).length
  expect(told?.points).toBe(Math.floor(amount / 100) + 2 * ofC3)
})

test('E-EARN-7 one rule gives at most POINTS_MAX points on a fact, and the largest sale breaks nothing', () => {
  const large = perks(award(100_000, 1, 'floor'), perItem(100_000, { id: 102 }))
  const document = program({
    ...large,
    bonuses: [
      {
        id: 201,
        title: 'x',
        type: 'DATE_RANGE',
        award: { kind: 'multiplier', percent: 10_000 },
        start: '2024-01-01',
        end: '2024-12-31',
      },
    ],
  })
  const [sold, half, all] = tell(document, [
    '2024-03-04 10:00 | buys gold 1000000 x 100000000.00 | 0',
    '2024-03-04 11:00 | returns 500000 x line 0 of #1 | 0',
    '2024-03-04 12:00 | returns 500000 x line 0 of #1 | 0',
  ])
  expect(pointsByRule(sold?.effects ?? [])).toBe(`101:${POINTS_MAX} 102:${POINTS_MAX} 201:${POINTS_MAX}`)
  expect(half?.points).toBe((-3 * POINTS_MAX) / 2)
  expect(all?.after.balance).toBe(0)
})
