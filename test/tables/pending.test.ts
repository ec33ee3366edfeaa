// E-MET-8: what is earned but cannot be spent yet.
import { expect, test } from 'vitest'
import { mayRedeem, NOTHING_HELD } from '../../cloud/evaluation/spending/spending.ts'
import type { RuleId } from '../../protocol/ids.ts'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const TREAT = { redeem_perks: [{ id: 301, title: 'Treat', points: 5 }] }
const HELD_BACK = { earn_perks: [POINT_PER_POUND], points: { pending_days: 3 }, ...TREAT }
const EXPIRING = {
  ...HELD_BACK,
  points: { pending_days: 3, expiry: { kind: 'rolling', after: { days: 10 } } },
}

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-MET-8',
    name: 'a sale earns at once, to be spent from the start of the third day after',
    program: HELD_BACK,
    story: [
      '2024-03-04 10:00 | buys tea 7.00 | earn 101 7, tier 1',
      '2024-03-06 23:59 | time passes | -',
      '2024-03-07 00:00 | time passes | release 7',
    ],
    ends: { 0: 'balance 7, pending 0, lifetime 7, spent 0, 7 for ever' },
  },
  {
    rule: 'E-MET-8',
    name: 'until then the lifetime has it, the balance has not',
    program: HELD_BACK,
    story: ['2024-03-04 10:00 | buys tea 7.00 | earn 101 7, tier 1'],
    ends: { 0: 'balance 0, pending 7, lifetime 7, spent 0' },
  },
  {
    rule: 'E-MET-8',
    name: 'grants and adjustments can be spent at once',
    program: HELD_BACK,
    story: [
      '2024-03-04 10:00 | is granted 3 | grant 3, tier 1',
      '2024-03-04 11:00 | is adjusted by 4 | adjust 4',
    ],
    ends: { 0: 'balance 7, pending 0, lifetime 3, spent 0, 7 for ever' },
  },
  {
    rule: 'E-MET-8',
    name: 'its expiry counts from the day of earning',
    program: EXPIRING,
    story: [
      '2024-03-04 10:00 | buys tea 7.00 | earn 101 7, tier 1',
      '2024-03-08 10:00 | time passes | release 7',
    ],
    ends: { 0: 'balance 7, pending 0, lifetime 7, spent 0, 7 until 2024-03-14' },
  },
  {
    rule: 'E-MET-8',
    name: 'released and expired in one go, where nothing brought the time before',
    program: EXPIRING,
    story: [
      '2024-03-04 10:00 | buys tea 7.00 | earn 101 7, tier 1',
      '2024-04-08 10:00 | time passes | release 7, expire -7',
    ],
    ends: { 0: 'balance 0, pending 0, lifetime 7, spent 0' },
  },
  {
    rule: 'E-MET-8',
    name: 'expired before it is released: it goes the moment it comes',
    program: { ...EXPIRING, points: { pending_days: 20, expiry: { kind: 'rolling', after: { days: 10 } } } },
    story: [
      '2024-03-04 10:00 | buys tea 7.00 | earn 101 7, tier 1',
      '2024-03-23 10:00 | time passes | -',
      '2024-03-24 10:00 | time passes | release 7, expire -7',
    ],
  },
  {
    rule: 'E-MET-8',
    name: 'a release frees what one fact earned, at once',
    program: HELD_BACK,
    story: [
      '2024-03-04 10:00 | buys tea 7.00 | earn 101 7, tier 1',
      '2024-03-04 11:00 | buys tea 2.00 | earn 101 2',
      '2024-03-04 12:00 | releases #1 | release 7',
      '2024-03-04 13:00 | releases #1 | -',
    ],
    ends: { 0: 'balance 7, pending 2, lifetime 9, spent 0, 7 for ever' },
  },
  {
    rule: 'E-MET-8',
    name: 'what several facts of one day earned is released as one',
    program: HELD_BACK,
    story: [
      '2024-03-04 10:00 | buys tea 7.00 | earn 101 7, tier 1',
      '2024-03-04 11:00 | buys tea 2.00 | earn 101 2',
      '2024-03-05 11:00 | buys tea 4.00 | earn 101 4',
      '2024-03-09 12:00 | time passes | release 9, release 4',
    ],
  },
  {
    rule: 'E-MET-8',
    name: 'a void takes what is pending first',
    program: HELD_BACK,
    story: [
      '2024-03-04 10:00 | is granted 10 | grant 10, tier 1',
      '2024-03-04 11:00 | buys tea 7.00 | earn 101 7',
      '2024-03-05 11:00 | voids #2 | reverse 101 -7',
      '2024-03-09 11:00 | time passes | -',
    ],
    ends: { 0: 'balance 10, pending 0, lifetime 10, spent 0, 10 for ever' },
  },
  {
    rule: 'E-MET-8',
    name: 'a return takes part of it; the rest is released',
    program: HELD_BACK,
    story: [
      '2024-03-04 11:00 | buys tea 2 x 8.00 | earn 101 8, tier 1',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | reverse 101 -4',
      '2024-03-09 11:00 | time passes | release 4',
      '2024-03-10 11:00 | returns 1 x line 0 of #1 | reverse 101 -4',
    ],
    ends: { 0: 'balance 0, pending 0, lifetime 0, spent 0' },
  },
  {
    rule: 'E-MET-8',
    name: "another fact's pending amount is left alone: the rest is a deficit",
    program: { ...HELD_BACK, ...TREAT },
    story: [
      '2024-03-04 10:00 | buys tea 7.00 | earn 101 7, tier 1',
      '2024-03-08 10:00 | redeems 301 | release 7, spend 301 -5',
      '2024-03-08 11:00 | buys tea 9.00 | earn 101 9',
      '2024-03-08 12:00 | voids #1 | reverse 101 -7',
    ],
    ends: { 0: 'balance -5, pending 9, lifetime 9, spent 5' },
  },
  {
    rule: 'E-MET-8',
    name: 'a late void comes before the release in the order of facts',
    program: HELD_BACK,
    story: [
      '2024-03-04 10:00 | buys tea 7.00 | earn 101 7, tier 1',
      '2024-03-09 10:00 | time passes | -',
      '2024-03-05 10:00 | voids #1 | reverse 101 -7',
    ],
    ends: { 0: 'balance 0, pending 0, lifetime 0, spent 0' },
  },
]

test.each(CASES)('$rule $name', comesTo)

test('E-MET-8 pending points cannot be spent', () => {
  const programs = programsOf(program(HELD_BACK))
  const told = tell(program(HELD_BACK), [
    '2024-03-04 10:00 | buys tea 7.00',
    '2024-03-06 10:00 | time passes',
    '2024-03-07 10:00 | time passes',
  ])
  const answers = told.map(({ fact, after }) => {
    const inForce = fact === null ? null : programs.program(fact.at)
    if (fact === null || inForce === null) return 'no program'
    const result = mayRedeem(inForce, after, 301 as RuleId, fact, NOTHING_HELD)
    return result.ok ? 'yes' : result.refusal.code
  })
  expect(answers).toEqual(['points_insufficient', 'points_insufficient', 'yes'])
})
