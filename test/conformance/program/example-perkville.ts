// A gym on Perkville: points for visits, levels, bonuses of all three types, rewards with limits, a challenge, referrals.
import type { Case } from '../../tables/case.ts'
import { POINT_PER_POUND } from '../../tables/story.ts'
import { SPRING, buys, earns, fixed } from './example-parts.ts'

const DOUBLE = { kind: 'multiplier', percent: 100 }
const VIP = [{ name: 'club', value: 'vip' }]

const PERKVILLE_PROGRAM = {
  tiers: [
    { id: 1, name: 'Member', point_floor: 0 },
    { id: 2, name: 'Silver', point_floor: 100 },
  ],
  earn_perks: [
    { ...POINT_PER_POUND, completes_referral: true, status: 'ACTIVE' },
    earns(102, 'CHECKIN', 5, { once_per_day: true }),
    earns(103, 'BIRTHDAY', 50),
    earns(104, 'REGISTRATION', 20),
    earns(105, 'REFERRAL', 30, { stores: [1, 2] }),
    earns(106, 'COUPON', 7),
    earns(107, 'VISITOR', 3, { attributes: VIP }),
    earns(108, 'SOCIAL_POST', 2, { required_tier: 2 }),
    earns(109, 'POINT_ADJUSTMENT', 1),
    earns(110, 'PROGRESS_ACTIVITY', 1),
    earns(111, 'VISITOR', 9, { status: 'INACTIVE', ...SPRING }),
  ],
  bonuses: [
    {
      id: 201,
      title: 'Happy hour',
      type: 'TIME',
      award: DOUBLE,
      perks: [101],
      schedule: [{ days: ['MON'], from: '16:00', to: '18:00' }],
      stores: [1],
    },
    {
      id: 202,
      title: 'Spring',
      type: 'DATE_RANGE',
      award: fixed(1),
      required_tier: 2,
      attributes: VIP,
      ...SPRING,
    },
    ...(['WEEKLY', 'MONTHLY'] as const).map((frequency, index) => ({
      id: 203 + index,
      title: frequency,
      type: 'FREQUENCY',
      award: fixed(10),
      perks: [102],
      required_to_earn: 3 + index,
      frequency,
    })),
    {
      id: 205,
      title: 'Since spring',
      type: 'FREQUENCY',
      award: fixed(4),
      perks: [106, 110],
      required_to_earn: 2,
      frequency: 'FROM_DATE',
      from_date: '2024-03-01',
    },
  ],
  redeem_perks: [
    buys(301, 'Coffee', 50, {
      status: 'ACTIVE',
      stores: [1],
      home_store_only: true,
      required_tier: 2,
      attributes: VIP,
      ...SPRING,
      limit: { count: 1, interval: 'DAY', interval_count: 2 },
      voucher: {
        initial_status: 'unused',
        valid_days: 30,
        uses: 1,
        until: '2024-12-31',
        external_code: 'COFFEE',
      },
    }),
    buys(302, 'Cinema', 10, {
      limit: { count: 2, interval: 'MONTH', interval_count: 1 },
      voucher: { initial_status: 'issued', external_url: 'https://cinema.example' },
    }),
    buys(303, 'At once', 5, {
      limit: { count: 2, interval: 'YEAR', interval_count: 1 },
      voucher: { initial_status: 'used' },
    }),
    buys(304, 'Gone', 5, { status: 'INACTIVE', limit: { count: 1, interval: 'ALL_TIME' } }),
    buys(305, 'For a friend', 0, { voucher: {} }),
  ],
  challenges: [
    {
      id: 501,
      title: 'Ten steps',
      join: 'opt_in',
      ...SPRING,
      from_membership: { days: 60 },
      stores: [1],
      home_stores: [1],
      attributes: VIP,
      require_active_membership: true,
      requirements: [{ id: 511, title: 'Steps', perk: 110, quantity: 2 }],
      reward: { metric: 0, amount: 40 },
    },
  ],
  rules: [
    {
      id: 701,
      title: 'Offer for who was referred',
      match: { type: 'TYPE', kinds: ['referral'] },
      when: { referral: ['received'] },
      effect: { kind: 'award', perk: 305 },
    },
  ],
}

const PERKVILLE_STORY = [
  '2024-03-01 10:00 | enrols | 20 | 104:20',
  '2024-03-01 10:01 | tells birthday 1990-03-06, home store 1, club=vip, membership active, member since 2024-03-01 | 0',
  '2024-03-01 10:02 | has #99 received | 0',
  '2024-03-01 10:03 | joins challenge 501 | 0',
  '2024-03-04 16:30 | buys tea 40.00 | 80 | 101:40 201:40',
  '2024-03-05 10:00 | checks in | 5 | 102:5',
  '2024-03-06 10:00 | checks in | 55 | 102:5 103:50',
  '2024-03-07 10:00 | checks in | 15 | 102:5 203:10',
  '2024-03-07 11:00 | asks for 301 | yes',
  '2024-03-07 11:01 | redeems 301 | -50',
  '2024-03-07 11:02 | asks for 301 | limit_reached',
  '2024-03-08 10:00 | does 110 | 0',
  '2024-03-08 11:00 | does 106 | 11 | 106:7 205:4',
  '2024-03-08 12:00 | does 110 | 40 | 501:40',
  '2024-03-08 13:00 | does 106 -1 times | -7 | 106:-7',
  '2024-03-08 14:00 | does 108 | 2 | 108:2',
  '2024-03-08 15:00 | buys tea 2.00 | 3 | 101:2 202:1',
  '2024-03-08 16:00 | voids #17 | -3 | 101:-2 202:-1',
] as const

export const PERKVILLE_EXAMPLE: Case = {
  rule: 'Perkville',
  name: 'a gym',
  program: PERKVILLE_PROGRAM,
  story: PERKVILLE_STORY,
}
