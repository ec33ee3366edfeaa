// E-EARN-12: caps cut a gift to what is left of them; E-BON-6: those of bonuses do the same. 2024-03-04 was a Monday.
import { expect, test } from 'vitest'
import { EVER } from '../../cloud/evaluation/earning/tallies.ts'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND, program, tell } from './story.ts'

const capped = (caps: object, change: object = {}) => ({ ...POINT_PER_POUND, caps, ...change })
const twice = { id: 201, title: 'Twice', type: 'DATE_RANGE', start: '2024-01-01', end: '2024-12-31' }

const CASES: readonly Case[] = [
  {
    rule: 'E-EARN-12',
    name: 'per sale: what is above is not given',
    program: { earn_perks: [capped({ per_sale: 10 })] },
    story: ['2024-03-04 10:00 | buys tea 9.00 | 9', '2024-03-04 11:00 | buys tea 25.00 | 10'],
  },
  {
    rule: 'E-EARN-12',
    name: 'per day: the rest of the day gives what is left, the next day anew',
    program: { earn_perks: [capped({ per_day: 10 })] },
    story: [
      '2024-03-04 10:00 | buys tea 7.00 | 7',
      '2024-03-04 11:00 | buys tea 7.00 | 3',
      '2024-03-04 23:59 | buys tea 7.00 | 0',
      '2024-03-05 00:00 | buys tea 7.00 | 7',
    ],
  },
  {
    rule: 'E-EARN-12',
    name: 'the day is that of the shop',
    program: { earn_perks: [capped({ per_day: 10 })] },
    story: [
      '2024-03-05 01:00 Auckland | buys tea 10.00 | 10',
      '2024-03-04 12:30 London | buys tea 10.00 | 10',
      '2024-03-05 02:00 Auckland | buys tea 10.00 | 0',
    ],
  },
  {
    rule: 'E-EARN-12',
    name: 'per member: ever',
    program: { earn_perks: [capped({ per_member: 10 })] },
    story: ['2020-03-04 10:00 | buys tea 7.00 | 7', '2024-03-04 11:00 | buys tea 7.00 | 3'],
  },
  {
    rule: 'E-EARN-12',
    name: 'of several caps the tightest counts',
    program: { earn_perks: [capped({ per_sale: 6, per_day: 10, per_member: 13 })] },
    story: [
      '2024-03-04 10:00 | buys tea 7.00 | 6',
      '2024-03-04 11:00 | buys tea 7.00 | 4',
      '2024-03-05 10:00 | buys tea 7.00 | 3',
    ],
  },
  {
    rule: 'E-EARN-12',
    name: 'a return does not free a cap',
    program: { earn_perks: [capped({ per_day: 10 })] },
    story: [
      '2024-03-04 10:00 | buys tea 10.00 | 10',
      '2024-03-04 11:00 | returns 1 x line 0 of #1 | -10',
      '2024-03-04 12:00 | buys tea 10.00 | 0',
    ],
  },
  {
    rule: 'E-EARN-12',
    name: 'nothing left: once a day is not used up either',
    program: {
      earn_perks: [capped({ per_member: 5 }), capped({ per_day: 5 }, { id: 102, once_per_day: true })],
    },
    story: [
      '2024-03-04 10:00 | buys tea 5.00 | 10 | 101:5 102:5',
      '2024-03-04 11:00 | buys tea 5.00 | 0',
      '2024-03-05 10:00 | buys tea 2.00 | 2 | 102:2',
      '2024-03-05 11:00 | buys tea 2.00 | 0',
    ],
  },
  {
    rule: 'E-EARN-12',
    name: 'check-ins have caps as well',
    program: {
      earn_perks: [capped({ per_day: 7 }, { type: 'CHECKIN', award: { kind: 'fixed', points: 5 } })],
    },
    story: [
      '2024-03-04 10:00 | checks in | 5',
      '2024-03-04 11:00 | checks in | 2',
      '2024-03-04 12:00 | checks in | 0',
    ],
  },
  {
    rule: 'E-BON-6',
    name: 'a bonus is capped too, and looks at what its perks gave after their caps',
    program: {
      earn_perks: [capped({ per_sale: 10 })],
      bonuses: [{ ...twice, award: { kind: 'multiplier', percent: 100 }, caps: { per_day: 15 } }],
    },
    story: [
      '2024-03-04 10:00 | buys tea 20.00 | 20 | 101:10 201:10',
      '2024-03-04 11:00 | buys tea 20.00 | 15 | 101:10 201:5',
      '2024-03-04 12:00 | buys tea 20.00 | 10 | 101:10',
    ],
  },
  {
    rule: 'E-BON-6',
    name: 'a frequency bonus whose cap is used up has counted the sale all the same',
    program: {
      earn_perks: [POINT_PER_POUND],
      bonuses: [
        {
          id: 201,
          title: 'Every second',
          type: 'FREQUENCY',
          frequency: 'FROM_DATE',
          from_date: '2024-01-01',
          required_to_earn: 2,
          award: { kind: 'fixed', points: 5 },
          caps: { per_member: 8 },
        },
      ],
    },
    story: [
      '2024-03-04 10:00 | buys tea 1.00 | 1',
      '2024-03-04 11:00 | buys tea 1.00 | 6 | 101:1 201:5',
      '2024-03-04 12:00 | buys tea 1.00 | 1',
      '2024-03-04 13:00 | buys tea 1.00 | 4 | 101:1 201:3',
      '2024-03-04 14:00 | buys tea 1.00 | 1',
      '2024-03-04 15:00 | buys tea 1.00 | 1',
    ],
  },
]

test.each(CASES)('$rule $name', (shown) => {
  holds(shown)
})

test('E-EARN-12 what was given is kept for what has caps alone, and its days are forgotten', () => {
  const document = program({ earn_perks: [capped({ per_day: 10 }), { ...POINT_PER_POUND, id: 102 }] })
  const days = Array.from({ length: 28 }, (_, day) => `2024-03-${String(day + 1).padStart(2, '0')}`)
  const told = tell(
    document,
    days.map((day) => `${day} 10:00 | buys tea 3.00`),
  )
  // One total, and the days a local day may step back to.
  const given = told.at(-1)?.after.more?.given ?? []
  const kept = new Map([0, 3, 6, 9].map((at) => [given[at + 1], given[at + 2]]))
  expect(given.filter((_, at) => at % 3 === 0)).toEqual([101, 101, 101, 101])
  expect(kept).toEqual(
    new Map([
      [EVER, 84],
      [19_808, 3],
      [19_809, 3],
      [19_810, 3],
    ]),
  )
})
