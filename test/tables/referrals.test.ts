// E-REF: referrals, from both sides. A story has one member: what the other one gets is a fact of the other's own.
import { test } from 'vitest'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'
import { POINT_PER_POUND } from './story.ts'

const FIRST_BUY = {
  ...POINT_PER_POUND,
  id: 102,
  title: 'First buy',
  categories: ['BAGS'],
  completes_referral: true,
}
const REFERRER = { id: 103, title: 'For a friend', type: 'REFERRAL', award: { kind: 'fixed', points: 30 } }
const PROGRAM = { tiers: [], earn_perks: [FIRST_BUY, REFERRER] }

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-REF-1',
    name: 'the referrer earns when the referral is completed, not when it is sent',
    program: PROGRAM,
    story: ['2024-03-04 10:00 | refers | -', '2024-03-08 10:00 | has #1 completed | earn 103 30'],
    ends: { 0: 'balance 30, pending 0, lifetime 30, spent 0, 30 for ever' },
  },
  {
    rule: 'E-REF-2',
    name: 'the first perk that completes it closes the referral, once',
    program: PROGRAM,
    story: [
      '2024-03-04 10:00 | has #9 received | -',
      '2024-03-05 10:00 | buys tea 3.00 | -',
      '2024-03-06 10:00 | buys bag/BAGS 3.00 | earn 102 3, referral_completed 102 1',
      '2024-03-07 10:00 | buys bag/BAGS 3.00 | earn 102 3',
    ],
  },
  {
    rule: 'E-REF-2',
    name: 'without a referral there is nothing to complete',
    program: PROGRAM,
    story: ['2024-03-06 10:00 | buys bag/BAGS 3.00 | earn 102 3'],
  },
  {
    rule: 'E-REF-3',
    name: 'one is open at a time: who referred first is the referrer',
    program: PROGRAM,
    story: [
      '2024-03-04 10:00 | has #8 received | -',
      '2024-03-05 10:00 | has #9 received | -',
      '2024-03-06 10:00 | buys bag/BAGS 3.00 | earn 102 3, referral_completed 102 1',
      '2024-03-07 10:00 | buys bag/BAGS 3.00 | earn 102 3',
    ],
  },
  {
    rule: 'E-REF-3',
    name: 'a void closes only the referral it names',
    program: PROGRAM,
    story: [
      '2024-03-04 10:00 | has #8 received | -',
      '2024-03-04 11:00 | has #9 void | -',
      '2024-03-05 10:00 | buys bag/BAGS 3.00 | earn 102 3, referral_completed 102 1',
      '2024-03-06 10:00 | has #8 received | -',
      '2024-03-06 11:00 | has #8 void | -',
      '2024-03-07 10:00 | buys bag/BAGS 3.00 | earn 102 3',
    ],
  },
  {
    rule: 'E-REF-4',
    name: 'a rule gives to who was referred, at that stage alone',
    program: {
      ...PROGRAM,
      rules: [
        {
          id: 951,
          title: 'Welcome, friend',
          match: { type: 'TYPE', kinds: ['referral', 'sale'] },
          when: { referral: ['received'] },
          effect: { kind: 'points', metric: 0, amount: 7 },
        },
      ],
    },
    story: [
      '2024-03-04 10:00 | refers | -',
      '2024-03-04 11:00 | has #9 received | rule 951 1, reward 951 7',
      '2024-03-05 11:00 | buys tea 1.00 | -',
      '2024-03-06 10:00 | has #9 void | -',
    ],
  },
]

test.each(CASES)('$rule $name', (shown) => comesTo(shown))
