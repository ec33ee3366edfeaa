// E-BON-1, E-BON-9: bonuses on check-ins, enrolments, activities and referrals; and what is given back of what a frequency counted.
import { describe, expect, test } from 'vitest'
import { explain } from '../../cloud/evaluation/explanation/explain.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const fixed = (points: number) => ({ kind: 'fixed', points })
const perk = (id: number, type: string, points = 10) => ({ id, title: type, type, award: fixed(points) })
const EVENTS = [
  POINT_PER_POUND,
  perk(102, 'CHECKIN'),
  perk(103, 'REGISTRATION'),
  perk(104, 'REFERRAL'),
  perk(105, 'VISITOR'),
  perk(106, 'COUPON'),
]
const frequency = (required: number, every: string, change: object = {}) => ({
  id: 201,
  title: 'Come again',
  type: 'FREQUENCY',
  award: fixed(50),
  required_to_earn: required,
  frequency: every,
  ...change,
})
const days = (change: object = {}) => ({
  id: 201,
  title: 'Double days',
  type: 'DATE_RANGE',
  award: { kind: 'multiplier', percent: 100 },
  start: '2024-03-01',
  end: '2024-03-31',
  ...change,
})
const withBonuses = (...bonuses: readonly object[]) => ({ earn_perks: EVENTS, bonuses })

const CASES: readonly Case[] = [
  {
    rule: 'E-BON-1',
    name: 'every third check-in of a week pays',
    program: withBonuses(frequency(3, 'WEEKLY', { perks: [102] })),
    story: [
      '2024-03-04 10:00 | checks in | 10 | 102:10',
      '2024-03-05 10:00 | buys tea 9.00 | 9 | 101:9',
      '2024-03-05 11:00 | checks in | 10 | 102:10',
      '2024-03-10 23:59 | checks in | 60 | 102:10 201:50',
      '2024-03-11 10:00 | checks in | 10 | 102:10',
    ],
  },
  {
    rule: 'E-BON-1',
    name: 'double days for check-ins, visits, coupons, referrals and enrolments, by the perks it names',
    program: withBonuses(days({ perks: [102, 103, 104, 105] })),
    story: [
      '2024-03-04 09:00 | enrols | 20 | 103:10 201:10',
      '2024-03-04 10:00 | checks in | 20 | 102:10 201:10',
      '2024-03-04 11:00 | does 105 2 times | 40 | 105:20 201:20',
      '2024-03-04 12:00 | does 106 | 10 | 106:10',
      '2024-03-04 13:00 | refers | 0',
      '2024-03-04 14:00 | has #5 completed | 20 | 104:10 201:10',
      '2024-04-01 10:00 | checks in | 10 | 102:10',
    ],
  },
  {
    rule: 'E-BON-1',
    name: 'a happy hour on visits counts the hour of the visit',
    program: withBonuses({
      id: 201,
      title: 'Happy hour',
      type: 'TIME',
      award: fixed(5),
      schedule: [{ days: ['MON'], from: '14:00', to: '16:00' }],
      perks: [105],
    }),
    story: [
      '2024-03-04 13:59 | does 105 | 10 | 105:10',
      '2024-03-04 14:00 | does 105 | 15 | 105:10 201:5',
      '2024-03-04 14:30 | buys tea 9.00 | 9 | 101:9',
    ],
  },
  {
    rule: 'E-BON-1',
    name: 'without perks it looks at STANDARD ones, also where an activity names one',
    program: withBonuses(days()),
    story: [
      '2024-03-04 10:00 | buys tea 9.00 | 18 | 101:9 201:9',
      '2024-03-04 11:00 | does 101 for 9.00 | 18 | 101:9 201:9',
      '2024-03-04 12:00 | checks in | 10 | 102:10',
    ],
  },
  {
    rule: 'E-BON-1',
    name: 'a frequency over sales and check-ins together',
    program: withBonuses(frequency(2, 'MONTHLY', { perks: [101, 102] })),
    story: ['2024-03-04 10:00 | checks in | 10', '2024-03-05 10:00 | buys tea 9.00 | 59 | 101:9 201:50'],
  },
  {
    rule: 'E-RET-4',
    name: 'a voided check-in takes its bonus with it',
    program: withBonuses(days({ perks: [102] })),
    story: ['2024-03-04 10:00 | checks in | 20', '2024-03-04 11:00 | voids #1 | -20 | 102:-10 201:-10'],
  },
  {
    rule: 'E-BON-9',
    name: 'a sale that comes back whole counts no longer, one of which something is kept does',
    program: withBonuses(frequency(3, 'WEEKLY')),
    story: [
      '2024-03-04 10:00 | buys tea 9.00 | 9',
      '2024-03-04 11:00 | buys tea 2 x 9.00 | 9',
      '2024-03-04 12:00 | returns 1 x line 0 of #1 | -9',
      '2024-03-04 12:30 | returns 1 x line 0 of #2 | -4',
      '2024-03-05 10:00 | buys tea 9.00 | 9',
      '2024-03-06 10:00 | buys tea 9.00 | 59 | 101:9 201:50',
    ],
  },
  {
    rule: 'E-BON-9',
    name: 'so does one that is voided, once, whatever came back of it before',
    program: withBonuses(frequency(3, 'WEEKLY')),
    story: [
      '2024-03-04 10:00 | buys tea 9.00 | 9',
      '2024-03-04 11:00 | buys tea 9.00 | 9',
      '2024-03-04 12:00 | returns 1 x line 0 of #1 | -9',
      '2024-03-04 12:10 | voids #1 | 0',
      '2024-03-05 10:00 | buys tea 9.00 | 9',
      '2024-03-06 10:00 | buys tea 9.00 | 59',
    ],
  },
  {
    rule: 'E-BON-9',
    name: 'unless the bonus says that what is returned counts',
    program: withBonuses(frequency(3, 'WEEKLY', { count_returned: true })),
    story: [
      '2024-03-04 10:00 | buys tea 9.00 | 9',
      '2024-03-04 12:00 | voids #1 | -9',
      '2024-03-05 10:00 | buys tea 9.00 | 9',
      '2024-03-06 10:00 | buys tea 9.00 | 59',
    ],
  },
  {
    rule: 'E-BON-9',
    name: 'once it has paid, giving an earlier one back does not make it pay twice',
    program: withBonuses(frequency(2, 'WEEKLY')),
    story: [
      '2024-03-04 10:00 | buys tea 9.00 | 9',
      '2024-03-05 10:00 | buys tea 9.00 | 59',
      '2024-03-05 11:00 | voids #1 | -9',
      '2024-03-06 10:00 | buys tea 9.00 | 9',
    ],
  },
  {
    rule: 'E-BON-9',
    name: 'if the one that paid is given back, its bonus goes with it and the next one pays',
    program: withBonuses(frequency(2, 'WEEKLY')),
    story: [
      '2024-03-04 10:00 | buys tea 9.00 | 9',
      '2024-03-05 10:00 | buys tea 9.00 | 59',
      '2024-03-05 11:00 | voids #2 | -59 | 101:-9 201:-50',
      '2024-03-06 10:00 | buys tea 9.00 | 59',
      '2024-03-07 10:00 | buys tea 9.00 | 9',
    ],
  },
  {
    rule: 'E-BON-9',
    name: 'from a date, every so many again: never below the last that paid',
    program: withBonuses(frequency(2, 'FROM_DATE', { from_date: '2024-03-01' })),
    story: [
      '2024-03-04 10:00 | buys tea 9.00 | 9',
      '2024-03-05 10:00 | buys tea 9.00 | 59',
      '2024-03-06 10:00 | buys tea 9.00 | 9',
      '2024-03-06 11:00 | voids #1 | -9',
      '2024-03-06 12:00 | voids #3 | -9',
      '2024-03-07 10:00 | buys tea 9.00 | 9',
      '2024-03-08 10:00 | buys tea 9.00 | 59',
    ],
  },
  {
    rule: 'E-BON-9',
    name: 'a voided check-in counts no longer either',
    program: withBonuses(frequency(2, 'WEEKLY', { perks: [102] })),
    story: [
      '2024-03-04 10:00 | checks in | 10',
      '2024-03-04 11:00 | voids #1 | -10',
      '2024-03-05 10:00 | checks in | 10',
      '2024-03-06 10:00 | checks in | 60',
    ],
  },
  {
    rule: 'E-BON-1',
    name: 'a birthday within the days of a bonus is doubled; the sale that brings it has its own, and a void leaves the birthday alone',
    program: {
      earn_perks: [POINT_PER_POUND, perk(107, 'BIRTHDAY')],
      bonuses: [days({ perks: [101, 107] })],
    },
    story: [
      '2024-02-01 10:00 | enrols | 0',
      '2024-02-01 11:00 | tells birthday 1990-03-04 | 0',
      '2024-03-05 10:00 | buys tea 5.00 | 30 | 101:5 107:10 201:15',
      '2024-03-05 11:00 | voids #3 | -10 | 101:-5 201:-5',
    ],
  },
  {
    rule: 'E-BON-9',
    name: 'what a birthday counted stays when the sale that brought it is voided',
    program: {
      earn_perks: [POINT_PER_POUND, perk(107, 'BIRTHDAY')],
      bonuses: [frequency(3, 'WEEKLY', { perks: [101, 107] })],
    },
    story: [
      '2024-02-01 10:00 | enrols | 0',
      '2024-02-01 11:00 | tells birthday 1990-03-04 | 0',
      '2024-03-04 10:00 | buys tea 5.00 | 15 | 101:5 107:10',
      '2024-03-04 11:00 | voids #3 | -5 | 101:-5',
      '2024-03-05 10:00 | buys tea 1.00 | 1 | 101:1',
      '2024-03-05 11:00 | buys tea 1.00 | 51 | 101:1 201:50',
    ],
  },
  {
    rule: 'E-BON-1',
    name: 'progress moves no metric and is counted all the same',
    program: {
      earn_perks: [{ ...perk(108, 'PROGRESS_ACTIVITY', 1) }],
      bonuses: [frequency(2, 'WEEKLY', { perks: [108] })],
    },
    story: [
      '2024-03-04 10:00 | does 108 3 times | 0',
      '2024-03-05 10:00 | does 108 | 50 | 201:50',
      '2024-03-06 10:00 | does 108 | 0',
    ],
  },
  {
    rule: 'E-BON-10',
    name: 'a negative activity takes what the same pieces would bring now of bonuses of the time, and no more',
    program: withBonuses(days({ perks: [105] })),
    story: [
      '2024-03-30 10:00 | does 105 3 times | 60 | 105:30 201:30',
      '2024-03-31 10:00 | does 105 -1 times | -20 | 105:-10 201:-10',
      '2024-04-01 10:00 | does 105 -1 times | -10 | 105:-10',
    ],
  },
  {
    rule: 'E-BON-10',
    name: 'a frequency counts one less, but what it paid stays and is not paid again',
    program: withBonuses(frequency(2, 'WEEKLY', { perks: [105] })),
    story: [
      '2024-03-04 10:00 | does 105 | 10 | 105:10',
      '2024-03-04 11:00 | does 105 -1 times | -10 | 105:-10',
      '2024-03-04 12:00 | does 105 | 10 | 105:10',
      '2024-03-04 13:00 | does 105 | 60 | 105:10 201:50',
      '2024-03-04 14:00 | does 105 -1 times | -10 | 105:-10',
      '2024-03-04 15:00 | does 105 | 10 | 105:10',
    ],
  },
  {
    rule: 'E-BON-10',
    name: 'of progress too, and not where the bonus counts what was returned',
    program: {
      earn_perks: [perk(108, 'PROGRESS_ACTIVITY', 1), perk(105, 'VISITOR')],
      bonuses: [
        frequency(2, 'WEEKLY', { perks: [108] }),
        frequency(2, 'WEEKLY', { id: 202, perks: [105], count_returned: true }),
      ],
    },
    story: [
      '2024-03-04 10:00 | does 108 | 0',
      '2024-03-04 11:00 | does 108 -1 times | 0',
      '2024-03-04 12:00 | does 108 | 0',
      '2024-03-04 13:00 | does 108 | 50 | 201:50',
      '2024-03-05 10:00 | does 105 | 10 | 105:10',
      '2024-03-05 11:00 | does 105 -1 times | -10 | 105:-10',
      '2024-03-05 12:00 | does 105 | 60 | 105:10 202:50',
    ],
  },
]

test.each(CASES)('$rule $name', holds)

describe('E-EXP-1 a check-in is told of the bonuses that look at check-ins', () => {
  test('and of no others', () => {
    const document = program(
      withBonuses(
        frequency(3, 'WEEKLY', { perks: [102] }),
        days({ id: 202, perks: [105] }),
        days({ id: 203 }),
      ),
    )
    const [told] = tell(document, ['2024-03-04 10:00 | checks in'])
    const fact = told?.fact ?? null
    const found = fact === null ? null : programsOf(document).program(fact.at)
    if (fact === null || found === null) throw new Error('the story has a fact and a program')
    expect(
      explain(found, newState(), fact).map(({ rule, condition, actual, required }) => [
        rule,
        condition,
        actual,
        required,
      ]),
    ).toEqual([
      [102, null, null, null],
      [201, 'frequency', '1', '3'],
    ])
  })
})
