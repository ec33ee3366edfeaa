// E-BON: extra points on top of qualifying perks. 2024-03-04 was a Monday; London sets its clock forward on Sunday 2024-03-31 at 01:00 and
// back on Sunday 2024-10-27 at 02:00, New York on 2024-03-10 and 2024-11-03 at 02:00.
import { test } from 'vitest'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND } from './story.ts'

const double = { kind: 'multiplier', percent: 100 }
const fixed = (points: number) => ({ kind: 'fixed', points })
const time = (schedule: readonly object[], change: object = {}) => ({
  id: 201,
  title: 'Happy hour',
  type: 'TIME',
  award: double,
  schedule,
  ...change,
})
const range = (start: string, end: string, change: object = {}) => ({
  id: 201,
  title: 'Sale days',
  type: 'DATE_RANGE',
  award: double,
  start,
  end,
  ...change,
})
const frequency = (required: number, every: string, change: object = {}) => ({
  id: 201,
  title: 'Come again',
  type: 'FREQUENCY',
  award: fixed(50),
  required_to_earn: required,
  frequency: every,
  ...change,
})
const DRINKS = { ...POINT_PER_POUND, id: 102, title: 'Drinks', categories: ['DRINKS'] }
const withBonuses = (...bonuses: readonly object[]) => ({ earn_perks: [POINT_PER_POUND, DRINKS], bonuses })
const TIERS = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 100 },
]
const ALL_2024 = ['2024-01-01', '2024-12-31'] as const

const CASES: readonly Case[] = [
  {
    rule: 'E-BON-8',
    name: 'a sale of a suspect clock gets its base points and no bonus, of whatever kind',
    program: withBonuses(
      range(...ALL_2024),
      { ...time([{ days: ['MON'], from: '09:00', to: '12:00' }]), id: 202 },
      { ...frequency(1, 'MONTHLY'), id: 203 },
    ),
    story: [
      '2024-03-04 10:00 | buys tea 10.00 by an unsure clock | 10 | 101:10',
      '2024-03-04 11:00 | buys tea 10.00 | 80 | 101:10 201:10 202:10 203:50',
    ],
  },
  {
    rule: 'E-BON-8',
    name: 'nor where the long way decides, and it counts for no bonus',
    program: {
      earn_perks: [{ ...POINT_PER_POUND, caps: { per_day: 1000 } }],
      bonuses: [frequency(2, 'MONTHLY')],
    },
    story: [
      '2024-03-04 10:00 | buys tea 10.00 by an unsure clock | 10 | 101:10',
      '2024-03-04 11:00 | buys tea 10.00 | 10 | 101:10',
      '2024-03-04 12:00 | buys tea 10.00 | 60 | 101:10 201:50',
    ],
  },
  // E-BON-1: what it looks at.
  {
    rule: 'E-BON-1',
    name: 'none listed: the points of every STANDARD perk, as its own entry',
    program: withBonuses(range(...ALL_2024)),
    story: ['2024-03-04 10:00 | buys tea/DRINKS 4.00, cake 6.00 | 28 | 101:10 102:4 201:14'],
  },
  {
    rule: 'E-BON-1',
    name: 'listed perks only',
    program: withBonuses(range(...ALL_2024, { perks: [102] })),
    story: ['2024-03-04 10:00 | buys tea/DRINKS 4.00, cake 6.00 | 18 | 101:10 102:4 201:4'],
  },
  {
    rule: 'E-BON-1',
    name: 'without qualifying points it does not apply, not even a fixed one',
    program: withBonuses(range(...ALL_2024, { perks: [102], award: fixed(50) })),
    story: [
      '2024-03-04 10:00 | buys cake 6.00 | 6 | 101:6',
      '2024-03-04 11:00 | buys tea/DRINKS 1.00 | 52 | 101:1 102:1 201:50',
    ],
  },
  {
    rule: 'E-BON-1',
    name: 'a perk that earned nothing this time does not qualify',
    program: {
      earn_perks: [POINT_PER_POUND, { ...DRINKS, once_per_day: true }],
      bonuses: [range(...ALL_2024, { perks: [102] })],
    },
    story: [
      '2024-03-04 10:00 | buys tea/DRINKS 4.00 | 12 | 101:4 102:4 201:4',
      '2024-03-04 11:00 | buys tea/DRINKS 4.00 | 4 | 101:4',
    ],
  },
  {
    rule: 'E-BON-1',
    name: 'check-ins have no bonus',
    program: {
      earn_perks: [{ ...POINT_PER_POUND, type: 'CHECKIN', award: fixed(5) }],
      bonuses: [range(...ALL_2024)],
    },
    story: ['2024-03-04 10:00 | checks in | 5 | 101:5'],
  },
  {
    rule: 'E-BON-1',
    name: 'bonuses do not build on each other',
    program: withBonuses(range(...ALL_2024), range(...ALL_2024, { id: 202 })),
    story: ['2024-03-04 10:00 | buys cake 6.00 | 18 | 101:6 201:6 202:6'],
  },
  {
    rule: 'E-BON-1',
    name: 'status, shop and tier hold for bonuses too',
    program: {
      ...withBonuses(
        range(...ALL_2024, { status: 'INACTIVE' }),
        range(...ALL_2024, { id: 202, stores: [2] }),
        range(...ALL_2024, { id: 203, required_tier: 2 }),
      ),
      tiers: TIERS,
    },
    story: [
      '2024-03-04 10:00 | buys cake 6.00 | 6 | 101:6',
      '2024-03-04 12:00 Berlin | buys cake 6.00 | 12 | 101:6 202:6',
      '2024-03-04 13:00 | is granted 88 | 88',
      '2024-03-04 14:00 | buys cake 6.00 | 12 | 101:6 203:6',
    ],
  },
  // E-BON-2: TIME.
  {
    rule: 'E-BON-2',
    name: 'from is in, to is out',
    program: withBonuses(time([{ days: ['MON'], from: '17:00', to: '19:00' }])),
    story: [
      '2024-03-04 16:59 | buys cake 6.00 | 6',
      '2024-03-04 17:00 | buys cake 6.00 | 12',
      '2024-03-04 18:59 | buys cake 6.00 | 12',
      '2024-03-04 19:00 | buys cake 6.00 | 6',
    ],
  },
  {
    rule: 'E-BON-2',
    name: 'only on its days, every week',
    program: withBonuses(time([{ days: ['MON', 'WED'], from: '17:00', to: '19:00' }])),
    story: [
      '2024-03-05 18:00 | buys cake 6.00 | 6',
      '2024-03-06 18:00 | buys cake 6.00 | 12',
      '2024-03-11 18:00 | buys cake 6.00 | 12',
    ],
  },
  {
    rule: 'E-BON-2',
    name: 'a slot over midnight belongs to the day it starts on',
    program: withBonuses(time([{ days: ['FRI'], from: '22:00', to: '02:00' }])),
    story: [
      '2024-03-08 21:59 | buys cake 6.00 | 6',
      '2024-03-08 22:00 | buys cake 6.00 | 12',
      '2024-03-09 01:59 | buys cake 6.00 | 12',
      '2024-03-09 02:00 | buys cake 6.00 | 6',
      '2024-03-08 01:00 | buys cake 6.00 | 6',
    ],
  },
  {
    rule: 'E-BON-2',
    name: 'a slot over midnight on Sunday reaches into Monday',
    program: withBonuses(time([{ days: ['SUN'], from: '23:00', to: '01:30' }])),
    story: [
      '2024-03-10 22:59 | buys cake 6.00 | 6',
      '2024-03-10 23:00 | buys cake 6.00 | 12',
      '2024-03-11 00:00 | buys cake 6.00 | 12',
      '2024-03-11 01:29 | buys cake 6.00 | 12',
      '2024-03-11 01:30 | buys cake 6.00 | 6',
    ],
  },
  {
    rule: 'E-BON-2',
    name: 'to 00:00 is the end of the day',
    program: withBonuses(time([{ days: ['SUN'], from: '20:00', to: '00:00' }])),
    story: ['2024-03-10 23:59 | buys cake 6.00 | 12', '2024-03-11 00:00 | buys cake 6.00 | 6'],
  },
  {
    rule: 'E-BON-2',
    name: 'from and to alike: the whole day around',
    program: withBonuses(time([{ days: ['MON'], from: '06:00', to: '06:00' }])),
    story: [
      '2024-03-04 05:59 | buys cake 6.00 | 6',
      '2024-03-04 06:00 | buys cake 6.00 | 12',
      '2024-03-05 05:59 | buys cake 6.00 | 12',
      '2024-03-05 06:00 | buys cake 6.00 | 6',
    ],
  },
  {
    rule: 'E-BON-2',
    name: 'several slots; where they overlap it still counts once',
    program: withBonuses(
      time([
        { days: ['MON'], from: '10:00', to: '12:00' },
        { days: ['MON'], from: '11:00', to: '13:00' },
      ]),
    ),
    story: ['2024-03-04 11:30 | buys cake 6.00 | 12', '2024-03-04 12:30 | buys cake 6.00 | 12'],
  },
  {
    rule: 'E-BON-2',
    name: 'the hour London repeats in autumn counts both times',
    program: withBonuses(time([{ days: ['SUN'], from: '01:00', to: '02:00' }])),
    story: [
      '2024-10-27 00:59 | buys cake 6.00 | 6',
      '2024-10-27 01:30 | buys cake 6.00 | 12',
      '2024-10-27 01:30 again | buys cake 6.00 | 12',
      '2024-10-27 02:00 | buys cake 6.00 | 6',
    ],
  },
  {
    rule: 'E-BON-2',
    name: 'the hour London skips in spring never shows on the clock',
    program: withBonuses(time([{ days: ['SUN'], from: '01:00', to: '02:00' }])),
    story: ['2024-03-31 00:59 | buys cake 6.00 | 6', '2024-03-31 02:00 | buys cake 6.00 | 6'],
  },
  {
    rule: 'E-BON-2',
    name: 'each shop has its own clock, also on its own nights',
    program: withBonuses(time([{ days: ['SUN'], from: '03:00', to: '04:00' }])),
    story: [
      '2024-03-10 01:59 New York | buys cake 6.00 | 6',
      '2024-03-10 03:00 New York | buys cake 6.00 | 12',
      '2024-03-10 03:00 London | buys cake 6.00 | 12',
      '2024-11-03 01:30 again New York | buys cake 6.00 | 6',
      '2024-11-03 03:30 New York | buys cake 6.00 | 12',
    ],
  },
  // E-BON-3: DATE_RANGE.
  {
    rule: 'E-BON-3',
    name: 'the first and the last day count to their last minute',
    program: withBonuses(range('2024-03-05', '2024-03-06')),
    story: [
      '2024-03-04 23:59 | buys cake 6.00 | 6',
      '2024-03-05 00:00 | buys cake 6.00 | 12',
      '2024-03-06 23:59 | buys cake 6.00 | 12',
      '2024-03-07 00:00 | buys cake 6.00 | 6',
    ],
  },
  {
    rule: 'E-BON-3',
    name: 'one day only, by the clock of the shop',
    program: withBonuses(range('2024-03-05', '2024-03-05')),
    story: [
      '2024-03-05 00:30 Auckland | buys cake 6.00 | 12',
      '2024-03-05 00:30 Berlin | buys cake 6.00 | 12',
      '2024-03-04 23:45 London | buys cake 6.00 | 6',
      '2024-03-05 23:59 New York | buys cake 6.00 | 12',
    ],
  },
  // E-BON-4: FREQUENCY.
  {
    rule: 'E-BON-4',
    name: 'weekly: the third sale of the week pays, the fourth does not, a new week starts on Monday',
    program: withBonuses(frequency(3, 'WEEKLY')),
    story: [
      '2024-03-08 10:00 | buys cake 6.00 | 6',
      '2024-03-09 10:00 | buys cake 6.00 | 6',
      '2024-03-10 23:59 | buys cake 6.00 | 56 | 101:6 201:50',
      '2024-03-10 23:59 | buys cake 6.00 | 6',
      '2024-03-11 00:00 | buys cake 6.00 | 6',
      '2024-03-12 10:00 | buys cake 6.00 | 6',
      '2024-03-13 10:00 | buys cake 6.00 | 56',
    ],
  },
  {
    rule: 'E-BON-4',
    name: 'weekly: sales of two weeks are not added up',
    program: withBonuses(frequency(2, 'WEEKLY')),
    story: [
      '2024-03-10 10:00 | buys cake 6.00 | 6',
      '2024-03-11 10:00 | buys cake 6.00 | 6',
      '2024-03-12 10:00 | buys cake 6.00 | 56',
    ],
  },
  {
    rule: 'E-BON-4',
    name: 'monthly: by the calendar month of the shop',
    program: withBonuses(frequency(2, 'MONTHLY')),
    story: [
      '2024-02-29 10:00 | buys cake 6.00 | 6',
      '2024-02-29 23:59 | buys cake 6.00 | 56',
      '2024-03-01 00:00 | buys cake 6.00 | 6',
      '2024-03-31 23:59 | buys cake 6.00 | 56',
      '2024-03-31 23:59 | buys cake 6.00 | 6',
    ],
  },
  {
    rule: 'E-BON-4',
    name: 'from a date: earlier sales do not count, then every second pays',
    program: withBonuses(frequency(2, 'FROM_DATE', { from_date: '2024-03-05' })),
    story: [
      '2024-03-04 10:00 | buys cake 6.00 | 6',
      '2024-03-04 23:59 | buys cake 6.00 | 6',
      '2024-03-05 00:00 | buys cake 6.00 | 6',
      '2024-03-05 10:00 | buys cake 6.00 | 56',
      '2024-04-09 10:00 | buys cake 6.00 | 6',
      '2025-01-01 10:00 | buys cake 6.00 | 56',
    ],
  },
  {
    rule: 'E-BON-4',
    name: 'only qualifying sales count',
    program: withBonuses(frequency(2, 'WEEKLY', { perks: [102] })),
    story: [
      '2024-03-04 10:00 | buys tea/DRINKS 1.00 | 2',
      '2024-03-04 11:00 | buys cake 9.00 | 9',
      '2024-03-04 12:00 | buys tea/DRINKS 0.99 | 0',
      '2024-03-04 13:00 | buys tea/DRINKS 1.00 | 52',
    ],
  },
  {
    rule: 'E-BON-4',
    name: 'sales outside its dates or shops do not count either',
    program: withBonuses(frequency(2, 'WEEKLY', { start: '2024-03-05', stores: [1] })),
    story: [
      '2024-03-04 10:00 | buys cake 6.00 | 6',
      '2024-03-05 10:00 Berlin | buys cake 6.00 | 6',
      '2024-03-05 11:00 | buys cake 6.00 | 6',
      '2024-03-05 12:00 | buys cake 6.00 | 56',
    ],
  },
  {
    rule: 'E-BON-4',
    name: "required once: every week's first sale",
    program: withBonuses(frequency(1, 'WEEKLY')),
    story: [
      '2024-03-04 10:00 | buys cake 6.00 | 56',
      '2024-03-05 10:00 | buys cake 6.00 | 6',
      '2024-03-11 10:00 | buys cake 6.00 | 56',
    ],
  },
  {
    rule: 'E-BON-4',
    name: 'a week that has begun in Auckland and not in Honolulu keeps both counts',
    program: withBonuses(frequency(2, 'WEEKLY')),
    story: [
      '2024-03-10 12:00 Honolulu | buys cake 6.00 | 6',
      '2024-03-11 12:00 Auckland | buys cake 6.00 | 6',
      '2024-03-10 14:00 Honolulu | buys cake 6.00 | 56',
      '2024-03-11 14:00 Auckland | buys cake 6.00 | 56',
    ],
  },
  {
    rule: 'E-BON-4',
    name: 'a multiplier pays on the points of the paying sale',
    program: withBonuses(frequency(2, 'WEEKLY', { award: double })),
    story: ['2024-03-04 10:00 | buys cake 60.00 | 60', '2024-03-05 10:00 | buys cake 6.00 | 12'],
  },
  // E-BON-5: how much.
  {
    rule: 'E-BON-5',
    name: 'a multiplier is on top, rounded down',
    program: withBonuses(range(...ALL_2024, { award: { kind: 'multiplier', percent: 50 } })),
    story: [
      '2024-03-04 10:00 | buys cake 5.00 | 7 | 101:5 201:2',
      '2024-03-04 11:00 | buys cake 1.00 | 1 | 101:1',
      '2024-03-04 12:00 | buys cake 2.00 | 3 | 101:2 201:1',
    ],
  },
  {
    rule: 'E-BON-5',
    name: 'more than double',
    program: withBonuses(range(...ALL_2024, { award: { kind: 'multiplier', percent: 250 } })),
    story: ['2024-03-04 10:00 | buys cake 5.00 | 17 | 101:5 201:12'],
  },
  {
    rule: 'E-BON-5',
    name: 'a fixed bonus gives its points once, however much is bought',
    program: withBonuses(range(...ALL_2024, { award: fixed(9) })),
    story: ['2024-03-04 10:00 | buys cake 50.00, cake 50.00 | 109 | 101:100 201:9'],
  },
]

test.each(CASES)('$rule $name', holds)
