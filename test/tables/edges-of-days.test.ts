// Every concept that has days in it, on the days that are not like others: the nights of summer time (in London 2024-03-31 has no 01:30, 2024-10-27 has it
// twice), the leap day, the ends of months and years. One row for each concept and day; each is read by the oracle too.
import { test } from 'vitest'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND } from './story.ts'

const perk = (change: object) => ({ earn_perks: [{ ...POINT_PER_POUND, ...change }] })
const visit = { id: 102, title: 'Visit', type: 'CHECKIN', award: { kind: 'fixed', points: 1 } }
const often = (frequency: string, change: object = {}) => ({
  earn_perks: [POINT_PER_POUND],
  bonuses: [
    {
      id: 201,
      title: 'Second visit',
      type: 'FREQUENCY',
      award: { kind: 'fixed', points: 10 },
      required_to_earn: 2,
      frequency,
      ...change,
    },
  ],
})
const reward = (change: object) => ({
  earn_perks: [POINT_PER_POUND],
  redeem_perks: [{ id: 301, title: 'Coffee', points: 0, voucher: {}, ...change }],
})
const limited = (interval: string, intervals = 1) =>
  reward({ limit: { count: 1, interval, interval_count: intervals } })
const silverFor = (window: object) => ({
  earn_perks: [POINT_PER_POUND],
  tiers: [
    { id: 1, name: 'Basic', point_floor: 0 },
    { id: 2, name: 'Silver', reach: { match: 'all', of: [{ metric: 0, at_least: 10, window }] } },
  ],
})
const challenge = (change: object) => ({
  earn_perks: [POINT_PER_POUND],
  challenges: [
    {
      id: 701,
      title: 'Buy',
      join: 'auto',
      requirements: [{ id: 702, title: 'Buy', perk: 101, quantity: 2 }],
      reward: { metric: 0, amount: 50 },
      ...change,
    },
  ],
})
const answers = (change: object) => ({
  response_challenges: [
    { id: 801, title: 'Photo', type: 'photo', reward: { metric: 0, amount: 5 }, ...change },
  ],
})
/** A point per pound while the aggregate is below two orders. */
const orders = (window: object) => ({
  ...perk({ when: { aggregate: 951, is: 'lt', value: 2 } }),
  aggregates: [{ id: 951, name: 'Orders', of: 'order_count', window }],
})
const ruleFor = (change: object) => ({
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

const SUMMER: readonly Case[] = [
  {
    rule: 'E-EARN-12',
    name: 'a cap of the day is one cap for the night that has an hour twice',
    program: perk({ caps: { per_day: 5 } }),
    story: [
      '2024-10-27 00:30 | buys tea 3.00 | 3',
      '2024-10-27 01:30 | buys tea 1.00 | 1',
      '2024-10-27 01:30 again | buys tea 3.00 | 1',
      '2024-10-27 23:59 | buys tea 3.00 | 0',
      '2024-10-28 00:00 | buys tea 3.00 | 3',
    ],
  },
  {
    rule: 'E-EARN-14',
    name: 'a check-in of the second half past one is of the same day, and one after the spring night of the next',
    program: { earn_perks: [{ ...visit, once_per_day: true }] },
    story: [
      '2024-10-27 01:30 | checks in | 1',
      '2024-10-27 01:30 again | checks in | 0',
      '2025-03-29 23:59 | checks in | 1',
      '2025-03-30 00:30 | checks in | 1',
      '2025-03-30 02:30 | checks in | 0',
    ],
  },
  {
    rule: 'E-BON-4',
    name: 'both half past ones of the night count for the week, which ends with the longer Sunday',
    program: often('WEEKLY'),
    story: [
      '2024-10-27 01:30 | buys tea 1.00 | 1',
      '2024-10-27 01:30 again | buys tea 1.00 | 11 | 101:1 201:10',
      '2024-10-27 23:59 | buys tea 1.00 | 1',
      '2024-10-28 00:00 | buys tea 1.00 | 1',
      '2024-10-28 00:01 | buys tea 1.00 | 11 | 101:1 201:10',
    ],
  },
  {
    rule: 'E-MET-8',
    name: 'pending ends where the local day begins, after the short night as after the long one',
    program: {
      ...perk({}),
      points: { pending_days: 1 },
      redeem_perks: [{ id: 301, title: 'Tea', points: 5 }],
    },
    story: [
      '2024-03-30 12:00 | buys tea 5.00 | 5',
      '2024-03-30 23:59 | asks for 301 | points_insufficient',
      '2024-03-31 00:00 | time passes | 0',
      '2024-03-31 00:01 | asks for 301 | yes',
      '2024-10-26 12:00 | buys tea 5.00 | 5',
      '2024-10-27 00:00 | time passes | 0',
    ],
    ends: { balance: 10 },
  },
  {
    rule: 'E-TIER-3',
    name: 'a tier of a window of days is lost with the day, which in the night of winter time ends an hour later',
    program: silverFor({ kind: 'rolling', days: 2 }),
    story: [
      '2024-10-26 12:00 | buys tea 10.00 | 10',
      '2024-10-27 23:59 | checks in | 0',
      '2024-10-28 00:00 | checks in | 0',
    ],
    ends: { tier: 1 },
  },
  {
    rule: 'E-ENT-7',
    name: 'a voucher of one day can be used until the longer day ends, and no minute after',
    program: reward({ voucher: { valid_days: 1 } }),
    story: [
      '2024-10-26 12:00 | is awarded 301 | 0',
      '2024-10-27 01:30 again | asks to use voucher 301 of #1 | yes',
      '2024-10-27 23:59 | asks to use voucher 301 of #1 | voucher_expired',
    ],
  },
  {
    rule: 'E-ENT-4',
    name: 'hours of use are those of the clock on the wall: the second half past one is in them as the first',
    program: reward({ voucher: { schedule: [{ days: ['SUN'], from: '01:00', to: '02:00' }] } }),
    story: [
      '2024-10-26 12:00 | is awarded 301 | 0',
      '2024-10-27 00:59 | asks to use voucher 301 of #1 | voucher_not_now',
      '2024-10-27 01:30 | asks to use voucher 301 of #1 | yes',
      '2024-10-27 01:30 again | asks to use voucher 301 of #1 | yes',
      '2024-10-27 02:00 | asks to use voucher 301 of #1 | voucher_not_now',
      '2025-03-30 02:30 | asks to use voucher 301 of #1 | voucher_not_now',
    ],
  },
  {
    rule: 'E-SPEND-2',
    name: 'one a day: not again in the repeated hour, again after midnight of the short night',
    program: limited('DAY'),
    story: [
      '2024-10-27 01:30 | redeems 301 | 0',
      '2024-10-27 01:30 again | asks for 301 | limit_reached',
      '2024-10-28 00:00 | asks for 301 | yes',
      '2025-03-30 00:30 | redeems 301 | 0',
      '2025-03-30 02:30 | asks for 301 | limit_reached',
      '2025-03-31 00:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-CH-2',
    name: 'a challenge of one day counts in both of its half past ones',
    program: challenge({ start: '2024-10-27', end: '2024-10-27' }),
    story: [
      '2024-10-26 23:59 | buys tea 1.00 | 1',
      '2024-10-27 01:30 | buys tea 1.00 | 1',
      '2024-10-27 01:30 again | buys tea 1.00 | 51',
      '2024-10-28 00:00 | buys tea 1.00 | 1',
    ],
  },
  {
    rule: 'E-RSP-1',
    name: 'a response a day, whatever hours the day has',
    program: answers({ interval_days: 1 }),
    story: [
      '2024-10-27 01:30 | responds to 801 as number 1 | 5',
      '2024-10-27 01:30 again | responds to 801 as number 2 | 0',
      '2024-10-28 00:00 | responds to 801 as number 3 | 5',
    ],
  },
  {
    rule: 'E-AGG-1',
    name: 'an aggregate of the day holds both half past ones',
    program: orders({ kind: 'day' }),
    story: [
      '2024-10-27 01:30 | buys tea 1.00 | 1',
      '2024-10-27 01:30 again | buys tea 1.00 | 1',
      '2024-10-27 02:30 | buys tea 1.00 | 0',
      '2024-10-28 00:00 | buys tea 1.00 | 1',
    ],
  },
  {
    rule: 'E-RULE-1',
    name: 'an occurrence a day is one in the night with an hour twice',
    program: ruleFor({ occurrences: { count: 1, window: { kind: 'day' } } }),
    story: [
      '2024-10-27 01:30 | buys tea 1.00 | 8',
      '2024-10-27 01:30 again | buys tea 1.00 | 1',
      '2024-10-28 00:00 | buys tea 1.00 | 8',
    ],
  },
]

const LEAP: readonly Case[] = [
  {
    rule: 'E-EARN-3',
    name: 'a perk of the leap day applies on it and on neither neighbour',
    program: perk({ start: '2024-02-29', end: '2024-02-29' }),
    story: [
      '2024-02-28 23:59 | buys tea 1.00 | 0',
      '2024-02-29 00:00 | buys tea 1.00 | 1',
      '2024-02-29 23:59 | buys tea 1.00 | 1',
      '2024-03-01 00:00 | buys tea 1.00 | 0',
    ],
  },
  {
    rule: 'E-BON-4',
    name: 'the leap day is of February: the month counts it',
    program: often('MONTHLY'),
    story: [
      '2024-02-01 00:00 | buys tea 1.00 | 1',
      '2024-02-29 23:59 | buys tea 1.00 | 11',
      '2024-03-01 00:00 | buys tea 1.00 | 1',
    ],
  },
  {
    rule: 'E-MET-8',
    name: 'pending over the leap day',
    program: { ...perk({}), points: { pending_days: 1 } },
    story: ['2024-02-28 12:00 | buys tea 5.00 | 5', '2024-02-29 00:00 | time passes | 0'],
    ends: { balance: 5 },
  },
  {
    rule: 'E-TIER-1',
    name: 'the leap day is one of the last two days, and the second of March has left it',
    program: silverFor({ kind: 'rolling', days: 2 }),
    story: ['2024-02-29 12:00 | buys tea 10.00 | 10', '2024-03-01 23:59 | checks in | 0'],
    ends: { tier: 2 },
  },
  {
    rule: 'E-ENT-7',
    name: 'a voucher of a day that was issued before the leap day ends with it',
    program: reward({ voucher: { valid_days: 1 } }),
    story: [
      '2024-02-28 12:00 | is awarded 301 | 0',
      '2024-02-29 23:59 | asks to use voucher 301 of #1 | yes',
      '2024-03-01 00:00 | asks to use voucher 301 of #1 | voucher_expired',
    ],
  },
  {
    rule: 'E-CH-2',
    name: 'a month from the leap day on has the twenty-eighth of March for its last day',
    program: challenge({ from_membership: { months: 1 } }),
    story: [
      '2024-02-29 10:00 | enrols | 0',
      '2024-03-28 23:59 | buys tea 1.00 | 1',
      '2024-03-29 00:00 | buys tea 1.00 | 1',
    ],
  },
  {
    rule: 'E-RSP-1',
    name: 'two days apart over the leap day',
    program: answers({ interval_days: 2 }),
    story: [
      '2024-02-28 12:00 | responds to 801 as number 1 | 5',
      '2024-02-29 12:00 | responds to 801 as number 2 | 0',
      '2024-03-01 00:00 | responds to 801 as number 3 | 5',
    ],
  },
  {
    rule: 'E-AGG-1',
    name: 'two rolling days that hold the leap day',
    program: orders({ kind: 'rolling', days: 2 }),
    story: [
      '2024-02-28 12:00 | buys tea 1.00 | 1',
      '2024-02-29 12:00 | buys tea 1.00 | 1',
      '2024-02-29 13:00 | buys tea 1.00 | 0',
      '2024-03-02 00:00 | buys tea 1.00 | 1',
    ],
  },
]

const MONTH_ENDS: readonly Case[] = [
  {
    rule: 'E-MET-8',
    name: 'pending over the end of a year',
    program: { ...perk({}), points: { pending_days: 1 } },
    story: ['2024-12-31 23:59 | buys tea 5.00 | 5', '2025-01-01 00:00 | time passes | 0'],
    ends: { balance: 5 },
  },
  {
    rule: 'E-TIER-1',
    name: 'a tier of the calendar month is lost with its last minute',
    program: silverFor({ kind: 'calendar_month' }),
    story: ['2024-04-30 23:59 | buys tea 10.00 | 10', '2024-05-01 00:00 | checks in | 0'],
    ends: { tier: 1 },
  },
  {
    rule: 'E-SPEND-2',
    name: 'one in two months: the thirty-first counts for its month, and January opens again in March',
    program: limited('MONTH', 2),
    story: [
      '2024-01-31 23:59 | redeems 301 | 0',
      '2024-02-29 23:59 | asks for 301 | limit_reached',
      '2024-03-01 00:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-CH-2',
    name: 'a month from the thirty-first of January is over when the leap day, its like in February, begins',
    program: challenge({ from_membership: { months: 1 } }),
    story: [
      '2024-01-31 10:00 | enrols | 0',
      '2024-02-28 23:59 | buys tea 1.00 | 1',
      '2024-02-29 00:00 | buys tea 1.00 | 1',
    ],
  },
  {
    rule: 'E-RSP-1',
    name: 'one a month: the last minute of a month and the first of the next',
    program: answers({ per_member: 1, per_member_period: 'month' }),
    story: [
      '2024-04-30 23:59 | responds to 801 as number 1 | 5',
      '2024-05-01 00:00 | responds to 801 as number 2 | 5',
      '2024-05-31 23:59 | responds to 801 as number 3 | 0',
    ],
  },
  {
    rule: 'E-RULE-1',
    name: 'an occurrence a month',
    program: ruleFor({ occurrences: { count: 1, window: { kind: 'calendar_month' } } }),
    story: [
      '2024-01-31 23:59 | buys tea 1.00 | 8',
      '2024-02-01 00:00 | buys tea 1.00 | 8',
      '2024-02-29 23:59 | buys tea 1.00 | 1',
    ],
  },
  {
    rule: 'E-SEG-1',
    name: 'a segment for a month from the thirty-first is left after the last of February',
    program: {
      ...perk({ when: { segment: 601 } }),
      segments: [{ id: 601, name: 'Fresh', expiry: { kind: 'ROLLING', after: { months: 1 } } }],
    },
    story: [
      '2024-01-31 12:00 | is added to segment 601 | 0',
      '2024-02-29 23:59 | buys tea 1.00 | 1',
      '2024-03-01 00:00 | buys tea 1.00 | 0',
    ],
  },
]

test.each(SUMMER)('$rule in the nights of summer time: $name', holds)
test.each(LEAP)('$rule on the leap day: $name', holds)
test.each(MONTH_ENDS)('$rule at the end of a month: $name', holds)
