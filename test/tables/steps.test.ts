// E-STEP: what one fact sets off, in which order.
import { test } from 'vitest'
import { comesTo } from './account.ts'

const STAMPS = 501
const TIERS = [
  { id: 1, name: 'Basic', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 50 },
]

const PROGRAM = {
  tiers: TIERS,
  metrics: [{ id: STAMPS, name: 'Stamps' }],
  earn_perks: [
    { id: 102, title: 'Visit', type: 'CHECKIN', award: { kind: 'fixed', points: 1 } },
    { id: 103, title: 'Stamp', type: 'CHECKIN', award: { kind: 'fixed', points: 1 }, metric: STAMPS },
  ],
  redeem_perks: [
    { id: 301, title: 'Coffee', points: 0, voucher: {} },
    { id: 302, title: 'Welcome to Silver', points: 0, voucher: {} },
  ],
  stamp_cards: [{ id: 401, title: 'Card', metric: STAMPS, required: 1, reward: 301 }],
  challenges: [
    {
      id: 901,
      title: 'Come once',
      join: 'auto',
      requirements: [{ id: 911, title: 'Visit', perk: 102, quantity: 1 }],
      reward: { metric: 0, amount: 49 },
    },
  ],
  segments: [
    { id: 701, name: 'Silver', when: { tier: 2 }, expiry: { kind: 'PERSISTENT' } },
    { id: 702, name: 'Told', expiry: { kind: 'PERSISTENT' } },
  ],
  rules: [
    {
      id: 951,
      title: 'Who is Silver now is told',
      match: { type: 'TYPE', kinds: ['checkin'] },
      when: { tier: 2 },
      effect: { kind: 'segment', segment: 702, action: 'add' },
    },
  ],
  lateness: 'honour',
  goodwill_points_max: 100,
}

test('E-STEP-1 points, promise, challenges, cards, tier, rules, segments, each seeing what was before', () => {
  comesTo({
    rule: 'E-STEP-1',
    name: 'one check-in sets off everything',
    program: PROGRAM,
    story: [
      '2024-03-04 10:00 | is granted 0 | tier 1',
      '2024-03-05 10:00 | checks in promised 2 | earn 102 1, earn 103 1 of metric 501, goodwill 1, requirement_completed 911 1, challenge_completed 901 1, reward 901 49, spend 401 -1 of metric 501, card_filled 401 1, voucher_issued 301 1, rule 951 1, segment_entered 701 1, segment_entered 702 1, tier 2',
    ],
  })
})
