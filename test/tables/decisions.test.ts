// E-SPEND-6 to 8: everything a redemption may depend on, in its order. A row that asks is answered with "yes" or the refusal's code; whoever answers
// counts what other tills were allowed (`held`) and what all members have redeemed.
import { describe, expect, test } from 'vitest'
import { standingOf } from '../../cloud/evaluation/spending/limits.ts'
import { NOTHING_HELD, mayRedeem } from '../../cloud/evaluation/spending/spending.ts'
import type { RuleId, StoreId } from '../../protocol/ids.ts'
import { hybridTime, localDay } from '../../protocol/time.ts'
import type { ZoneOffset } from '../../protocol/time.ts'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { program, programsOf, tell } from './story.ts'

const coffee = (change: object = {}) => ({ id: 301, title: 'Free coffee', points: 50, ...change })
const offers = (...list: readonly object[]) => ({ redeem_perks: list })
const RICH = '2024-01-01 09:00 | is granted 500 | 500'
const MONDAY_AFTERNOON = [{ days: ['MON'], from: '14:00', to: '16:00' }]

const CASES: readonly Case[] = [
  {
    rule: 'E-SPEND-6',
    name: 'an attribute the member must have, any one of those listed',
    program: offers(
      coffee({
        attributes: [
          { name: 'plan', value: 'gold' },
          { name: 'staff', value: 'yes' },
        ],
      }),
    ),
    story: [
      RICH,
      '2024-03-04 10:00 | asks for 301 | condition_unmet',
      '2024-03-04 10:01 | tells plan=silver | 0',
      '2024-03-04 10:02 | asks for 301 | condition_unmet',
      '2024-03-04 10:03 | tells staff=yes | 0',
      '2024-03-04 10:04 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-6',
    name: 'a condition of any kind',
    program: offers(coffee({ when: { number: 'weekday', is: 'ge', value: 6 } })),
    story: [
      RICH,
      '2024-03-08 10:00 | asks for 301 | condition_unmet',
      '2024-03-09 10:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-11',
    name: 'a condition on the basket holds of the basket it is asked with, and of nothing without one',
    program: offers(
      coffee({ when: { basket: { categories: ['DRINKS'], amount: 500 } } }),
      coffee({ id: 302, when: { payment: { types: ['card'] } } }),
      coffee({ id: 303, when: { number: 'items', is: 'ge', value: 3 } }),
    ),
    story: [
      RICH,
      '2024-03-08 10:00 | asks for 301 | condition_unmet',
      '2024-03-08 10:00 | asks for 301 on tea/DRINKS 4.99, cake/FOOD 9.00 | condition_unmet',
      '2024-03-08 10:00 | asks for 301 on tea/DRINKS 2.50, milk/DRINKS 2.50 | yes',
      '2024-03-08 10:00 | asks for 302 on tea 5.00 paid cash 5.00 | condition_unmet',
      '2024-03-08 10:00 | asks for 302 on tea 5.00 paid cash 4.00, card 1.00 | yes',
      '2024-03-08 10:00 | asks for 303 on tea 2 x 5.00 | condition_unmet',
      '2024-03-08 10:00 | asks for 303 on tea 2 x 5.00, cake 3.00 | yes',
    ],
  },
  {
    rule: 'E-SPEND-6',
    name: "only in the member's home store, and nowhere while none is known",
    program: offers(coffee({ home_store_only: true })),
    story: [
      RICH,
      '2024-03-04 10:00 Berlin | asks for 301 | perk_not_here',
      '2024-03-04 10:01 | tells home store 2 | 0',
      '2024-03-04 11:02 Berlin | asks for 301 | yes',
      '2024-03-04 10:02 London | asks for 301 | perk_not_here',
    ],
  },
  {
    rule: 'E-SPEND-6',
    name: 'only in its hours, on the clock of the shop that asks',
    program: offers(coffee({ schedule: MONDAY_AFTERNOON })),
    story: [
      RICH,
      '2024-03-04 13:59 | asks for 301 | perk_not_active',
      '2024-03-04 14:00 | asks for 301 | yes',
      '2024-03-04 16:00 | asks for 301 | perk_not_active',
      '2024-03-04 14:30 Berlin | asks for 301 | yes',
      '2024-03-04 16:30 Berlin | asks for 301 | perk_not_active',
    ],
  },
  {
    rule: 'E-SPEND-6',
    name: 'no more than one member may hold: reservations and open decisions of other tills count as held',
    program: offers(coffee({ voucher: { per_member: 2 } })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 10:01 | asks for 301 | yes',
      '2024-03-04 10:02 | asks for 301 with 50 points held and 1 uses held | limit_reached',
      '2024-03-04 10:03 | reserves 301 | -50',
      '2024-03-04 10:04 | asks for 301 | limit_reached',
      '2024-03-04 10:05 | uses voucher 301 of #2 | 0',
      '2024-03-04 10:06 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-SPEND-7',
    name: 'a budget for all members together',
    program: offers(coffee({ budget: { total: 100 } })),
    story: [
      RICH,
      '2024-03-04 10:00 | asks for 301 with 99 of all redeemed | yes',
      '2024-03-04 10:00 | asks for 301 with 100 of all redeemed | budget_spent',
    ],
  },
  {
    rule: 'E-SPEND-7',
    name: 'a budget for each store',
    program: offers(coffee({ budget: { total: 100, per_store: 10 } })),
    story: [
      RICH,
      '2024-03-04 10:00 | asks for 301 with 50 of all redeemed and 9 here | yes',
      '2024-03-04 10:00 | asks for 301 with 50 of all redeemed and 10 here | budget_spent',
    ],
  },
  {
    rule: 'E-SPEND-7',
    name: 'the fold books a redemption over the budget: it was decided',
    program: offers(coffee({ budget: { total: 1 } })),
    story: [RICH, '2024-03-04 10:00 | redeems 301 | -50', '2024-03-04 11:00 | redeems 301 | -50'],
    ends: { balance: 400, spent: 100 },
  },
  {
    rule: 'E-SPEND-6',
    name: 'the order: what fails first is told',
    program: offers(
      coffee({
        points: 9_000,
        status: 'INACTIVE',
        stores: [9],
        attributes: [{ name: 'plan', value: 'gold' }],
        home_store_only: true,
        schedule: MONDAY_AFTERNOON,
        limit: { count: 1, interval: 'ALL_TIME' },
        budget: { total: 1 },
      }),
      coffee({
        id: 302,
        points: 9_000,
        attributes: [{ name: 'plan', value: 'gold' }],
        home_store_only: true,
        schedule: MONDAY_AFTERNOON,
        limit: { count: 1, interval: 'ALL_TIME' },
        budget: { total: 1 },
      }),
      coffee({ id: 303, points: 9_000, home_store_only: true, schedule: MONDAY_AFTERNOON }),
      coffee({ id: 304, points: 9_000, schedule: MONDAY_AFTERNOON, budget: { total: 1 } }),
      coffee({ id: 305, points: 9_000, limit: { count: 1, interval: 'ALL_TIME' }, budget: { total: 1 } }),
      coffee({ id: 306, points: 9_000, budget: { total: 1 } }),
      coffee({ id: 307, points: 9_000 }),
    ),
    story: [
      RICH,
      '2024-03-05 09:00 | redeems 305 for 1 | -1',
      '2024-03-05 10:00 | asks for 301 with 1 of all redeemed | perk_not_active',
      '2024-03-05 10:00 | asks for 302 with 1 of all redeemed | condition_unmet',
      '2024-03-05 10:00 | asks for 303 with 1 of all redeemed | perk_not_here',
      '2024-03-05 10:00 | asks for 304 with 1 of all redeemed | perk_not_active',
      '2024-03-05 10:00 | asks for 305 with 1 of all redeemed | limit_reached',
      '2024-03-05 10:00 | asks for 306 with 1 of all redeemed | budget_spent',
      '2024-03-05 10:00 | asks for 307 with 1 of all redeemed | points_insufficient',
    ],
  },
]

test.each(CASES)('$rule $name', holds)

const STAMPS = {
  metrics: [{ id: 7, name: 'Stamps', expiry: { kind: 'rolling', after: { days: 10 } } }],
  earn_perks: [
    {
      id: 102,
      title: 'A stamp each',
      type: 'STANDARD',
      award: { kind: 'per_item', points: 1 },
      metric: 7,
    },
  ],
  ...offers(coffee({ points: 2, metric: 7 })),
}

const IN_METRIC: readonly AccountCase[] = [
  {
    rule: 'E-SPEND-8',
    name: 'it costs the metric of the perk, and points stay as they are',
    program: STAMPS,
    story: [
      '2024-03-04 10:00 | is granted 500 | grant 500, tier 1',
      '2024-03-04 10:01 | buys cup 3 x 9.00 | earn 102 3 of metric 7',
      '2024-03-05 10:00 | redeems 301 | spend 301 -2 of metric 7',
    ],
    ends: {
      0: 'balance 500, pending 0, lifetime 500, spent 0, 500 for ever',
      7: 'balance 1, pending 0, lifetime 3, spent 2, 1 until 2024-03-14',
    },
  },
  {
    rule: 'E-SPEND-8',
    name: 'cancelling gives back into the lots it came from',
    program: STAMPS,
    story: [
      '2024-03-04 10:01 | buys cup 3 x 9.00 | earn 102 3 of metric 7, tier 1',
      '2024-03-05 10:00 | reserves 301 | spend 301 -2 of metric 7',
      '2024-03-06 10:00 | cancels 301 of #2 | given_back 301 1, restore 301 2 of metric 7',
    ],
    ends: { 7: 'balance 3, pending 0, lifetime 3, spent 0, 3 until 2024-03-14' },
  },
]

test.each(IN_METRIC)('$rule $name', comesTo)

test('E-SPEND-8 points do not pay for what costs stamps', () => {
  const story = ['2024-03-04 10:00 | is granted 500 | 500', '2024-03-04 11:00 | asks for 301 | yes']
  expect(tell(program(STAMPS), story)[1]?.answer).toBe('points_insufficient')
})

describe('E-SPEND-6 of a limit what remains and when there is one again', () => {
  const limitOf = (count: number, interval: string, interval_count?: number) =>
    program(
      offers(
        coffee({ limit: { count, interval, ...(interval_count === undefined ? {} : { interval_count }) } }),
      ),
    )

  const STANDINGS = [
    // limit, days it was redeemed on, today, remaining, again from
    ['3 a day', limitOf(3, 'DAY', 1), ['2024-03-04', '2024-03-05'], '2024-03-05', 2, null],
    ['1 a day', limitOf(1, 'DAY', 1), ['2024-03-05'], '2024-03-05', 0, '2024-03-06'],
    ['1 in 3 days', limitOf(1, 'DAY', 3), ['2024-03-04'], '2024-03-05', 0, '2024-03-07'],
    ['2 in 3 days', limitOf(2, 'DAY', 3), ['2024-03-03', '2024-03-05'], '2024-03-05', 0, '2024-03-06'],
    [
      '2 a month',
      limitOf(2, 'MONTH', 1),
      ['2024-02-29', '2024-03-01', '2024-03-05'],
      '2024-03-05',
      0,
      '2024-04-01',
    ],
    ['1 in 2 months', limitOf(1, 'MONTH', 2), ['2024-02-29'], '2024-03-05', 0, '2024-04-01'],
    ['1 a year', limitOf(1, 'YEAR', 1), ['2024-03-01'], '2024-03-05', 0, '2025-01-01'],
    ['1 in 2 years', limitOf(1, 'YEAR', 2), ['2024-03-01'], '2024-03-05', 0, '2026-01-01'],
    ['1 ever', limitOf(1, 'ALL_TIME'), ['2024-03-01'], '2024-03-05', 0, null],
    ['no limit', program(offers(coffee())), ['2024-03-05'], '2024-03-05', null, null],
  ] as const

  test.each(STANDINGS)('%s', (_, document, used, today, remaining, againOn) => {
    const rows = used.map((day) => `${day} 10:00 | redeems 301 | -50`)
    const state = tell(document, [RICH, ...rows]).at(-1)?.after
    const ms = Date.parse(`${today}T12:00:00Z`)
    const perk = programsOf(document)
      .program(hybridTime(ms))
      ?.redeemPerks.get(301 as RuleId)
    if (state === undefined || perk === undefined) throw new Error('the story has an end and a perk')
    expect(standingOf(perk, state, localDay(ms, 0), 0)).toEqual({ remaining, againOn })
  })

  test('the refusal says the day', () => {
    const document = limitOf(1, 'DAY', 3)
    const state = tell(document, [RICH, '2024-03-04 10:00 | redeems 301 | -50']).at(-1)?.after
    const at = hybridTime(Date.parse('2024-03-05T12:00:00Z'))
    const found = programsOf(document).program(at)
    if (state === undefined || found === null) throw new Error('the story has an end and a program')
    const place = { store: 1 as StoreId, at, offset: 0 as ZoneOffset }
    const decided = mayRedeem(found, state, 301 as RuleId, place, NOTHING_HELD)
    expect(decided).toMatchObject({
      ok: false,
      refusal: {
        code: 'limit_reached',
        detail: '"Free coffee" can be redeemed once in 3 days, again from 2024-03-07',
      },
    })
  })
})
