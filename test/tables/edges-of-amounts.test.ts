// Every concept that has amounts in it, at amounts that are not like others: nothing at all, less than nothing, exactly the threshold and one below it, two
// facts of one minute, a sale of a thousand lines. One row for each concept and amount; each is read by the oracle too.
import { test } from 'vitest'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND } from './story.ts'

const STAMPS = 401
const perItem = {
  id: 102,
  title: 'A stamp each',
  type: 'STANDARD',
  metric: STAMPS,
  award: { kind: 'per_item', points: 1 },
}
const perk = (change: object) => ({ earn_perks: [{ ...POINT_PER_POUND, ...change }] })
const bonus = (change: object) => ({
  earn_perks: [POINT_PER_POUND],
  bonuses: [{ id: 201, title: 'Bonus', award: { kind: 'multiplier', percent: 50 }, ...change }],
})
const spring = { type: 'DATE_RANGE', start: '2024-03-01', end: '2024-03-31' }
const second = {
  type: 'FREQUENCY',
  required_to_earn: 2,
  frequency: 'WEEKLY',
  award: { kind: 'fixed', points: 10 },
}
const card = {
  metrics: [{ id: STAMPS, name: 'Stamps' }],
  earn_perks: [perItem],
  redeem_perks: [{ id: 301, title: 'Tea', points: 0, voucher: {} }],
  stamp_cards: [{ id: 501, title: 'Card', metric: STAMPS, required: 4, reward: 301 }],
}
const challenge = {
  earn_perks: [
    POINT_PER_POUND,
    { id: 103, title: 'Laps', type: 'PROGRESS_ACTIVITY', award: { kind: 'fixed', points: 1 } },
  ],
  challenges: [
    {
      id: 701,
      title: 'Run',
      join: 'auto',
      requirements: [{ id: 702, title: 'Laps', perk: 103, quantity: 3 }],
      reward: { metric: 0, amount: 50 },
    },
  ],
}
const money = {
  earn_perks: [POINT_PER_POUND],
  redeem_perks: [
    { id: 301, title: 'Points as money', points: 0, money: { points: 10, money: 100, maximum: 500 } },
  ],
}
const segment = (when: object) => ({
  ...perk({ when: { segment: 601 } }),
  segments: [{ id: 601, name: 'Some', when, expiry: { kind: 'PERSISTENT' } }],
})
const spent = (value: number) => ({
  ...perk({ when: { aggregate: 951, is: 'ge', value } }),
  aggregates: [{ id: 951, name: 'Spend', of: 'total_spend' }],
})
const thanks = (change: object) => ({
  earn_perks: [POINT_PER_POUND],
  rules: [
    {
      id: 501,
      title: 'Thanks',
      match: { type: 'TYPE', kinds: ['sale'] },
      effect: { kind: 'points', metric: 0, amount: 7 },
      ...change,
    },
  ],
})
const SILVER = [
  { id: 1, name: 'Basic', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 10, entry_points: 5 },
]

const NOTHING: readonly Case[] = [
  {
    rule: 'E-EARN-1',
    name: 'no pieces of something that costs: points of the money, none of the pieces',
    program: { ...perk({}), earn_perks: [POINT_PER_POUND, { ...perItem, metric: 0 }] },
    story: ['2024-03-04 10:00 | buys tea 0 x 4.00 | 4', '2024-03-04 11:00 | buys tea 3 x 0.00 | 3'],
  },
  {
    rule: 'E-BON-4',
    name: 'a sale that earns nothing is no visit',
    program: bonus(second),
    story: [
      '2024-03-04 10:00 | buys tea 0.00 | 0',
      '2024-03-04 11:00 | buys tea 1.00 | 1',
      '2024-03-04 12:00 | buys tea 1.00 | 11',
    ],
  },
  {
    rule: 'E-CARD-2',
    name: 'no pieces, no stamps; back to nothing by a negative activity is no card',
    program: card,
    story: ['2024-03-04 10:00 | buys tea 0 x 4.00 | 0', '2024-03-04 11:00 | buys tea 3 x 0.00 | 0'],
    ends: { entitlements: [] },
  },
  {
    rule: 'E-CH-3',
    name: 'pieces taken back lower what is not completed, not below nothing',
    program: challenge,
    story: [
      '2024-03-04 10:00 | does 103 -2 times | 0',
      '2024-03-04 11:00 | does 103 2 times | 0',
      '2024-03-04 12:00 | does 103 -1 times | 0',
      '2024-03-04 13:00 | does 103 | 0',
      '2024-03-04 14:00 | does 103 | 50',
    ],
  },
  {
    rule: 'E-SPEND-9',
    name: 'points as money on a basket that costs nothing take nothing',
    program: money,
    story: [
      '2024-03-04 10:00 | buys tea 90.00 | 90',
      '2024-03-04 11:00 | asks for 301 on tea 0.00 naming 10 points | yes',
    ],
  },
  {
    rule: 'E-AGG-1',
    name: 'an order of nothing is an order, and spends nothing',
    program: spent(1),
    story: [
      '2024-03-04 10:00 | buys tea 0.00 | 0',
      '2024-03-04 11:00 | buys tea 1.00 | 0',
      '2024-03-04 12:00 | buys tea 1.00 | 1',
    ],
  },
  {
    rule: 'E-RULE-1',
    name: 'a rule happens on a sale of nothing',
    program: thanks({}),
    story: ['2024-03-04 10:00 | buys tea 0.00 | 7'],
  },
  {
    rule: 'E-RET-2',
    name: 'nothing given back of nothing sold',
    program: perk({}),
    story: ['2024-03-04 10:00 | buys tea 0 x 4.00 | 4', '2024-03-04 11:00 | returns 1 x line 0 of #1 | -4'],
  },
]

const TIES: readonly Case[] = [
  {
    rule: 'E-EARN-3',
    name: 'a minimum that is just reached, and missed by a penny',
    program: perk({ minimum_amount: 1000 }),
    story: ['2024-03-04 10:00 | buys tea 10.00 | 10', '2024-03-04 11:00 | buys tea 9.99 | 0'],
  },
  {
    rule: 'E-EARN-12',
    name: 'a cap that is just used up leaves nothing',
    program: perk({ caps: { per_member: 10 } }),
    story: ['2024-03-04 10:00 | buys tea 10.00 | 10', '2024-03-04 11:00 | buys tea 1.00 | 0'],
  },
  {
    rule: 'E-EARN-13',
    name: 'of two that give as much the first listed is the best',
    program: {
      groups: [{ name: 'g', stacking: 'best' }],
      earn_perks: [
        { ...POINT_PER_POUND, group: 'g' },
        { ...POINT_PER_POUND, id: 102, group: 'g' },
      ],
    },
    story: ['2024-03-04 10:00 | buys tea 10.00 | 10 | 101:10'],
  },
  {
    rule: 'E-TIER-1',
    name: 'a floor that is just reached, by the very fact, and what entering gives',
    program: { ...perk({}), tiers: SILVER },
    story: ['2024-03-04 10:00 | buys tea 9.00 | 9', '2024-03-04 11:00 | buys tea 1.00 | 6 | 2:5 101:1'],
    ends: { tier: 2, lifetime: 15 },
  },
  {
    rule: 'E-CARD-2',
    name: 'a card that is just full, and one stamp short',
    program: card,
    story: [
      '2024-03-04 10:00 | buys tea 3 x 3.00 | 0',
      '2024-03-04 11:00 | buys tea 1 x 1.00 | 0',
      '2024-03-04 12:00 | buys tea 3 x 3.00 | 0',
    ],
    ends: { entitlements: ['301 unused'] },
  },
  {
    rule: 'E-SPEND-9',
    name: 'a discount that is just the maximum, and just the basket',
    program: money,
    story: [
      '2024-03-04 10:00 | buys tea 50.00 | 50',
      '2024-03-04 11:00 | asks for 301 on tea 5.00 naming 50 points | yes',
      '2024-03-04 11:01 | asks for 301 on tea 5.00 naming 51 points | points_insufficient',
      '2024-03-04 11:02 | asks for 301 on tea 5.00 naming 0 points | input_invalid',
    ],
  },
  {
    rule: 'E-SEG-1',
    name: 'a condition that just holds',
    program: segment({ metric: 0, part: 'lifetime', is: 'ge', value: 5 }),
    story: [
      '2024-03-04 10:00 | is granted 4 | 4',
      '2024-03-04 11:00 | buys tea 1.00 | 0',
      '2024-03-04 12:00 | is granted 1 | 1',
      '2024-03-04 13:00 | buys tea 1.00 | 1',
    ],
  },
  {
    rule: 'E-AGG-1',
    name: 'a sum that is just reached',
    program: spent(1000),
    story: [
      '2024-03-04 10:00 | buys tea 9.99 | 0',
      '2024-03-04 11:00 | buys tea 0.01 | 0',
      '2024-03-04 12:00 | buys tea 1.00 | 1',
    ],
  },
]

const TOGETHER: readonly Case[] = [
  {
    rule: 'E-EARN-12',
    name: 'what is left of a cap goes to the first of two sales of one minute',
    program: perk({ caps: { per_day: 5 } }),
    story: ['2024-03-04 10:00 | buys tea 4.00 | 4', '2024-03-04 10:00 | buys tea 4.00 | 1'],
  },
  {
    rule: 'E-BON-4',
    name: 'the second of two visits of one minute is the second',
    program: bonus(second),
    story: ['2024-03-04 10:00 | buys tea 1.00 | 1', '2024-03-04 10:00 | buys tea 1.00 | 11'],
  },
  {
    rule: 'E-TIER-3',
    name: 'the tier is entered by the first sale of a minute, once',
    program: { ...perk({}), tiers: SILVER },
    story: ['2024-03-04 10:00 | buys tea 10.00 | 15', '2024-03-04 10:00 | buys tea 10.00 | 10'],
  },
  {
    rule: 'E-CARD-2',
    name: 'a card begun by one sale of a minute is filled by the next',
    program: card,
    story: ['2024-03-04 10:00 | buys tea 3 x 3.00 | 0', '2024-03-04 10:00 | buys tea 3 x 3.00 | 0'],
    ends: { entitlements: ['301 unused'] },
  },
  {
    rule: 'E-CH-4',
    name: 'a challenge is completed once in a minute',
    program: challenge,
    story: [
      '2024-03-04 10:00 | does 103 2 times | 0',
      '2024-03-04 10:00 | does 103 2 times | 50',
      '2024-03-04 10:00 | does 103 2 times | 0',
    ],
  },
  {
    rule: 'E-SPEND-3',
    name: 'two redemptions of one minute both stand, and the second goes into the red',
    program: { ...perk({}), redeem_perks: [{ id: 301, title: 'Tea', points: 8, voucher: {} }] },
    story: [
      '2024-03-04 09:00 | buys tea 10.00 | 10',
      '2024-03-04 10:00 | redeems 301 | -8',
      '2024-03-04 10:00 | redeems 301 | -8',
    ],
    ends: { balance: -6, entitlements: ['301 unused', '301 unused'] },
  },
  {
    rule: 'E-RULE-1',
    name: 'one occurrence of two sales of a minute is the first',
    program: thanks({ occurrences: { count: 1 } }),
    story: ['2024-03-04 10:00 | buys tea 1.00 | 8', '2024-03-04 10:00 | buys tea 1.00 | 1'],
  },
  {
    rule: 'E-RET-2',
    name: 'a line given back twice in one minute is given back once',
    program: perk({}),
    story: [
      '2024-03-04 10:00 | buys tea 4.00 | 4',
      '2024-03-04 11:00 | returns 1 x line 0 of #1 | -4',
      '2024-03-04 11:00 | returns 1 x line 0 of #1 | 0',
    ],
  },
  {
    rule: 'E-ENT-5',
    name: 'of two uses of one minute the second is told',
    program: { redeem_perks: [{ id: 301, title: 'Tea', points: 0, voucher: {} }] },
    story: [
      '2024-03-04 09:00 | is awarded 301 | 0',
      '2024-03-04 10:00 | uses voucher 301 of #1 | 0',
      '2024-03-04 10:00 | uses voucher 301 of #1 | 0',
    ],
    ends: { entitlements: ['301 used'] },
  },
]

/** A thousand lines of one piece each: 10.00 in all. */
const THOUSAND = Array.from({ length: 1000 }, (_, n) => `sku${n}/${n < 400 ? 'FOOD' : 'REST'} 0.01`).join(
  ', ',
)

const LONG: readonly Case[] = [
  {
    rule: 'E-EARN-2',
    name: 'a category that four hundred lines are of, and pieces of all',
    program: {
      earn_perks: [
        { ...POINT_PER_POUND, categories: ['FOOD'] },
        { ...perItem, metric: 0 },
      ],
    },
    story: [`2024-03-04 10:00 | buys ${THOUSAND} | 1004 | 101:4 102:1000`],
  },
  {
    rule: 'E-EARN-12',
    name: 'a cap cuts what a thousand lines give',
    program: { earn_perks: [{ ...perItem, metric: 0, caps: { per_sale: 300 } }] },
    story: [`2024-03-04 10:00 | buys ${THOUSAND} | 300`],
  },
  {
    rule: 'E-BON-5',
    name: 'a multiplier of a thousand lines, given back with some of them',
    program: { ...bonus(spring), earn_perks: [{ ...perItem, id: 101, metric: 0 }] },
    story: [
      `2024-03-04 10:00 | buys ${THOUSAND} | 1500 | 101:1000 201:500`,
      '2024-03-05 10:00 | returns 1 x line 0 of #1, 1 x line 999 of #1 | -3',
      '2024-03-05 11:00 | voids #1 | -1497',
    ],
    ends: { balance: 0 },
  },
  {
    rule: 'E-CARD-2',
    name: 'a sale of a thousand stamps fills cards to the bound of one fact',
    program: { ...card, stamp_cards: [{ ...card.stamp_cards[0], required: 100 }] },
    story: [`2024-03-04 10:00 | buys ${THOUSAND} | 0`],
    ends: { entitlements: Array.from({ length: 10 }, () => '301 unused') },
  },
  {
    rule: 'E-COND-2',
    name: 'a condition on the lines of the basket, and on those of a category together',
    program: perk({
      when: {
        all: [{ number: 'lines', is: 'eq', value: 1000 }, { basket: { categories: ['FOOD'], amount: 400 } }],
      },
    }),
    story: [`2024-03-04 10:00 | buys ${THOUSAND} | 10`],
  },
  {
    rule: 'E-AGG-2',
    name: 'what half of a thousand lines cost leaves the spend with them',
    program: spent(600),
    story: [
      `2024-03-04 10:00 | buys ${THOUSAND} | 0`,
      '2024-03-04 11:00 | buys tea 1.00 | 1',
      `2024-03-05 10:00 | returns ${Array.from({ length: 500 }, (_, n) => `1 x line ${n} of #1`).join(', ')} | 0`,
      '2024-03-05 11:00 | buys tea 1.00 | 1',
      `2024-03-05 12:00 | returns ${Array.from({ length: 300 }, (_, n) => `1 x line ${n + 500} of #1`).join(', ')} | 0`,
      '2024-03-05 13:00 | buys tea 1.00 | 0',
    ],
  },
]

test.each(NOTHING)('$rule of nothing and less: $name', holds)
test.each(TIES)('$rule at the threshold: $name', holds)
test.each(TOGETHER)('$rule in one minute: $name', holds)
test.each(LONG)('$rule on a thousand lines: $name', holds)
