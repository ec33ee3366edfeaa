// A coffee house on Pepper: a stamp card, points as money, levels and a club, awards, promo codes, segments, metrics of users and rules over them.
import type { Case } from '../../tables/case.ts'
import { POINT_PER_POUND } from '../../tables/story.ts'
import { SPRING, buys, earns } from './example-parts.ts'

const PEPPER_PROGRAM = {
  metrics: [{ id: 11, name: 'Stamps' }],
  earn_perks: [
    { ...POINT_PER_POUND, tenders: ['CARD', 'APP'], status: 'ACTIVE', stores: [1, 2] },
    earns(102, 'STANDARD', 1, { metric: 11, categories: ['COFFEE'], award: { kind: 'per_item', points: 1 } }),
    earns(103, 'PROGRESS_ACTIVITY', 1),
  ],
  redeem_perks: [
    buys(301, 'Free coffee', 0, {
      method: 'VOUCHER',
      voucher: {
        external_code: 'FREECOFFEE',
        schedule: [{ days: ['MON', 'TUE'], from: '08:00', to: '20:00' }],
      },
    }),
    buys(302, 'Points off', 0, {
      method: 'AUTO',
      status: 'ACTIVE',
      stores: [1],
      money: { points: 10, money: 100, maximum: 500 },
      when: { basket: { amount: 100 } },
      schedule: [{ days: ['MON'], from: '08:00', to: '20:00' }],
      ...SPRING,
    }),
    buys(303, 'Gold', 0, { method: 'CODE_QR', membership: { template: 'LEVEL', priority: 5 }, voucher: {} }),
    buys(304, 'Silver', 0, {
      method: 'CODE_PDF417',
      membership: { template: 'LEVEL', priority: 3 },
      voucher: {},
    }),
    buys(305, 'Club', 0, { membership: { template: 'CLUB', priority: 0 }, voucher: { per_member: 1 } }),
    buys(306, 'Sorry', 0, {
      voucher: { kind: 'award' },
      ...SPRING,
      limit: { count: 2, interval: 'ALL_TIME' },
      budget: { total: 1000 },
    }),
  ],
  stamp_cards: [{ id: 401, title: 'Coffee card', metric: 11, required: 3, reward: 301 }],
  segments: [
    { id: 601, name: 'Friends', expiry: { kind: 'PERSISTENT' } },
    { id: 602, name: 'Lately', expiry: { kind: 'ROLLING', after: { days: 7 } } },
    { id: 603, name: 'Campaign', expiry: { kind: 'SCHEDULED', after: { days: 3 } } },
    {
      id: 604,
      name: 'Big spenders',
      when: { aggregate: 651, is: 'gt', value: 2000 },
      expiry: { kind: 'PERSISTENT' },
    },
  ],
  aggregates: [
    { id: 651, name: 'Spend', of: 'total_spend', window: { kind: 'rolling', days: 30 } },
    { id: 652, name: 'Orders', of: 'order_count' },
    { id: 653, name: 'Visits', of: 'visit_count' },
    { id: 654, name: 'Points', of: 'points_earned' },
  ],
  rules: [
    {
      id: 701,
      title: 'A club for all',
      match: { type: 'TYPE', kinds: ['enrolment', 'sale', 'checkin', 'profile'] },
      status: 'ACTIVE',
      occurrences: { count: 1, window: { kind: 'lifetime' } },
      effect: { kind: 'award', perk: 305 },
    },
    {
      id: 702,
      title: 'Who came back lately',
      match: { type: 'TYPE', kinds: ['sale', 'return', 'void', 'voucher_use', 'segment'] },
      when: {
        all: [
          { aggregate: 652, is: 'ne', value: 0 },
          { not: { segment: 601 } },
          { not: { holds: 303 } },
          {
            any: [
              { basket: { skus: ['cake'], categories: ['COFFEE'], quantity: 1000, amount: 100 } },
              { home_store: true },
            ],
          },
          { payment: { types: ['CARD'], amount: 100 } },
        ],
      },
      effect: { kind: 'segment', segment: 602, action: 'add' },
    },
    {
      id: 703,
      title: 'Counts bookings and what was given and spent',
      match: { type: 'TYPE', kinds: ['activity', 'adjustment', 'award', 'redemption'] },
      when: { any: [{ store: [1] }, { metric: 0, part: 'balance', is: 'eq', value: 7 }] },
      effect: { kind: 'task', task: 'thank', delay_days: 1 },
    },
    {
      id: 704,
      title: 'The fifth deed',
      match: { type: 'TYPE', kinds: ['activity'] },
      when: { applied: 703, window: { kind: 'rolling', days: 30 }, is: 'gt', value: 4 },
      effect: { kind: 'points', metric: 0, amount: 25 },
    },
    {
      id: 705,
      title: 'Referred',
      match: { type: 'TYPE', kinds: ['referral'] },
      when: { referral: ['received', 'completed'] },
      effect: { kind: 'credential', name: 'friend', value: 'yes' },
    },
    {
      id: 706,
      title: 'Friends on Monday',
      match: { type: 'TIME', days: ['MON'], at: '12:00' },
      when: {
        all: [
          { attribute: 'friend', in: ['yes'] },
          { number: 'weekday', is: 'eq', value: 1 },
          { metric: 0, part: 'balance', is: 'lt', value: 100000 },
        ],
      },
      effect: { kind: 'segment', segment: 601, action: 'remove' },
    },
  ],
}

const PEPPER_STORY = [
  '2024-03-04 10:00 | enrols | 0',
  '2024-03-04 10:01 | has #99 received | 0',
  '2024-03-04 10:02 | is added to segment 603 | 0',
  '2024-03-04 11:00 | buys latte/COFFEE 3 x 9.00, cake 12.00 paid CARD 15.00, CASH 6.00 | 15 | 101:15',
  '2024-03-04 11:01 | asks for 302 on cake 5.00 naming 10 points | yes',
  '2024-03-04 11:02 | redeems 302 for 10 | -10',
  '2024-03-04 11:03 | uses voucher 301 of card 401 in #4 | 0',
  '2024-03-04 11:04 | is awarded 303 | 0',
  '2024-03-04 11:05 | is awarded 304 | 0',
  '2024-03-05 10:00 | does 103 | 0',
  '2024-03-05 11:00 | does 103 | 25 | 704:25',
  '2024-03-06 09:00 | voids #7 | 0',
  '2024-03-06 10:00 | cancels 302 of #6 | 10',
  '2024-03-11 13:00 | time passes | 0',
] as const

export const PEPPER_EXAMPLE: Case = {
  rule: 'Pepper',
  name: 'a coffee house',
  program: PEPPER_PROGRAM,
  story: PEPPER_STORY,
}
