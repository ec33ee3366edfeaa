// A shop on Cheetah: a metric with decimals, tiers over it, rewards, offers and certificates with windows of use, response challenges with each kind of prize.
import type { Case } from '../../tables/case.ts'
import { SPRING, buys, fixed } from './example-parts.ts'

const MILES = 11
const asks = (id: number, change: object = {}) => ({ id, title: `Challenge ${id}`, type: 'photo', ...change })

const CHEETAH_PROGRAM = {
  currency: 'USD',
  metrics: [{ id: MILES, name: 'Miles', decimals: 1 }],
  tiers: [
    { id: 1, name: 'Blue', reach: { match: 'all', of: [{ metric: MILES, at_least: 0 }] } },
    {
      id: 2,
      name: 'Green',
      reach: { match: 'any', of: [{ metric: MILES, at_least: 1000, window: { kind: 'calendar_year' } }] },
      entry_perk: 308,
      exit_cancels: [308],
    },
  ],
  tier_period: { lasts: { kind: 'calendar_year', extra_years: 1 }, downgrade: 'one_step' },
  earn_perks: [
    {
      id: 101,
      title: 'Miles for money',
      type: 'STANDARD',
      metric: MILES,
      award: { kind: 'per_currency_unit', points: 15, unit: 100, rounding: 'half_up' },
    },
    { id: 102, title: 'Visit', type: 'CHECKIN', award: fixed(1) },
  ],
  redeem_perks: [
    buys(301, 'Mug', 500, {
      metric: MILES,
      status: 'ACTIVE',
      required_tier: 2,
      ...SPRING,
      limit: { count: 1, interval: 'MONTH', interval_count: 1 },
      budget: { total: 100 },
      schedule: [{ days: ['MON', 'TUE', 'WED', 'THU', 'FRI'], from: '08:00', to: '20:00' }],
      when: { all: [{ segment: 601 }, { not: { segment: 602 } }] },
      voucher: { kind: 'certificate', external_url: 'https://mugs.example' },
    }),
    buys(302, 'Two for one', 0, {
      method: 'AUTO',
      voucher: {
        kind: 'offer',
        initial_status: 'offered',
        from: '2024-03-01',
        from_days: 1,
        until: '2024-12-31',
        valid_days: 30,
        uses: 2,
        external_code: '4006381333931',
        schedule: [{ days: ['MON', 'TUE', 'SAT'], from: '08:00', to: '20:00' }],
      },
    }),
    buys(303, 'Collector', 0, { status: 'INACTIVE', voucher: { kind: 'award' } }),
    buys(304, 'Entry of the contest', 20, { metric: MILES, voucher: { kind: 'award' } }),
    buys(308, 'Green badge', 0, { voucher: { kind: 'award' } }),
  ],
  segments: [
    { id: 601, name: 'All', when: { number: 'lines', is: 'ge', value: 1 }, expiry: { kind: 'PERSISTENT' } },
    { id: 602, name: 'Staff', expiry: { kind: 'PERSISTENT' } },
  ],
  challenges: [
    {
      id: 701,
      title: 'Two visits',
      join: 'auto',
      requirements: [{ id: 711, title: 'Visits', perk: 102, quantity: 2 }],
      reward: { perk: 308 },
    },
    {
      id: 702,
      title: 'Three visits',
      join: 'auto',
      requirements: [{ id: 712, title: 'Visits', perk: 102, quantity: 3 }],
      reward: { metric: MILES, amount: 25 },
    },
  ],
  response_challenges: [
    asks(801, {
      status: 'ACTIVE',
      ...SPRING,
      required_tier: 1,
      when: {
        all: [
          { store: [1, 2] },
          { number: 'weekday', is: 'le', value: 5 },
          { number: 'minute', is: 'ge', value: 480 },
        ],
      },
      overall: 1000,
      per_member: 2,
      per_member_period: 'week',
      interval_days: 1,
      auto_approve: false,
      reward: { metric: MILES, amount: 5 },
      prize: { calculation: 'probability', per_million: 1_000_000, reward: { metric: MILES, amount: 100 } },
    }),
    asks(802, { status: 'INACTIVE', prize: { calculation: 'every_nth', nth: 2, reward: { perk: 302 } } }),
    ...(['day', 'week', 'month', 'year'] as const).map((period, index) =>
      asks(803 + index, { prize: { calculation: 'first_n', count: 1, period, reward: { perk: 302 } } }),
    ),
    asks(807, {
      end: '2024-03-31',
      when: { holds: 304 },
      prize: { calculation: 'random', winners: 3, reward: { metric: MILES, amount: 5000 } },
    }),
  ],
}

const CHEETAH_STORY = [
  '2024-03-04 10:00 | enrols | 0',
  '2024-03-04 10:01 | buys shoes 50.03 | 0',
  '2024-03-04 10:02 | asks for 301 | tier_insufficient',
  '2024-03-04 11:00 | buys coat 30.00 | 0',
  '2024-03-04 11:01 | asks for 301 | yes',
  '2024-03-04 11:02 | redeems 301 | 0',
  '2024-03-04 12:00 | responds to 801 as number 1 | 0',
  '2024-03-04 13:00 | has response #7 to 801 approved as number 1 | 0',
  '2024-03-04 14:00 | redeems 304 | 0',
  '2024-03-04 15:00 | responds to 807 as number 1 | 0',
  '2024-03-04 16:00 | responds to 803 as number 1 | 0',
  '2024-03-05 10:00 | checks in | 1 | 102:1',
  '2024-03-06 10:00 | checks in | 1 | 102:1',
  '2024-03-07 10:00 | checks in | 1 | 102:1',
  '2024-03-08 10:00 | returns 1 x line 0 of #4 | 0',
  '2024-04-01 10:00 | has response #10 to 807 drawn | 0',
] as const

export const CHEETAH_EXAMPLE: Case = {
  rule: 'Cheetah',
  name: 'a shop',
  program: CHEETAH_PROGRAM,
  story: CHEETAH_STORY,
  ends: {
    tier: 2,
    balance: 3,
    entitlements: ['308 unused', '301 unused', '304 unused', '302 offered', '308 unused'],
  },
}
