// E-EXP-1 beyond sales: what is considered for check-ins, enrolments, activities and referrals, and what time brings before the fact.
import { expect, test } from 'vitest'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { explain } from '../../cloud/evaluation/explanation/explain.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const TIERS = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 100 },
]

/** `rule points condition` of what is considered for each row. */
function consideredIn(document: ProgramDocument, story: readonly string[]): string[][] {
  const told = tell(document, story)
  const inForce = programsOf(document)
  return told.map(({ fact }, index) => {
    const found = fact === null ? null : inForce.program(fact.at)
    if (found === null || fact === null) throw new Error('a fact under a program is explained')
    return explain(found, told[index - 1]?.after ?? newState(), fact).map(
      ({ rule, points, condition }) => `${rule} ${points} ${condition}`,
    )
  })
}

const five = { kind: 'fixed', points: 5 }

test('E-EXP-1 check-ins, enrolments, activities and completed referrals are explained, other facts have nothing to consider', () => {
  const document = program({
    earn_perks: [
      { ...POINT_PER_POUND, type: 'CHECKIN', award: five, once_per_day: true },
      { ...POINT_PER_POUND, id: 102, type: 'REGISTRATION', award: { kind: 'fixed', points: 9 } },
      { ...POINT_PER_POUND, id: 103, type: 'VISITOR', award: five, caps: { per_member: 12 } },
      { ...POINT_PER_POUND, id: 104, type: 'REFERRAL', award: five, stores: [2] },
      { ...POINT_PER_POUND, id: 105, type: 'PROGRESS_ACTIVITY', award: { kind: 'fixed', points: 1 } },
    ],
  })
  expect(
    consideredIn(document, [
      '2024-03-04 09:00 | enrols',
      '2024-03-04 10:00 | checks in',
      '2024-03-04 11:00 | checks in',
      '2024-03-04 12:00 | is granted 5',
      '2024-03-04 13:00 | does 103 2 times',
      '2024-03-04 14:00 | does 103',
      '2024-03-04 15:00 | does 103',
      '2024-03-04 16:00 | does 103 -1 times',
      '2024-03-04 17:00 | does 105 4 times',
      '2024-03-04 18:00 | refers',
      '2024-03-04 19:00 | has #10 completed',
    ]),
  ).toEqual([
    ['102 9 null'],
    ['101 5 null'],
    ['101 0 once_per_day'],
    [],
    ['103 10 null'],
    ['103 2 null'],
    ['103 0 caps'],
    [],
    ['105 0 null'],
    [],
    ['104 0 store'],
  ])
})

test('E-EXP-1 what falls due before the fact has happened when the fact is explained', () => {
  const document = program({
    earn_perks: [{ ...POINT_PER_POUND, when: { metric: 0, part: 'balance', is: 'eq', value: 0 } }],
    points: { expiry: { kind: 'rolling', after: { days: 5 } } },
  })
  expect(
    consideredIn(document, [
      '2024-03-04 10:00 | buys tea 4.00',
      '2024-03-05 10:00 | buys tea 4.00',
      '2024-03-10 10:00 | buys tea 4.00',
    ]),
  ).toEqual([['101 4 null'], ['101 0 when'], ['101 4 null']])
})

test('E-EXP-1 a birthday that a fact brings is explained before the fact itself, given or not, with its bonuses', () => {
  const document = program({
    earn_perks: [
      POINT_PER_POUND,
      { id: 102, title: 'Birthday', type: 'BIRTHDAY', award: five, required_tier: 2 },
      { id: 103, title: 'Cake', type: 'BIRTHDAY', award: { kind: 'fixed', points: 3 } },
    ],
    tiers: TIERS,
    bonuses: [
      {
        id: 201,
        title: 'Spring',
        type: 'DATE_RANGE',
        start: '2024-03-01',
        end: '2024-03-31',
        perks: [101, 103],
        award: { kind: 'fixed', points: 1 },
      },
    ],
  })
  const story = [
    '2024-03-01 10:00 | enrols',
    '2024-03-01 10:01 | tells birthday 1990-03-05',
    '2024-03-04 10:00 | time passes',
    '2024-03-07 10:00 | buys tea 4.00',
  ]
  const told = tell(document, story)
  const fact = told.at(-1)?.fact
  const found = fact && programsOf(document).program(fact.at)
  if (fact === undefined || fact === null || found === null || found === undefined) throw new Error('a sale')
  expect(
    explain(found, told.at(-2)?.after ?? newState(), fact).map(
      ({ rule, points, condition, birthday }) => `${rule} ${points} ${condition} ${birthday}`,
    ),
  ).toEqual([
    '102 0 required_tier 2024-03-05',
    '103 3 null 2024-03-05',
    '201 1 null 2024-03-05',
    '101 4 null undefined',
    '201 1 null undefined',
  ])
  expect(told.at(-1)?.points).toBe(3 + 1 + 4 + 1)
  expect(consideredIn(document, story.slice(0, 3)).at(-1)).toEqual([])
})
