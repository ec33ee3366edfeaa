// E-EARN-8 to 11 and E-BON-7: perks and bonuses with conditions of every kind, tenders and metrics. 2024-03-04 was a Monday.
import { expect, test } from 'vitest'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'
import { POINT_PER_POUND, program, tell } from './story.ts'

const perk = (change: object) => ({ ...POINT_PER_POUND, ...change })
const STAMP = {
  id: 102,
  title: 'A stamp per coffee',
  type: 'STANDARD',
  award: { kind: 'per_item', points: 1 },
  categories: ['COFFEE'],
  metric: 7,
} as const
const METRICS = [{ id: 7, name: 'Stamps' }]
const double = (id: number, change: object = {}) => ({
  id,
  title: 'Double',
  type: 'DATE_RANGE',
  start: '2024-01-01',
  end: '2024-12-31',
  award: { kind: 'multiplier', percent: 100 },
  ...change,
})
const fixed = (id: number, points: number, change: object = {}) =>
  double(id, { award: { kind: 'fixed', points }, ...change })

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-EARN-8',
    name: 'a perk with a condition tree is given where it holds, on the state before the fact',
    program: { earn_perks: [perk({ when: { metric: 0, part: 'lifetime', is: 'lt', value: 5 } })] },
    story: [
      '2024-03-04 10:00 | buys tea 4.00 | earn 101 4, tier 1',
      '2024-03-04 11:00 | buys tea 4.00 | earn 101 4',
      '2024-03-04 12:00 | buys tea 4.00 | -',
    ],
  },
  {
    rule: 'E-EARN-8',
    name: 'how often another perk applied is counted before the fact, whatever is listed first',
    program: {
      earn_perks: [
        perk({}),
        perk({ id: 102, award: { kind: 'fixed', points: 50 }, when: { applied: 101, is: 'eq', value: 1 } }),
      ],
    },
    story: [
      '2024-03-04 10:00 | buys tea 1.00 | earn 101 1, tier 1',
      '2024-03-04 11:00 | buys tea 1.00 | earn 101 1, earn 102 50',
      '2024-03-04 12:00 | buys tea 1.00 | earn 101 1',
    ],
  },
  {
    rule: 'E-EARN-8',
    name: 'a required tier counts as it was before the fact, and as a tier period keeps it',
    program: {
      earn_perks: [perk({}), perk({ id: 102, required_tier: 2 })],
      tiers: [
        { id: 1, name: 'Bronze', point_floor: 0 },
        { id: 2, name: 'Silver', point_floor: 5 },
      ],
      tier_period: { lasts: { kind: 'calendar_year' }, downgrade: 'recompute' },
    },
    story: [
      '2024-03-04 10:00 | buys tea 5.00 | earn 101 5, tier 2',
      '2024-03-04 11:00 | returns 1 x line 0 of #1 | reverse 101 -5',
      '2024-03-04 12:00 | buys tea 1.00 | earn 101 1, earn 102 1',
    ],
  },
  {
    rule: 'E-EARN-10',
    name: 'only what was paid with the tenders counts, and never more than the matching lines',
    program: { earn_perks: [perk({ tenders: ['gift_card', 'card'], categories: ['FOOD'] })] },
    story: [
      '2024-03-04 10:00 | buys cake/FOOD 5.00, tea 5.00 paid cash 7.00, card 2.00, gift_card 1.00 | earn 101 3, tier 1',
      '2024-03-04 11:00 | buys cake/FOOD 5.00, tea 5.00 paid card 10.00 | earn 101 5',
      '2024-03-04 12:00 | buys cake/FOOD 5.00 paid cash 5.00 | -',
      '2024-03-04 13:00 | buys cake/FOOD 5.00 | -',
    ],
  },
  {
    rule: 'E-EARN-10',
    name: 'the minimum is asked of what was paid so; what is given by piece only needs something paid',
    program: {
      earn_perks: [
        perk({ tenders: ['card'], minimum_amount: 300 }),
        perk({ id: 102, tenders: ['card'], award: { kind: 'per_item', points: 2 } }),
      ],
    },
    story: [
      '2024-03-04 10:00 | buys tea 2 x 5.00 paid cash 2.01, card 2.99 | earn 102 4, tier 1',
      '2024-03-04 11:00 | buys tea 2 x 5.00 paid cash 2.00, card 3.00 | earn 101 3, earn 102 4',
    ],
  },
  {
    rule: 'E-EARN-11',
    name: 'a perk of a metric gives into it, and a return takes from it',
    program: { earn_perks: [perk({}), STAMP], metrics: METRICS },
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 2 x 6.00, tea 1.00 | earn 101 7, earn 102 2 of metric 7, tier 1',
      '2024-03-04 11:00 | returns 1 x line 0 of #1 | reverse 101 -3, reverse 102 -1 of metric 7',
    ],
    ends: {
      0: 'balance 4, pending 0, lifetime 4, spent 0, 4 for ever',
      7: 'balance 1, pending 0, lifetime 1, spent 0, 1 for ever',
    },
  },
  {
    rule: 'E-BON-7',
    name: 'a bonus pays in the metric of the perks it looks at; one that names none looks at points',
    program: {
      earn_perks: [perk({}), STAMP],
      metrics: METRICS,
      bonuses: [double(201), double(202, { perks: [102] }), fixed(203, 5, { perks: [102] })],
    },
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 2 x 6.00 | earn 101 6, earn 102 2 of metric 7, bonus 201 6, bonus 202 2 of metric 7, bonus 203 5 of metric 7, tier 1',
      '2024-03-04 11:00 | buys tea 1.00 | earn 101 1, bonus 201 1',
    ],
  },
  {
    rule: 'E-BON-7',
    name: 'a bonus with a condition tree',
    program: {
      earn_perks: [perk({})],
      bonuses: [double(201, { when: { payment: { types: ['card'] } } })],
    },
    story: [
      '2024-03-04 10:00 | buys tea 2.00 paid cash 2.00 | earn 101 2, tier 1',
      '2024-03-04 11:00 | buys tea 2.00 paid card 2.00 | earn 101 2, bonus 201 2',
    ],
  },
]

test.each(CASES)('$rule $name', (shown) => {
  comesTo(shown)
})

test('E-COND-2 what applied is kept for the rules that some condition asks for, as long as its window', () => {
  const document = program({
    earn_perks: [
      perk({}),
      perk({ id: 102 }),
      perk({ id: 103, when: { applied: 101, window: { kind: 'rolling', days: 3 }, is: 'ge', value: 3 } }),
    ],
  })
  const told = tell(
    document,
    [1, 2, 3, 4, 5, 6, 9, 10].map((day) => `2024-03-${String(day).padStart(2, '0')} 10:00 | buys tea 1.00`),
  )
  const applied = told.at(-1)?.after.more?.applied ?? []
  expect(new Set(applied.filter((_, at) => at % 3 === 0))).toEqual(new Set([101]))
  // In all, and on the days that three days' window may reach back to from a local day two days earlier.
  expect(applied.length / 3).toBe(1 + 3)
  // The two days before the fact and its own day, without the fact itself, never hold three.
  expect(told.map(({ effects }) => effects.some(({ rule }) => rule === 103))).toEqual(told.map(() => false))
})
