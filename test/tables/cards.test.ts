// E-CARD: stamp cards. What every row came to, effect by effect; `301 unused` is what the member holds at the end.
import { expect, test } from 'vitest'
import { FILLINGS_MAX } from '../../cloud/evaluation/spending/cards.ts'
import type { AccountCase } from './account.ts'
import { comesTo, documentOf } from './account.ts'
import { tell } from './story.ts'

const stamps = (id: number, category: string, metric: number, change: object = {}) => ({
  id,
  title: `A stamp for each ${category}`,
  type: 'STANDARD',
  award: { kind: 'per_item', points: 1 },
  categories: [category],
  metric,
  ...change,
})
const METRICS = [
  { id: 7, name: 'Coffee stamps' },
  { id: 8, name: 'Cake stamps' },
]
const COFFEE_CARD = { id: 401, title: 'Every third coffee', metric: 7, required: 3, reward: 301 }
const CAKE_CARD = { id: 402, title: 'Every second cake', metric: 8, required: 2, reward: 302 }
const REWARDS = [
  { id: 301, title: 'A coffee on us', points: 0, voucher: {} },
  { id: 302, title: 'A cake on us', points: 0, voucher: {} },
]
const PROGRAM = {
  metrics: METRICS,
  earn_perks: [stamps(101, 'COFFEE', 7), stamps(102, 'CAKE', 8)],
  redeem_perks: REWARDS,
  stamp_cards: [COFFEE_CARD, CAKE_CARD],
}

interface CardCase extends AccountCase {
  readonly holds: readonly string[]
}

const CASES: readonly CardCase[] = [
  {
    rule: 'E-CARD-1',
    name: 'one sale fills two cards, in the order of the document',
    program: PROGRAM,
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 3 x 9.00, cheese/CAKE 2 x 8.00 | earn 101 3 of metric 7, earn 102 2 of metric 8, spend 401 -3 of metric 7, card_filled 401 1, voucher_issued 301 1, spend 402 -2 of metric 8, card_filled 402 1, voucher_issued 302 1, tier 1',
    ],
    ends: {
      7: 'balance 0, pending 0, lifetime 3, spent 3',
      8: 'balance 0, pending 0, lifetime 2, spent 2',
    },
    holds: ['301 unused', '302 unused'],
  },
  {
    rule: 'E-CARD-1',
    name: 'two perks fill one card',
    program: {
      ...PROGRAM,
      earn_perks: [stamps(101, 'COFFEE', 7), stamps(102, 'TEA', 7, { type: 'STANDARD' })],
      stamp_cards: [COFFEE_CARD],
    },
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 2 x 6.00, green/TEA 2.00 | earn 101 2 of metric 7, earn 102 1 of metric 7, spend 401 -3 of metric 7, card_filled 401 1, voucher_issued 301 1, tier 1',
    ],
    holds: ['301 unused'],
  },
  {
    rule: 'E-CARD-2',
    name: 'stamps are collected over several sales, and what is over stays on the card',
    program: PROGRAM,
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 2 x 6.00 | earn 101 2 of metric 7, tier 1',
      '2024-03-05 10:00 | buys flat/COFFEE 2 x 6.00 | earn 101 2 of metric 7, spend 401 -3 of metric 7, card_filled 401 1, voucher_issued 301 1',
    ],
    ends: { 7: 'balance 1, pending 0, lifetime 4, spent 3, 1 for ever' },
    holds: ['301 unused'],
  },
  {
    rule: 'E-CARD-2',
    name: 'filled twice by one sale: two rewards with codes of their own',
    program: PROGRAM,
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 7 x 21.00 | earn 101 7 of metric 7, spend 401 -6 of metric 7, card_filled 401 2, voucher_issued 301 1, voucher_issued 301 1, tier 1',
      '2024-03-05 10:00 | uses voucher 301 of card 401 in #1 | voucher_used 301 1',
    ],
    ends: { 7: 'balance 1, pending 0, lifetime 7, spent 6, 1 for ever' },
    holds: ['301 used', '301 unused'],
  },
  {
    rule: 'E-CARD-2',
    name: 'an inactive card collects nothing, and fills once it is active again',
    program: [
      ['2024-01-01 00:00', documentOf({ ...PROGRAM, stamp_cards: [{ ...COFFEE_CARD, status: 'INACTIVE' }] })],
      ['2024-03-05 00:00', documentOf(PROGRAM)],
    ] as AccountCase['program'],
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 3 of metric 7, tier 1',
      '2024-03-05 10:00 | checks in | spend 401 -3 of metric 7, card_filled 401 1, voucher_issued 301 1',
    ],
    holds: ['301 unused'],
  },
  {
    rule: 'E-CARD-2',
    name: 'pending stamps fill a card when they are released',
    program: { ...PROGRAM, metrics: [{ id: 7, name: 'Coffee stamps', pending_days: 2 }, METRICS[1]] },
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 3 of metric 7, tier 1',
      '2024-03-06 10:00 | time passes | release 7 3 of metric 7, spend 401 -3 of metric 7, card_filled 401 1, voucher_issued 301 1',
    ],
    holds: ['301 unused'],
  },
  {
    rule: 'E-CARD-3',
    name: 'returning a coffee of a filled card leaves a deficit; the reward stays',
    program: PROGRAM,
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 3 of metric 7, spend 401 -3 of metric 7, card_filled 401 1, voucher_issued 301 1, tier 1',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | reverse 101 -1 of metric 7',
      '2024-03-06 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 3 of metric 7',
    ],
    ends: { 7: 'balance 2, pending 0, lifetime 5, spent 3, 2 for ever' },
    holds: ['301 unused'],
  },
  {
    rule: 'E-ENT-1',
    name: 'a card that is full again while the member holds the most of its reward gives none',
    program: { ...PROGRAM, redeem_perks: [{ ...REWARDS[0], voucher: { per_member: 1 } }, REWARDS[1]] },
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 3 of metric 7, spend 401 -3 of metric 7, card_filled 401 1, voucher_issued 301 1, tier 1',
      '2024-03-05 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 3 of metric 7, spend 401 -3 of metric 7, card_filled 401 1, entitlement_refused 301 1',
      '2024-03-06 10:00 | uses voucher 301 of card 401 in #1 | voucher_used 301 1',
      '2024-03-07 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 3 of metric 7, spend 401 -3 of metric 7, card_filled 401 1, voucher_issued 301 1',
    ],
    holds: ['301 used', '301 unused'],
  },
]

test.each(CASES)('$rule $name', (shown) => {
  comesTo(shown)
  const last = tell(documentOf(shown.program), shown.story).at(-1)?.after
  expect(last?.entitlements.map(({ perk, status }) => `${perk} ${status}`)).toEqual(shown.holds)
})

test('E-CARD-2 a slip of the scale does not issue more than FILLINGS_MAX rewards at once; the rest stays on the card', () => {
  const document = documentOf({ ...PROGRAM, stamp_cards: [{ ...COFFEE_CARD, required: 1 }] })
  const told = tell(document, [
    '2024-03-04 10:00 | buys flat/COFFEE 250 x 9.00 | 0',
    '2024-03-04 10:01 | checks in | 0',
    '2024-03-04 10:02 | checks in | 0',
  ])
  const counts = told.map(({ after }) => after.entitlements.length)
  expect(counts).toEqual([FILLINGS_MAX, 2 * FILLINGS_MAX, 250])
  expect(new Set(told[2]?.after.entitlements.map(({ code }) => code)).size).toBe(250)
})
