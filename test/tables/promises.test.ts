// E-PROM: receipts are honoured. "promised 12" is what the till's receipt said; "provisionally" that it said so.
import { test } from 'vitest'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND } from './story.ts'

const honours = (most: number) => ({
  earn_perks: [POINT_PER_POUND],
  lateness: 'honour',
  goodwill_points_max: most,
})
const TIERS = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 15 },
]

const CASES: readonly Case[] = [
  {
    rule: 'E-PROM-1',
    name: 'a confirmed promise above the fold: the difference is goodwill, kept apart',
    program: honours(100),
    story: ['2024-03-04 10:00 | buys tea 10.00 promised 12 | 12 | 0:2 101:10'],
    ends: { balance: 10, goodwill: 2, spendable: 12, lifetime: 10 },
  },
  {
    rule: 'E-PROM-1',
    name: 'a provisional promise binds nobody',
    program: honours(100),
    story: ['2024-03-04 10:00 | buys tea 10.00 promised 12 provisionally | 10'],
    ends: { balance: 10, goodwill: 0 },
  },
  {
    rule: 'E-PROM-1',
    name: 'the fold gives more than was promised: no goodwill, the member has more',
    program: honours(100),
    story: ['2024-03-04 10:00 | buys tea 10.00 promised 7 | 10'],
    ends: { balance: 10, goodwill: 0 },
  },
  {
    rule: 'E-PROM-1',
    name: 'a promise kept exactly',
    program: honours(100),
    story: ['2024-03-04 10:00 | buys tea 10.00 promised 10 | 10'],
    ends: { goodwill: 0 },
  },
  {
    rule: 'E-PROM-1',
    name: 'goodwill is capped for each fact',
    program: honours(5),
    story: [
      '2024-03-04 10:00 | buys tea 10.00 promised 30 | 15 | 0:5 101:10',
      '2024-03-04 11:00 | buys tea 10.00 promised 30 | 15 | 0:5 101:10',
    ],
    ends: { goodwill: 10, balance: 20 },
  },
  {
    rule: 'E-PROM-1',
    name: 'a cap of nothing gives nothing',
    program: honours(0),
    story: ['2024-03-04 10:00 | buys tea 10.00 promised 30 | 10'],
    ends: { goodwill: 0 },
  },
  {
    rule: 'E-PROM-1',
    name: 'goodwill counts for the balance, not for lifetime or tiers',
    program: { ...honours(100), tiers: TIERS, redeem_perks: [{ id: 301, title: 'Coffee', points: 12 }] },
    story: [
      '2024-03-04 10:00 | buys tea 10.00 promised 20 | 20',
      '2024-03-04 11:00 | asks for 301 | yes',
      '2024-03-04 12:00 | redeems 301 | -12',
    ],
    ends: { tier: 1, lifetime: 10, balance: -2, goodwill: 10, spendable: 8 },
  },
  {
    rule: 'E-PROM-1',
    name: 'a check-in and a grant keep promises too',
    program: honours(100),
    story: [
      '2024-03-04 10:00 | checks in promised 5 | 5 | 0:5',
      '2024-03-04 11:00 | is granted 501 promised 50 | 50 | 0:50',
    ],
    ends: { balance: 0, goodwill: 55 },
  },
  {
    rule: 'E-PROM-1',
    name: 'a return that takes more than its receipt said makes no goodwill',
    program: honours(100),
    story: [
      '2024-03-04 10:00 | buys tea 10.00 promised 10 | 10',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 promised -4 | -10',
      '2024-03-05 11:00 | voids #1 promised -4 | 0',
    ],
    ends: { balance: 0, goodwill: 0, lifetime: 0 },
  },
  {
    rule: 'E-PROM-1',
    name: 'before the first version nothing can be promised',
    program: [],
    story: ['2024-03-04 10:00 | buys tea 10.00 promised 30 | 0'],
    ends: { goodwill: 0 },
  },
  {
    rule: 'E-PROM-2',
    name: 'rewrite: what the fold gives is what the member has',
    program: { ...honours(100), lateness: 'rewrite' },
    story: ['2024-03-04 10:00 | buys tea 10.00 promised 12 | 10'],
    ends: { balance: 10, goodwill: 0, spendable: 10 },
  },
]

test.each(CASES)('$rule $name', holds)
