// E-EARN-15: birthdays. Local days are London's where no other shop is named.
import { expect, test } from 'vitest'
import { nextDue } from '../../cloud/evaluation/time/time.ts'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const BIRTHDAY = {
  id: 106,
  title: 'Happy birthday',
  type: 'BIRTHDAY',
  award: { kind: 'fixed', points: 50 },
} as const
const PERKS = { earn_perks: [POINT_PER_POUND, BIRTHDAY] }
const onTerms = (change: object) => ({ earn_perks: [POINT_PER_POUND, { ...BIRTHDAY, ...change }] })
const BORN = [
  '2023-01-10 10:00 | enrols | tier 1',
  '2023-01-10 10:01 | tells birthday 1990-03-04 | -',
] as const

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-EARN-15',
    name: 'the first fact on the birthday or after brings it, once a year',
    program: PERKS,
    story: [
      ...BORN,
      '2023-03-03 23:59 | buys tea 1.00 | earn 101 1',
      '2023-03-04 00:00 | buys tea 1.00 | earn 106 50, earn 101 1',
      '2023-12-31 10:00 | buys tea 1.00 | earn 101 1',
      '2024-03-10 10:00 | time passes | earn 106 50',
    ],
    ends: { 0: 'balance 103, pending 0, lifetime 103, spent 0, 103 for ever' },
  },
  {
    rule: 'E-EARN-15',
    name: 'of several that passed unseen only the latest is given',
    program: PERKS,
    story: [...BORN, '2026-06-01 10:00 | time passes | earn 106 50', '2026-06-02 10:00 | time passes | -'],
  },
  {
    rule: 'E-EARN-15',
    name: 'the shop that brings the time says what day it is',
    program: PERKS,
    story: [
      ...BORN,
      '2023-03-04 01:00 Auckland | checks in | earn 106 50',
      '2023-03-04 01:00 London | checks in | -',
    ],
  },
  {
    rule: 'E-EARN-15',
    name: 'the leap day is 28 February in other years',
    program: PERKS,
    story: [
      '2023-01-10 10:00 | enrols | tier 1',
      '2023-01-10 10:01 | tells birthday 2000-02-29 | -',
      '2023-02-27 10:00 | time passes | -',
      '2023-02-28 10:00 | time passes | earn 106 50',
      '2024-02-28 10:00 | time passes | -',
      '2024-02-29 10:00 | time passes | earn 106 50',
    ],
  },
  {
    rule: 'E-EARN-15',
    name: 'a birthday on the day of enrolment or before is none',
    program: PERKS,
    story: [
      '2023-03-04 10:00 | enrols | tier 1',
      '2023-03-04 10:01 | tells birthday 1990-03-04 | -',
      '2023-03-05 10:00 | time passes | -',
      '2024-03-04 10:00 | time passes | earn 106 50',
    ],
  },
  {
    rule: 'E-EARN-15',
    name: 'a birthday that is told on its day, or after it, waits for the next year',
    program: PERKS,
    story: [
      '2023-01-10 10:00 | enrols | tier 1',
      '2023-03-04 10:00 | tells birthday 1990-03-04 | -',
      '2023-03-05 10:00 | time passes | -',
      '2024-03-04 10:00 | time passes | earn 106 50',
    ],
  },
  {
    rule: 'E-EARN-15',
    name: 'telling another birthday does not bring a second one in the same year',
    program: PERKS,
    story: [
      ...BORN,
      '2023-03-04 10:00 | time passes | earn 106 50',
      '2023-04-01 10:00 | tells birthday 1990-06-01 | -',
      '2023-06-01 10:00 | time passes | -',
      '2024-06-01 10:00 | time passes | earn 106 50',
    ],
  },
  {
    rule: 'E-EARN-15',
    name: 'a member without an enrolment has none',
    program: PERKS,
    story: ['2023-01-10 10:01 | tells birthday 1990-03-04 | tier 1', '2023-03-04 10:00 | time passes | -'],
  },
  {
    rule: 'E-EARN-15',
    name: 'its dates and its when are asked of the birthday itself; where they fail, the year is done',
    program: onTerms({ start: '2024-01-01', when: { birthday: 'day' } }),
    story: [
      ...BORN,
      '2023-03-10 10:00 | time passes | -',
      '2024-01-02 10:00 | time passes | -',
      '2024-03-10 10:00 | time passes | earn 106 50',
    ],
  },
  {
    rule: 'E-EARN-15',
    name: 'a void of the sale that brought the birthday leaves it',
    program: PERKS,
    story: [
      ...BORN,
      '2023-03-04 10:00 | buys tea 2.00 | earn 106 50, earn 101 2',
      '2023-03-04 11:00 | voids #3 | reverse 101 -2',
    ],
  },
  {
    rule: 'E-EARN-15',
    name: 'it counts and expires from the birthday on, not from the fact that brought it',
    program: { ...PERKS, points: { expiry: { kind: 'rolling', after: { days: 10 } } } },
    story: [
      ...BORN,
      '2023-03-10 10:00 | time passes | earn 106 50',
      '2023-03-14 23:00 | time passes | -',
      '2023-03-15 00:00 | time passes | expire -50',
    ],
  },
]

test.each(CASES)('$rule $name', (shown) => {
  comesTo(shown)
})

test('E-EARN-15 time is due at the next birthday, and afterwards at the one a year later', () => {
  const document = program(PERKS)
  const told = tell(document, [
    '2023-01-10 10:00 | enrols',
    '2023-01-10 10:01 | tells birthday 1990-03-04',
    '2023-03-10 10:00 | time passes',
  ])
  const due = told.map(({ fact, after }) => {
    if (fact === null) throw new Error('every row is a fact')
    return nextDue(programsOf(document).program(fact.at), after)
  })
  expect(due).toEqual([Infinity, Date.UTC(2023, 2, 4), Date.UTC(2024, 2, 4)])
  const without = program({ earn_perks: [POINT_PER_POUND] })
  const last = tell(without, [
    '2023-01-10 10:00 | enrols',
    '2023-01-10 10:01 | tells birthday 1990-03-04',
  ]).at(-1)
  if (last === undefined || last.fact === null) throw new Error('every row is a fact')
  expect(nextDue(programsOf(without).program(last.fact.at), last.after)).toBe(Infinity)
})
