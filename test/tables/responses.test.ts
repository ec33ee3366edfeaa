// E-RSP: response challenges and their prizes. The numbers are those the cloud gives to responses of all members.
import { expect, test } from 'vitest'
import { wins } from '../../cloud/evaluation/reactions/responses.ts'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'

const GIFT = { id: 301, title: 'Gift', points: 0, voucher: {} }
const challenge = (change: object = {}) => ({
  id: 801,
  title: 'A photo of your bag',
  type: 'photo',
  reward: { metric: 0, amount: 5 },
  ...change,
})
const asks = (change: object = {}, parts: object = {}) => ({
  tiers: [],
  redeem_perks: [GIFT],
  response_challenges: [challenge(change)],
  ...parts,
})
const prize = (how: object) => ({ reward: undefined, prize: { reward: { metric: 0, amount: 100 }, ...how } })
const TIERS = [
  { id: 1, name: 'Basic', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 100 },
]

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-RSP-1',
    name: 'a response that counts is rewarded at once',
    program: asks(),
    story: ['2024-03-04 10:00 | responds to 801 as number 1 | response 801 1, reward 801 5'],
    ends: { 0: 'balance 5, pending 0, lifetime 5, spent 0, 5 for ever' },
  },
  {
    rule: 'E-RSP-1',
    name: 'without auto_approve when it is approved, and only by the first verdict',
    program: asks({ auto_approve: false }),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 1 | response 801 1',
      '2024-03-04 11:00 | responds to 801 as number 2 | response 801 1',
      '2024-03-05 10:00 | has response #1 to 801 approved | reward 801 5',
      '2024-03-05 11:00 | has response #1 to 801 approved | -',
      '2024-03-06 10:00 | has response #2 to 801 rejected | -',
      '2024-03-06 11:00 | has response #2 to 801 approved | -',
    ],
  },
  {
    rule: 'E-RSP-1',
    name: 'an approval of nothing does nothing',
    program: asks({ auto_approve: false }),
    story: ['2024-03-05 10:00 | has response #7 to 801 approved | -'],
  },
  {
    rule: 'E-RSP-1',
    name: 'not before the start, not after the end, not while inactive',
    program: asks({ start: '2024-03-05', end: '2024-03-05' }),
    story: [
      '2024-03-04 23:59 | responds to 801 as number 1 | response_refused 801 1',
      '2024-03-05 00:00 | responds to 801 as number 2 | response 801 1, reward 801 5',
      '2024-03-06 00:00 | responds to 801 as number 3 | response_refused 801 1',
    ],
  },
  {
    rule: 'E-RSP-1',
    name: 'not while inactive',
    program: asks({ status: 'INACTIVE' }),
    story: ['2024-03-04 23:59 | responds to 801 as number 1 | response_refused 801 1'],
  },
  {
    rule: 'E-RSP-1',
    name: 'the tier and `when` are asked of the member before the response',
    program: asks(
      { required_tier: 2, when: { metric: 0, part: 'balance', is: 'lt', value: 105 } },
      { tiers: TIERS },
    ),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 1 | response_refused 801 1, tier 1',
      '2024-03-04 11:00 | is granted 100 | grant 100, tier 2',
      '2024-03-04 12:00 | responds to 801 as number 2 | response 801 1, reward 801 5',
      '2024-03-04 13:00 | responds to 801 as number 3 | response_refused 801 1',
    ],
  },
  {
    rule: 'E-RSP-1',
    name: 'per member: those that were refused do not count',
    program: asks({ per_member: 1, start: '2024-03-05' }),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 1 | response_refused 801 1',
      '2024-03-05 10:00 | responds to 801 as number 2 | response 801 1, reward 801 5',
      '2024-03-06 10:00 | responds to 801 as number 3 | response_refused 801 1',
    ],
  },
  {
    rule: 'E-RSP-1',
    name: 'interval_days 1 is once a day, by the local day; one that was refused does not start it anew',
    program: asks({ interval_days: 2 }),
    story: [
      '2024-03-04 23:59 | responds to 801 as number 1 | response 801 1, reward 801 5',
      '2024-03-05 00:00 | responds to 801 as number 2 | response_refused 801 1',
      '2024-03-06 00:00 | responds to 801 as number 3 | response 801 1, reward 801 5',
    ],
  },
  {
    rule: 'E-RSP-1',
    name: 'overall: by the number among all members',
    program: asks({ overall: 10 }),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 10 | response 801 1, reward 801 5',
      '2024-03-04 11:00 | responds to 801 as number 11 | response_refused 801 1',
    ],
  },
  {
    rule: 'E-RSP-1',
    name: 'a reward is no part of what a receipt promised',
    program: asks({}, { lateness: 'honour', goodwill_points_max: 100 }),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 1 promised 3 | goodwill 3, response 801 1, reward 801 5',
    ],
  },
  {
    rule: 'E-RSP-2',
    name: 'every third wins',
    program: asks(prize({ calculation: 'every_nth', nth: 3 })),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 2 | response 801 1',
      '2024-03-04 11:00 | responds to 801 as number 3 | response 801 1, prize 801 1, reward 801 100',
    ],
  },
  {
    rule: 'E-RSP-2',
    name: 'the first two of each day win',
    program: asks(prize({ calculation: 'first_n', count: 2, period: 'day' })),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 7, 2 in the period | response 801 1, prize 801 1, reward 801 100',
      '2024-03-04 11:00 | responds to 801 as number 8, 3 in the period | response 801 1',
      '2024-03-05 11:00 | responds to 801 as number 9, 1 in the period | response 801 1, prize 801 1, reward 801 100',
    ],
  },
  {
    rule: 'E-RSP-2',
    name: 'a certain probability always wins, with the reward and an entitlement besides',
    program: asks({ prize: { calculation: 'probability', per_million: 1_000_000, reward: { perk: 301 } } }),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 1 | response 801 1, reward 801 5, prize 801 1, voucher_issued 301 1',
    ],
  },
  {
    rule: 'E-RSP-2',
    name: 'the prize comes with the approval, by the number of the response',
    program: asks({ auto_approve: false, ...prize({ calculation: 'every_nth', nth: 3 }) }),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 3 | response 801 1',
      '2024-03-05 10:00 | has response #1 to 801 approved as number 3 | prize 801 1, reward 801 100',
    ],
  },
  {
    rule: 'E-RSP-2',
    name: 'drawn at random: whoever HQ drew wins, each response once',
    program: asks({ end: '2024-03-31', ...prize({ calculation: 'random', winners: 2 }) }),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 1 | response 801 1',
      '2024-03-04 11:00 | responds to 801 as number 2 | response 801 1',
      '2024-04-01 10:00 | has response #2 to 801 drawn | prize 801 1, reward 801 100',
      '2024-04-01 11:00 | has response #2 to 801 drawn | -',
    ],
  },
  {
    rule: 'E-RSP-2',
    name: 'nobody is drawn for a prize that is not',
    program: asks(prize({ calculation: 'every_nth', nth: 3 })),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 1 | response 801 1',
      '2024-04-01 10:00 | has response #1 to 801 drawn | -',
    ],
  },
  {
    rule: 'E-RSP-1',
    name: 'so often in each week, from Monday on',
    program: asks({ per_member: 2, per_member_period: 'week' }),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 1 | response 801 1, reward 801 5',
      '2024-03-10 10:00 | responds to 801 as number 2 | response 801 1, reward 801 5',
      '2024-03-10 23:59 | responds to 801 as number 3 | response_refused 801 1',
      '2024-03-11 00:00 | responds to 801 as number 4 | response 801 1, reward 801 5',
    ],
  },
  ...(
    [
      ['day', '2024-03-05'],
      ['month', '2024-04-01'],
      ['year', '2025-01-01'],
    ] as const
  ).map(([period, next]) => ({
    rule: 'E-RSP-1',
    name: `once in each ${period}`,
    program: asks({ per_member: 1, per_member_period: period }),
    story: [
      '2024-03-04 10:00 | responds to 801 as number 1 | response 801 1, reward 801 5',
      '2024-03-04 23:59 | responds to 801 as number 2 | response_refused 801 1',
      `${next} 00:00 | responds to 801 as number 3 | response 801 1, reward 801 5`,
    ],
  })),
  {
    rule: 'E-RSP-2',
    name: 'a contest: points buy an entry, which lets one response, of which winners are drawn',
    program: asks(
      { ...prize({ calculation: 'random', winners: 1 }), end: '2024-03-31', when: { holds: 301 } },
      { redeem_perks: [{ id: 301, title: 'Entry', points: 20, voucher: { kind: 'award' } }] },
    ),
    story: [
      '2024-03-04 09:00 | is granted 30 | grant 30',
      '2024-03-04 10:00 | responds to 801 as number 1 | response_refused 801 1',
      '2024-03-04 11:00 | redeems 301 | spend 301 -20, voucher_issued 301 1',
      '2024-03-04 12:00 | responds to 801 as number 2 | response 801 1',
      '2024-04-01 12:00 | has response #4 to 801 drawn | prize 801 1, reward 801 100',
    ],
  },
]

test.each(CASES)('$rule $name', (shown) => comesTo(shown))

test('E-RSP-2 a probability is the first 32 bits of SHA-256 of "seed:number", and close to what it says', () => {
  const reward = { metric: 0, amount: 1 } as const
  const won = (perMillion: number, number: number): boolean =>
    wins(
      { calculation: 'probability', per_million: perMillion, reward },
      { number, number_in_period: number, seed: 'seed' },
    )
  // sha256("seed:1") starts with 0x81e4ba3b, which is 2179250747; the rest by a million is 250747.
  expect(won(250_748, 1)).toBe(true)
  expect(won(250_747, 1)).toBe(false)
  const winners = Array.from({ length: 10_000 }, (_, index) => won(250_000, index + 1)).filter(Boolean)
  expect(winners.length).toBeGreaterThan(2_300)
  expect(winners.length).toBeLessThan(2_700)
})
