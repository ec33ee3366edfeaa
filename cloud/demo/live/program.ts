// The program of the running demo: the sample one, and what a shop does beyond points: a card that fills, points as money, a challenge, a club that members get into by what
// they do and drop out of, a segment. The replay of real sales keeps to the sample alone, whose figures are compared.
import { sampleProgram } from '../program.ts'

const STAMPS = 401
const TEA_FOR_FREE = 306
const REGULARS = 307
export const POINTS_AS_MONEY = 308

export const liveProgram = {
  ...sampleProgram,
  metrics: [{ id: STAMPS, name: 'Stamps' }],
  earn_perks: [
    ...sampleProgram.earn_perks,
    {
      id: 110,
      title: 'A stamp for everything of the tea table',
      type: 'STANDARD',
      metric: STAMPS,
      award: { kind: 'per_item', points: 1 },
      categories: ['TEATIME'],
    },
  ],
  redeem_perks: [
    ...sampleProgram.redeem_perks,
    {
      id: TEA_FOR_FREE,
      title: 'A pot of tea, from the card',
      points: 0,
      voucher: { kind: 'award', valid_days: 30 },
    },
    {
      id: REGULARS,
      title: 'The club of regulars',
      points: 0,
      membership: { template: 'CLUB', priority: 0 },
      voucher: { kind: 'award', per_member: 1 },
    },
    // Offered on the basket by the till's quote.
    {
      id: POINTS_AS_MONEY,
      title: 'Points as money: 100 points are a pound, 5 pounds at most',
      points: 0,
      money: { points: 100, money: 100, maximum: 500 },
      budget: { total: 100_000, per_store: 60_000 },
    },
  ],
  stamp_cards: [
    { id: 501, title: 'Tea card: the sixth is free', metric: STAMPS, required: 5, reward: TEA_FOR_FREE },
  ],
  aggregates: [
    { id: 601, name: 'Visits in 30 days', of: 'visit_count', window: { kind: 'rolling', days: 30 } },
  ],
  segments: [
    {
      id: 602,
      name: 'Regulars: five visits in 30 days',
      when: { aggregate: 601, is: 'ge', value: 5 },
      expiry: { kind: 'PERSISTENT' },
    },
  ],
  challenges: [
    {
      id: 603,
      title: 'Look in and buy',
      join: 'auto',
      requirements: [
        { id: 604, title: 'Buy three times', perk: 101, quantity: 3 },
        { id: 605, title: 'Check in', perk: 106, quantity: 1 },
      ],
      reward: { metric: 0, amount: 75 },
    },
  ],
  rules: [
    {
      id: 606,
      title: 'Regulars are in the club',
      match: { type: 'TYPE', kinds: ['sale', 'checkin', 'moment'] },
      when: { all: [{ segment: 602 }, { not: { holds: REGULARS } }] },
      effect: { kind: 'award', perk: REGULARS },
    },
    {
      id: 607,
      title: 'Who is no regular any more leaves it',
      match: { type: 'TYPE', kinds: ['sale', 'checkin', 'moment'] },
      when: { all: [{ not: { segment: 602 } }, { holds: REGULARS }] },
      effect: { kind: 'revoke', perk: REGULARS },
    },
  ],
} as const
