// E-EARN-14: activities, which name a perk and count pieces; E-EARN-16: what the member gets who referred somebody. 2024-03-04 was a Monday.
import { expect, test } from 'vitest'
import { POINTS_MAX } from '../../protocol/limits.ts'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'
import { POINT_PER_POUND, program, tell } from './story.ts'

const perk = (type: string, award: object, change: object = {}) => ({
  id: 105,
  title: 'Activity',
  type,
  award,
  ...change,
})
const one = (type: string, award: object, change: object = {}) => ({
  earn_perks: [perk(type, award, change)],
})
const FIVE = { kind: 'fixed', points: 5 }
const PER_POUND = { kind: 'per_currency_unit', points: 3, unit: 200, rounding: 'half_up' }
const STAMPS = { metrics: [{ id: 7, name: 'Stamps' }] }

const TYPES = ['STANDARD', 'VISITOR', 'COUPON', 'SOCIAL_POST', 'POINT_ADJUSTMENT']

const CASES: readonly AccountCase[] = [
  ...TYPES.map((type) => ({
    rule: 'E-EARN-14',
    name: `a ${type} perk can be named`,
    program: one(type, FIVE),
    story: ['2024-03-04 10:00 | does 105 | earn 105 5, tier 1'],
  })),
  {
    rule: 'E-EARN-14',
    name: 'of other types, and perks there are not, nothing comes',
    program: { earn_perks: [perk('CHECKIN', FIVE), { ...perk('VISITOR', FIVE), id: 106 }] },
    story: ['2024-03-04 10:00 | does 105 | tier 1', '2024-03-04 11:00 | does 107 | -'],
  },
  {
    rule: 'E-EARN-14',
    name: 'pieces multiply',
    program: one('VISITOR', { kind: 'per_item', points: 5 }),
    story: ['2024-03-04 10:00 | does 105 3 times | earn 105 15, tier 1'],
    ends: { 0: 'balance 15, pending 0, lifetime 15, spent 0, 15 for ever' },
  },
  {
    rule: 'E-EARN-14',
    name: 'money: the award over the amount times the pieces, rounded once',
    program: one('SOCIAL_POST', PER_POUND),
    story: [
      '2024-03-04 10:00 | does 105 3 times for 1.11 | earn 105 5, tier 1',
      '2024-03-04 11:00 | does 105 3 times | -',
    ],
  },
  {
    rule: 'E-EARN-14',
    name: 'one activity gives at most POINTS_MAX',
    program: one('VISITOR', { kind: 'per_currency_unit', points: 100_000, unit: 1, rounding: 'floor' }),
    story: [`2024-03-04 10:00 | does 105 10000 times for 99999999.99 | earn 105 ${POINTS_MAX}, tier 1`],
  },
  {
    rule: 'E-EARN-14',
    name: 'the conditions hold as for a check-in: once a day, dates, store, when',
    program: one('VISITOR', FIVE, {
      once_per_day: true,
      end: '2024-03-05',
      stores: [1],
      when: { number: 'minute', is: 'lt', value: 720 },
    }),
    story: [
      '2024-03-04 10:00 | does 105 | earn 105 5, tier 1',
      '2024-03-04 11:00 | does 105 | -',
      '2024-03-05 12:00 | does 105 | -',
      '2024-03-05 10:00 Berlin | does 105 | -',
      '2024-03-05 11:00 | does 105 | earn 105 5',
      '2024-03-06 10:00 | does 105 | -',
    ],
  },
  {
    rule: 'E-EARN-14',
    name: 'a basket condition fails, for there is none',
    program: one('VISITOR', FIVE, { when: { basket: {} } }),
    story: ['2024-03-04 10:00 | does 105 | tier 1'],
  },
  {
    rule: 'E-EARN-14',
    name: 'caps cut it',
    program: one('VISITOR', FIVE, { caps: { per_day: 12 } }),
    story: [
      '2024-03-04 10:00 | does 105 2 times | earn 105 10, tier 1',
      '2024-03-04 11:00 | does 105 | earn 105 2',
    ],
  },
  {
    rule: 'E-EARN-14',
    name: 'a negative quantity takes back what so many pieces give, without conditions, below 0 if it must',
    program: one('VISITOR', FIVE, { status: 'INACTIVE' }),
    story: [
      '2024-03-04 10:00 | is granted 4 | grant 4, tier 1',
      '2024-03-04 11:00 | does 105 -2 times | reverse 105 -10',
    ],
    ends: { 0: 'balance -6, pending 0, lifetime -6, spent 0' },
  },
  {
    rule: 'E-EARN-14',
    name: 'what goes below 0 leaves every member the first tier',
    program: {
      ...one('VISITOR', FIVE, { required_tier: 1 }),
      tiers: [
        { id: 1, name: 'Bronze', point_floor: 0 },
        { id: 2, name: 'Silver', point_floor: 100 },
      ],
    },
    story: [
      '2024-03-04 10:00 | does 105 -2 times | reverse 105 -10, tier 1',
      '2024-03-04 11:00 | does 105 | earn 105 5',
    ],
  },
  {
    rule: 'E-EARN-11',
    name: 'points go to the metric of the perk, there and back',
    program: { ...one('COUPON', { kind: 'per_item', points: 2 }, { metric: 7 }), ...STAMPS },
    story: [
      '2024-03-04 10:00 | does 105 3 times | earn 105 6 of metric 7, tier 1',
      '2024-03-04 11:00 | does 105 -1 times | reverse 105 -2 of metric 7',
    ],
    ends: {
      0: 'balance 0, pending 0, lifetime 0, spent 0',
      7: 'balance 4, pending 0, lifetime 4, spent 0, 4 for ever',
    },
  },
  {
    rule: 'E-EARN-14',
    name: 'progress moves no metric and counts its pieces, there and back',
    program: one('PROGRESS_ACTIVITY', { kind: 'fixed', points: 1 }, { once_per_day: true }),
    story: [
      '2024-03-04 10:00 | does 105 3 times | progress 105 3, tier 1',
      '2024-03-04 11:00 | does 105 2 times | -',
      '2024-03-04 12:00 | does 105 -2 times | progress 105 -2',
    ],
    ends: { 0: 'balance 0, pending 0, lifetime 0, spent 0' },
  },
  {
    rule: 'E-EARN-16',
    name: 'who referred somebody is given when that is completed, under the usual conditions',
    program: one('REFERRAL', FIVE, { caps: { per_member: 8 } }),
    story: [
      '2024-03-04 10:00 | refers | tier 1',
      '2024-03-05 10:00 | has #1 completed | earn 105 5',
      '2024-03-06 10:00 | refers | -',
      '2024-03-07 10:00 | has #3 completed | earn 105 3',
    ],
  },
]

test.each(CASES)('$rule $name', (shown) => {
  comesTo(shown)
})

test('E-EARN-14 E-BON-1 a bonus that names no perks looks at an activity of a STANDARD perk, too', () => {
  const document = program({
    earn_perks: [POINT_PER_POUND, perk('STANDARD', FIVE)],
    bonuses: [
      {
        id: 201,
        title: 'Double',
        type: 'DATE_RANGE',
        start: '2024-01-01',
        end: '2024-12-31',
        award: { kind: 'multiplier', percent: 100 },
      },
    ],
  })
  const [activity, sale] = tell(document, ['2024-03-04 10:00 | does 105', '2024-03-04 11:00 | buys tea 2.00'])
  expect(activity?.points).toBe(10)
  expect(sale?.points).toBe(14)
})
