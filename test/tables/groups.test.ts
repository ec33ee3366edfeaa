// E-EARN-13 and E-BON-6: what of a group's perks, or bonuses, is given on one fact.
import { expect, test } from 'vitest'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND, program } from './story.ts'

const fixed = (id: number, points: number, change: object = {}) => ({
  id,
  title: `Perk ${id}`,
  type: 'STANDARD',
  award: { kind: 'fixed', points },
  group: 'offers',
  ...change,
})
const group = (stacking: string, caps?: object) => [
  { name: 'offers', stacking, ...(caps === undefined ? {} : { caps }) },
]
const bonus = (id: number, points: number) => ({
  id,
  title: `Bonus ${id}`,
  type: 'DATE_RANGE',
  start: '2024-01-01',
  end: '2024-12-31',
  award: { kind: 'fixed', points },
  group: 'offers',
})

const CASES: readonly Case[] = [
  {
    rule: 'E-EARN-13',
    name: 'all: every one is given',
    program: { earn_perks: [fixed(101, 3), fixed(102, 5)], groups: group('all') },
    story: ['2024-03-04 10:00 | buys tea 1.00 | 8 | 101:3 102:5'],
  },
  {
    rule: 'E-EARN-13',
    name: 'best: only the one that gives most; perks outside the group are given beside it',
    program: { earn_perks: [POINT_PER_POUND, fixed(102, 3), fixed(103, 5)], groups: group('best') },
    story: ['2024-03-04 10:00 | buys tea 1.00 | 6 | 101:1 103:5'],
  },
  {
    rule: 'E-EARN-13',
    name: 'best: of equal ones the first listed',
    program: { earn_perks: [fixed(102, 5), fixed(101, 5)], groups: group('best') },
    story: ['2024-03-04 10:00 | buys tea 1.00 | 5 | 102:5'],
  },
  {
    rule: 'E-EARN-13',
    name: 'best of what applies: one that fails does not stand in the way',
    program: { earn_perks: [fixed(101, 9, { categories: ['FOOD'] }), fixed(102, 5)], groups: group('best') },
    story: ['2024-03-04 10:00 | buys tea 1.00 | 5 | 102:5'],
  },
  {
    rule: 'E-EARN-13',
    name: 'best after own caps',
    program: { earn_perks: [fixed(101, 9, { caps: { per_day: 10 } }), fixed(102, 5)], groups: group('best') },
    story: [
      '2024-03-04 10:00 | buys tea 1.00 | 9 | 101:9',
      '2024-03-04 11:00 | buys tea 1.00 | 5 | 102:5',
      '2024-03-05 10:00 | buys tea 1.00 | 9 | 101:9',
    ],
  },
  {
    rule: 'E-EARN-13',
    name: 'first: the first listed that applies, whatever it gives',
    program: {
      earn_perks: [fixed(103, 9, { categories: ['FOOD'] }), fixed(102, 2), fixed(101, 5)],
      groups: group('first'),
    },
    story: [
      '2024-03-04 10:00 | buys tea 1.00 | 2 | 102:2',
      '2024-03-04 11:00 | buys cake/FOOD 1.00 | 9 | 103:9',
    ],
  },
  {
    rule: 'E-EARN-13',
    name: 'caps of the group are used up in the order of the document',
    program: {
      earn_perks: [fixed(101, 4), fixed(102, 5), fixed(103, 6)],
      groups: group('all', { per_sale: 8, per_day: 10 }),
    },
    story: [
      '2024-03-04 10:00 | buys tea 1.00 | 8 | 101:4 102:4',
      '2024-03-04 11:00 | buys tea 1.00 | 2 | 101:2',
      '2024-03-04 12:00 | buys tea 1.00 | 0',
      '2024-03-05 10:00 | buys tea 1.00 | 8 | 101:4 102:4',
    ],
  },
  {
    rule: 'E-EARN-13',
    name: 'a loser uses nothing up: not its once a day',
    program: {
      earn_perks: [fixed(101, 5, { caps: { per_member: 5 } }), fixed(102, 3, { once_per_day: true })],
      groups: group('best'),
    },
    story: [
      '2024-03-04 10:00 | buys tea 1.00 | 5 | 101:5',
      '2024-03-04 11:00 | buys tea 1.00 | 3 | 102:3',
      '2024-03-04 12:00 | buys tea 1.00 | 0',
    ],
  },
  {
    rule: 'E-EARN-13',
    name: 'check-ins choose as well',
    program: {
      earn_perks: [fixed(101, 3, { type: 'CHECKIN' }), fixed(102, 5, { type: 'CHECKIN' })],
      groups: group('best'),
    },
    story: ['2024-03-04 10:00 | checks in | 5 | 102:5'],
  },
  {
    rule: 'E-BON-6',
    name: 'bonuses are grouped among themselves',
    program: {
      earn_perks: [POINT_PER_POUND],
      bonuses: [bonus(201, 3), bonus(202, 7)],
      groups: group('best', { per_day: 10 }),
    },
    story: [
      '2024-03-04 10:00 | buys tea 1.00 | 8 | 101:1 202:7',
      '2024-03-04 11:00 | buys tea 1.00 | 4 | 101:1 202:3',
      '2024-03-04 12:00 | buys tea 1.00 | 1 | 101:1',
    ],
  },
]

test.each(CASES)('$rule $name', (shown) => {
  holds(shown)
})

test('E-EARN-13 a group does not hold perks of two metrics', () => {
  const mixed = {
    earn_perks: [fixed(101, 1), fixed(102, 1, { metric: 7 })],
    groups: group('best'),
    metrics: [{ id: 7, name: 'Stamps' }],
  }
  expect(() => program(mixed)).toThrow('metric')
})
