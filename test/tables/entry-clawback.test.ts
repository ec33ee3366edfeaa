// E-TIER-8: what entering a tier gave, when the sale that earned the tier comes back.
import { test } from 'vitest'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND } from './story.ts'

const WELCOME = { id: 301, title: 'Welcome', points: 0, voucher: {} }
const tiers = (silver: object, gold: object = {}) => ({
  tiers: [
    { id: 1, name: 'Basic', point_floor: 0 },
    { id: 2, name: 'Silver', point_floor: 100, ...silver },
    { id: 3, name: 'Gold', point_floor: 300, ...gold },
  ],
  earn_perks: [POINT_PER_POUND],
  redeem_perks: [WELCOME, { id: 302, title: 'Coffee', points: 10 }],
})
const TAKEN = { entry_clawback: true }

const CASES: readonly Case[] = [
  {
    rule: 'E-TIER-8',
    name: 'left out: the entry stays when its sale comes back, and is given again on the next rise',
    program: tiers({ entry_points: 20, entry_perk: 301 }),
    story: [
      '2024-03-04 10:00 | buys tea 100.00 | 120',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -100',
      '2024-03-06 10:00 | buys tea 80.00 | 100',
    ],
    ends: { balance: 120, tier: 2, entitlements: ['301 unused'] },
  },
  {
    rule: 'E-TIER-8',
    name: 'with it points and unused voucher go with the tier, and come again with it',
    program: tiers({ entry_points: 20, entry_perk: 301, ...TAKEN }),
    story: [
      '2024-03-04 10:00 | buys tea 100.00 | 120',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -120 | 2:-20 101:-100',
      '2024-03-06 10:00 | buys tea 100.00 | 120',
    ],
    ends: { balance: 120, lifetime: 120, tier: 2, entitlements: ['301 cancelled', '301 unused'] },
  },
  {
    rule: 'E-TIER-8',
    name: 'a voucher that was used stays, and no second one comes',
    program: tiers({ entry_perk: 301, ...TAKEN }),
    story: [
      '2024-03-04 10:00 | buys tea 100.00 | 100',
      '2024-03-04 11:00 | uses voucher 301 of tier 2 | 0',
      '2024-03-05 10:00 | voids #1 | -100',
      '2024-03-06 10:00 | buys tea 100.00 | 100',
    ],
    ends: { tier: 2, entitlements: ['301 used'] },
  },
  {
    rule: 'E-TIER-8',
    name: 'points that were spent leave a deficit',
    program: tiers({ entry_points: 20, ...TAKEN }),
    story: [
      '2024-03-04 10:00 | buys tea 100.00 | 120',
      '2024-03-04 11:00 | redeems 302 | -10',
      '2024-03-05 10:00 | voids #1 | -120',
    ],
    ends: { balance: -10, lifetime: 0, tier: 1 },
  },
  {
    rule: 'E-TIER-8',
    name: 'what is taken back may make the member fall further',
    program: tiers({ entry_points: 20, ...TAKEN }, { entry_points: 50, ...TAKEN }),
    story: [
      '2024-03-04 10:00 | buys tea 40.00 | 40',
      '2024-03-05 10:00 | buys tea 260.00 | 330',
      '2024-03-06 10:00 | returns 1 x line 0 of #2 | -330',
    ],
    ends: { tier: 1, balance: 40, lifetime: 40 },
  },
  {
    rule: 'E-TIER-8',
    name: 'a return that leaves the tier takes nothing of it',
    program: tiers({ entry_points: 20, ...TAKEN }),
    story: [
      '2024-03-04 10:00 | buys tea 100.00, cake 50.00 | 170',
      '2024-03-05 10:00 | returns 1 x line 1 of #1 | -50',
    ],
    ends: { balance: 120, tier: 2 },
  },
  {
    rule: 'E-TIER-8',
    name: 'with periods the tier stays until its end, and so does its entry',
    program: {
      ...tiers({ entry_points: 20, ...TAKEN }),
      tier_period: { lasts: { kind: 'calendar_year' }, downgrade: 'recompute' },
    },
    story: ['2024-03-04 10:00 | buys tea 100.00 | 120', '2024-03-05 10:00 | voids #1 | -100'],
    ends: { balance: 20, tier: 2 },
  },
  {
    rule: 'E-TIER-8',
    name: 'what falls by time alone takes nothing back, though a return is the first to bring that time',
    program: {
      ...tiers({}),
      tiers: [
        { id: 1, name: 'Basic', point_floor: 0 },
        {
          id: 2,
          name: 'Silver',
          reach: { match: 'all', of: [{ metric: 0, at_least: 100, window: { kind: 'rolling', days: 10 } }] },
          entry_points: 20,
          ...TAKEN,
        },
      ],
    },
    story: [
      '2024-03-04 10:00 | buys tea 100.00 | 120',
      '2024-03-20 10:00 | returns 1 x line 0 of #1 | -100 | 101:-100',
    ],
    ends: { balance: 20, tier: 1 },
  },
]

test.each(CASES)('$rule $name', holds)
