// E-SPEND: what may be redeemed, and what a redemption books. A row that asks is answered with "yes" or the refusal's code.
import { expect, test } from 'vitest'
import { lotsOf } from '../../cloud/evaluation/state.ts'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { program, tell } from './story.ts'

const coffee = (change: object = {}) => ({ id: 301, title: 'Free coffee', points: 50, ...change })
const offers = (...list: readonly object[]) => ({ redeem_perks: list })
const limited = (count: number, interval: string, interval_count?: number) =>
  offers(coffee({ limit: { count, interval, ...(interval_count === undefined ? {} : { interval_count }) } }))
const TIERS = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 200 },
]
const RICH = '2024-01-01 09:00 | is granted 500 | 500'

const CASES: readonly Case[] = [
  // E-SPEND-1: the decision, condition by condition in its order.
  {
    rule: 'E-SPEND-1',
    name: 'a perk the program does not have',
    program: offers(coffee()),
    story: [RICH, '2024-03-04 10:00 | asks for 999 | perk_not_found'],
  },
  {
    rule: 'E-SPEND-1',
    name: 'an inactive perk',
    program: offers(coffee({ status: 'INACTIVE', stores: [2] })),
    story: [RICH, '2024-03-04 10:00 | asks for 301 | perk_not_active'],
  },
  {
    rule: 'E-SPEND-1',
    name: 'dates: first and last day included',
    program: offers(coffee({ start: '2024-03-05', end: '2024-03-06', stores: [1] })),
    story: [
      RICH,
      '2024-03-04 23:59 | asks for 301 | perk_not_active',
      '2024-03-05 00:00 | asks for 301 | yes',
      '2024-03-06 23:59 | asks for 301 | yes',
      '2024-03-07 00:00 | asks for 301 | perk_not_active',
      '2024-03-07 00:00 Berlin | asks for 301 | perk_not_active',
    ],
  },
  {
    rule: 'E-SPEND-1',
    name: 'a shop that does not offer it',
    program: offers(coffee({ stores: [1] })),
    story: [
      RICH,
      '2024-03-04 10:00 London | asks for 301 | yes',
      '2024-03-04 10:00 Berlin | asks for 301 | perk_not_here',
    ],
  },
  {
    rule: 'E-SPEND-1',
    name: 'a tier too low',
    program: { ...offers(coffee({ required_tier: 2 })), tiers: TIERS },
    story: [
      '2024-03-04 09:00 | is granted 199 | 199',
      '2024-03-04 10:00 | asks for 301 | tier_insufficient',
      '2024-03-04 11:00 | is granted 1 | 1',
      '2024-03-04 12:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-1',
    name: 'points: exactly enough is enough',
    program: offers(coffee()),
    story: [
      '2024-03-04 09:00 | is granted 49 | 49',
      '2024-03-04 10:00 | asks for 301 | points_insufficient',
      '2024-03-04 11:00 | is granted 1 | 1',
      '2024-03-04 12:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-1',
    name: 'points that other decisions hold count as spent',
    program: offers(coffee()),
    story: [
      '2024-03-04 09:00 | is granted 100 | 100',
      '2024-03-04 10:00 | asks for 301 with 50 points held | yes',
      '2024-03-04 10:00 | asks for 301 with 51 points held | points_insufficient',
    ],
  },
  {
    rule: 'E-SPEND-1',
    name: 'uses that other decisions hold count for the limit',
    program: limited(2, 'DAY', 1),
    story: [
      RICH,
      '2024-03-04 10:00 | asks for 301 with 50 points held and 1 uses held | yes',
      '2024-03-04 10:00 | asks for 301 with 50 points held and 2 uses held | limit_reached',
    ],
  },
  {
    rule: 'E-SPEND-1',
    name: 'the limit is named before the points',
    program: limited(1, 'DAY', 1),
    story: [
      '2024-03-04 09:00 | is granted 50 | 50',
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 11:00 | asks for 301 | limit_reached',
    ],
  },
  {
    rule: 'E-SPEND-1',
    name: 'a perk that costs nothing',
    program: offers(coffee({ points: 0 })),
    story: ['2024-03-04 10:00 | asks for 301 | yes', '2024-03-04 11:00 | redeems 301 | 0'],
    ends: { balance: 0, spent: 0 },
  },
  // E-SPEND-2: limits.
  {
    rule: 'E-SPEND-2',
    name: 'two a day, the next local day anew',
    program: limited(2, 'DAY', 1),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 11:00 | asks for 301 | yes',
      '2024-03-04 11:00 | redeems 301 | -50',
      '2024-03-04 23:59 | asks for 301 | limit_reached',
      '2024-03-05 00:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-2',
    name: 'one in seven days: today and the six before it',
    program: limited(1, 'DAY', 7),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-10 23:59 | asks for 301 | limit_reached',
      '2024-03-11 00:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-2',
    name: 'one a month: by the calendar, not thirty days',
    program: limited(1, 'MONTH', 1),
    story: [
      RICH,
      '2024-01-31 23:00 | redeems 301 | -50',
      '2024-01-31 23:59 | asks for 301 | limit_reached',
      '2024-02-01 00:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-2',
    name: 'two in three months: this one and the two before it',
    program: limited(2, 'MONTH', 3),
    story: [
      RICH,
      '2023-12-31 10:00 | redeems 301 | -50',
      '2024-02-01 10:00 | redeems 301 | -50',
      '2024-02-29 10:00 | asks for 301 | limit_reached',
      '2024-03-01 00:00 | asks for 301 | yes',
      '2024-03-02 10:00 | redeems 301 | -50',
      '2024-04-30 10:00 | asks for 301 | limit_reached',
      '2024-05-01 10:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-2',
    name: 'one a year',
    program: limited(1, 'YEAR', 1),
    story: [
      RICH,
      '2024-01-01 10:00 | redeems 301 | -50',
      '2024-12-31 23:59 | asks for 301 | limit_reached',
      '2025-01-01 00:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-2',
    name: 'one in two years',
    program: limited(1, 'YEAR', 2),
    story: [
      RICH,
      '2024-12-31 10:00 | redeems 301 | -50',
      '2025-12-31 10:00 | asks for 301 | limit_reached',
      '2026-01-01 10:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-2',
    name: 'one ever',
    program: limited(1, 'ALL_TIME'),
    story: [RICH, '2024-03-04 10:00 | redeems 301 | -50', '2034-03-04 10:00 | asks for 301 | limit_reached'],
  },
  {
    rule: 'E-SPEND-2',
    name: 'each perk has its own limit',
    program: offers(
      coffee({ limit: { count: 1, interval: 'ALL_TIME' } }),
      coffee({ id: 302, limit: { count: 1, interval: 'ALL_TIME' } }),
    ),
    story: [RICH, '2024-03-04 10:00 | redeems 301 | -50', '2024-03-04 11:00 | asks for 302 | yes'],
  },
  {
    rule: 'E-SPEND-2',
    name: 'a cancelled redemption does not count',
    program: limited(1, 'DAY', 1),
    story: [
      RICH,
      '2024-03-04 10:00 | reserves 301 | -50',
      '2024-03-04 10:05 | asks for 301 | limit_reached',
      '2024-03-04 10:10 | cancels 301 of #2 | 50',
      '2024-03-04 10:15 | asks for 301 | yes',
    ],
    ends: { balance: 500, spent: 0 },
  },
  {
    rule: 'E-SPEND-2',
    name: "cancelling yesterday's reservation does not free today's use",
    program: limited(1, 'DAY', 1),
    story: [
      RICH,
      '2024-03-04 23:55 | reserves 301 | -50',
      '2024-03-05 00:01 | redeems 301 | -50',
      '2024-03-05 00:05 | cancels 301 of #2 | 50',
      '2024-03-05 10:00 | asks for 301 | limit_reached',
      '2024-03-06 10:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-2',
    name: 'redemptions from before the limit was written count',
    program: [
      ['2024-01-01 00:00', program(offers(coffee()))],
      ['2024-03-05 00:00', program(limited(2, 'MONTH', 1))],
    ],
    story: [
      RICH,
      '2024-03-03 10:00 | redeems 301 | -50',
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-05 10:00 | asks for 301 | limit_reached',
    ],
  },
  {
    rule: 'E-SPEND-2',
    name: 'a wider limit counts what a narrower one saw',
    program: [
      ['2024-01-01 00:00', program(limited(1, 'DAY', 1))],
      ['2024-03-05 00:00', program(limited(3, 'MONTH', 1))],
    ],
    story: [
      RICH,
      '2024-03-02 10:00 | redeems 301 | -50',
      '2024-03-03 10:00 | redeems 301 | -50',
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-05 10:00 | asks for 301 | limit_reached',
      '2024-04-01 10:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-2',
    name: "the months are those of the shop's clock",
    program: limited(1, 'MONTH', 1),
    story: [
      RICH,
      '2024-03-31 23:30 London | redeems 301 | -50',
      '2024-04-01 00:45 Berlin | asks for 301 | yes',
      '2024-03-31 20:00 New York | asks for 301 | limit_reached',
    ],
  },
  // E-SPEND-3: what is booked.
  {
    rule: 'E-SPEND-3',
    name: 'reserving burns the points, capturing burns no more',
    program: offers(coffee()),
    story: [RICH, '2024-03-04 10:00 | reserves 301 | -50', '2024-03-04 10:05 | captures 301 of #2 | 0'],
    ends: { balance: 450, spent: 50, lifetime: 500 },
  },
  {
    rule: 'E-SPEND-3',
    name: 'cancelling gives back everything',
    program: offers(coffee()),
    story: [RICH, '2024-03-04 10:00 | reserves 301 | -50', '2024-03-04 10:05 | cancels 301 of #2 | 50'],
    ends: { balance: 500, spent: 0, entitlements: [] },
  },
  {
    rule: 'E-SPEND-3',
    name: 'what authority decided is booked, whatever the balance is by then',
    program: offers(coffee()),
    story: ['2024-03-04 10:00 | is granted 30 | 30', '2024-03-04 11:00 | redeems 301 | -50'],
    ends: { balance: -20, spent: 50 },
  },
  {
    rule: 'E-SPEND-3',
    name: 'a reservation into the red, cancelled, leaves what was there',
    program: offers(coffee()),
    story: [
      '2024-03-04 10:00 | is granted 30 | 30',
      '2024-03-04 11:00 | reserves 301 | -50',
      '2024-03-04 11:05 | is granted 5 | 5',
      '2024-03-04 11:10 | cancels 301 of #2 | 50',
    ],
    ends: { balance: 35, spent: 0 },
  },
  {
    rule: 'E-SPEND-3',
    name: 'capturing twice burns once and gives one voucher',
    program: offers(coffee({ voucher: {} })),
    story: [
      RICH,
      '2024-03-04 10:00 | reserves 301 | -50',
      '2024-03-04 10:05 | captures 301 of #2 | 0',
      '2024-03-04 10:06 | captures 301 of #2 | 0',
    ],
    ends: { balance: 450, spent: 50, entitlements: ['301 unused'] },
  },
  {
    rule: 'E-SPEND-3',
    name: 'a reservation is captured once, and cancelled stays cancelled',
    program: offers(coffee({ voucher: {} })),
    story: [
      RICH,
      '2024-03-04 10:00 | reserves 301 | -50',
      '2024-03-04 10:05 | cancels 301 of #2 | 50',
      '2024-03-04 10:06 | captures 301 of #2 | 0',
      '2024-03-04 11:00 | reserves 301 | -50',
      '2024-03-04 11:05 | captures 301 of #5 | 0',
      '2024-03-04 11:06 | captures 301 of #5 | 0',
    ],
    ends: { balance: 450, spent: 50, entitlements: ['301 unused'] },
  },
  {
    rule: 'E-SPEND-3',
    name: 'a capture whose reservation never arrived burns the points',
    program: offers(coffee()),
    story: [RICH, '2024-03-04 10:05 | captures 301 of #7 | -50'],
    ends: { balance: 450, spent: 50 },
  },
  {
    rule: 'E-SPEND-3',
    name: 'before the first version of a program spending is booked too',
    program: [['2024-06-01 00:00', program(offers(coffee({ voucher: {} })))]],
    story: ['2024-03-04 10:00 | is adjusted by 80 | 80', '2024-03-04 11:00 | redeems 301 | 0'],
    ends: { balance: 80, entitlements: [] },
  },
]

test.each(CASES)('$rule $name', holds)

test('E-SPEND-3 points are burned from the oldest lots and cancelling restores the lots as they were', () => {
  const told = tell(program(offers(coffee())), [
    RICH,
    '2024-03-04 10:00 | reserves 301 | -50',
    '2024-03-04 10:05 | cancels 301 of #2 | 50',
  ])
  expect(told.map(({ after }) => lotsOf(after))).toEqual([
    [0, 500],
    [0, 450],
    [0, 500],
  ])
})
