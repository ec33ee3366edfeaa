// E-CH: challenges over what earn perks gave. `story` says all that came of each row.
import { test } from 'vitest'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'
import { POINT_PER_POUND } from './story.ts'

const VISIT = { id: 102, title: 'Visit', type: 'CHECKIN', award: { kind: 'fixed', points: 1 } }
const BOTTLES = {
  id: 103,
  title: 'Bottles brought back',
  type: 'PROGRESS_ACTIVITY',
  award: { kind: 'fixed', points: 1 },
}
const WELCOME = { id: 104, title: 'Welcome', type: 'REGISTRATION', award: { kind: 'fixed', points: 7 } }
const GIFT = { id: 301, title: 'Gift', points: 0, voucher: {} }

const visits = (quantity: number, id = 911) => ({ id, title: 'Visits', perk: 102, quantity })
const bottles = (quantity: number, id = 912) => ({ id, title: 'Bottles', perk: 103, quantity })
const challenge = (change: object = {}) => ({
  id: 901,
  title: 'Two visits',
  join: 'auto',
  requirements: [visits(2)],
  reward: { metric: 0, amount: 50 },
  ...change,
})
const withChallenges = (...challenges: object[]) => ({
  tiers: [],
  earn_perks: [POINT_PER_POUND, VISIT, BOTTLES, WELCOME],
  redeem_perks: [GIFT],
  challenges,
})
const completes = 'earn 102 1, requirement_completed 911 1, challenge_completed 901 1, reward 901 50'

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-CH-1',
    name: 'auto: every member takes part without a word',
    program: withChallenges(challenge()),
    story: ['2024-03-04 10:00 | checks in | earn 102 1', `2024-03-05 10:00 | checks in | ${completes}`],
    ends: { 0: 'balance 52, pending 0, lifetime 52, spent 0, 52 for ever' },
  },
  {
    rule: 'E-CH-1',
    name: 'opt_in: only what was done after joining counts',
    program: withChallenges(challenge({ join: 'opt_in' })),
    story: [
      '2024-03-04 10:00 | checks in | earn 102 1',
      '2024-03-05 10:00 | joins challenge 901 | challenge_joined 901 1',
      '2024-03-06 10:00 | checks in | earn 102 1',
      `2024-03-07 10:00 | checks in | ${completes}`,
    ],
  },
  {
    rule: 'E-CH-1',
    name: 'auto: who is not eligible at the time of the fact does not count it',
    program: withChallenges(challenge({ home_stores: [2], attributes: [{ name: 'diet', value: 'vegan' }] })),
    story: [
      '2024-03-04 10:00 | checks in | earn 102 1',
      '2024-03-05 10:00 | tells home store 2 | -',
      '2024-03-06 10:00 | checks in | earn 102 1',
      '2024-03-07 10:00 | tells diet=vegan | -',
      '2024-03-08 10:00 | checks in | earn 102 1',
      `2024-03-09 10:00 | checks in | ${completes}`,
    ],
  },
  {
    rule: 'E-CH-1',
    name: 'a membership is active unless it was said not to be',
    program: withChallenges(challenge({ require_active_membership: true, requirements: [visits(3)] })),
    story: [
      '2024-03-04 10:00 | checks in | earn 102 1',
      '2024-03-05 10:00 | tells membership inactive | -',
      '2024-03-06 10:00 | checks in | earn 102 1',
      '2024-03-07 10:00 | tells membership active | -',
      '2024-03-08 10:00 | checks in | earn 102 1',
      `2024-03-09 10:00 | checks in | ${completes}`,
    ],
  },
  {
    rule: 'E-CH-1',
    name: '`when` is asked on the member as it was before the fact',
    program: withChallenges(
      challenge({ when: { metric: 0, part: 'balance', is: 'ge', value: 1 }, requirements: [visits(1)] }),
    ),
    story: ['2024-03-04 10:00 | checks in | earn 102 1', `2024-03-05 10:00 | checks in | ${completes}`],
  },
  {
    rule: 'E-CH-1',
    name: 'an inactive challenge counts nothing',
    program: withChallenges(challenge({ status: 'INACTIVE', requirements: [visits(1)] })),
    story: ['2024-03-04 10:00 | checks in | earn 102 1'],
  },
  {
    rule: 'E-CH-2',
    name: 'first and last day count, the days around them do not',
    program: withChallenges(challenge({ start: '2024-03-05', end: '2024-03-06' })),
    story: [
      '2024-03-04 23:59 | checks in | earn 102 1',
      '2024-03-05 00:00 | checks in | earn 102 1',
      `2024-03-06 23:59 | checks in | ${completes}`,
    ],
  },
  {
    rule: 'E-CH-2',
    name: 'the day after the last counts nothing',
    program: withChallenges(challenge({ start: '2024-03-05', end: '2024-03-06', requirements: [visits(1)] })),
    story: ['2024-03-07 00:00 | checks in | earn 102 1'],
  },
  {
    rule: 'E-CH-2',
    name: 'from the membership: seven days with the first',
    program: withChallenges(challenge({ from_membership: { days: 7 }, requirements: [visits(1)] })),
    story: ['2024-03-04 10:00 | enrols | earn 104 7', `2024-03-10 23:59 | checks in | ${completes}`],
  },
  {
    rule: 'E-CH-2',
    name: 'from the membership: the eighth day is too late, and a told start counts before the enrolment',
    program: withChallenges(challenge({ from_membership: { days: 7 }, requirements: [visits(1)] })),
    story: [
      '2024-03-04 10:00 | enrols | earn 104 7',
      '2024-03-11 00:00 | checks in | earn 102 1',
      '2024-03-11 09:00 | tells member since 2024-03-05 | -',
      `2024-03-11 10:00 | checks in | ${completes}`,
    ],
  },
  {
    rule: 'E-CH-2',
    name: 'from the membership: without any there is no period',
    program: withChallenges(challenge({ from_membership: { months: 1 }, requirements: [visits(1)] })),
    story: ['2024-03-04 10:00 | checks in | earn 102 1'],
  },
  {
    rule: 'E-CH-3',
    name: 'a perk counts once a fact, an activity by its quantity, in every requirement that names it',
    program: withChallenges(
      challenge({ requirements: [bottles(5)], reward: undefined }),
      challenge({ id: 902, requirements: [bottles(8, 913), visits(1, 914)] }),
    ),
    story: [
      '2024-03-04 10:00 | does 103 5 times | progress 103 5, requirement_completed 912 1, challenge_completed 901 1',
      '2024-03-05 10:00 | checks in | earn 102 1, requirement_completed 914 1',
      '2024-03-06 10:00 | does 103 3 times | progress 103 3, requirement_completed 913 1, challenge_completed 902 1, reward 902 50',
    ],
  },
  {
    rule: 'E-CH-3',
    name: 'only eligible stores count',
    program: withChallenges(challenge({ stores: [2], requirements: [visits(1)] })),
    story: [
      '2024-03-04 10:00 | checks in | earn 102 1',
      `2024-03-05 10:00 Berlin | checks in | ${completes}`,
    ],
  },
  {
    rule: 'E-CH-3',
    name: 'a negative quantity lowers what is not completed, not below nothing',
    program: withChallenges(challenge({ requirements: [bottles(3)] })),
    story: [
      '2024-03-04 10:00 | does 103 2 times | progress 103 2',
      '2024-03-05 10:00 | does 103 -5 times | progress 103 -5',
      '2024-03-06 10:00 | does 103 2 times | progress 103 2',
      '2024-03-07 10:00 | does 103 | progress 103 1, requirement_completed 912 1, challenge_completed 901 1, reward 901 50',
    ],
  },
  {
    rule: 'E-CH-4',
    name: 'completed stays completed, and is rewarded once',
    program: withChallenges(challenge({ requirements: [bottles(2)] })),
    story: [
      '2024-03-04 10:00 | does 103 2 times | progress 103 2, requirement_completed 912 1, challenge_completed 901 1, reward 901 50',
      '2024-03-05 10:00 | does 103 -2 times | progress 103 -2',
      '2024-03-06 10:00 | does 103 2 times | progress 103 2',
    ],
  },
  {
    rule: 'E-CH-4',
    name: 'a void of what counted leaves the challenge as it is',
    program: withChallenges(challenge()),
    story: [
      '2024-03-04 10:00 | checks in | earn 102 1',
      '2024-03-04 11:00 | voids #1 | reverse 102 -1',
      `2024-03-05 10:00 | checks in | ${completes}`,
    ],
  },
  {
    rule: 'E-CH-4',
    name: 'the reward may be an entitlement',
    program: withChallenges(challenge({ requirements: [visits(1)], reward: { perk: 301 } })),
    story: [
      '2024-03-04 10:00 | checks in | earn 102 1, requirement_completed 911 1, challenge_completed 901 1, voucher_issued 301 1',
    ],
  },
  {
    rule: 'E-CH-5',
    name: 'who left keeps the progress, counts nothing meanwhile, and may come back',
    program: withChallenges(challenge()),
    story: [
      '2024-03-04 10:00 | checks in | earn 102 1',
      '2024-03-05 10:00 | leaves challenge 901 | challenge_left 901 1',
      '2024-03-05 10:30 | leaves challenge 901 | -',
      '2024-03-06 10:00 | checks in | earn 102 1',
      '2024-03-07 10:00 | joins challenge 901 | challenge_joined 901 1',
      `2024-03-08 10:00 | checks in | ${completes}`,
    ],
  },
]

test.each(CASES)('$rule $name', (shown) => comesTo(shown))
