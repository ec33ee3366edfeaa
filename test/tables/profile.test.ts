// E-PROF: what is learned of a member, and perks that ask for it. 2024-03-04 was a Monday.
import { expect, test } from 'vitest'
import { setAttribute } from '../../cloud/evaluation/profile.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND, program, tell } from './story.ts'

const perk = (change: object) => ({ earn_perks: [{ ...POINT_PER_POUND, ...change }] })
const DIET = perk({
  attributes: [
    { name: 'diet', value: 'vegan' },
    { name: 'diet', value: 'none' },
    { name: 'club', value: 'tea' },
  ],
})

const CASES: readonly Case[] = [
  {
    rule: 'E-EARN-9',
    name: 'a perk for members with any of some attributes',
    program: DIET,
    story: [
      '2024-03-04 10:00 | buys tea 1.00 | 0',
      '2024-03-04 11:00 | tells diet=vegan | 0',
      '2024-03-04 12:00 | buys tea 1.00 | 1',
      '2024-03-04 13:00 | tells diet=meat, club=tea | 0',
      '2024-03-04 14:00 | buys tea 1.00 | 1',
      '2024-03-04 15:00 | tells no club | 0',
      '2024-03-04 16:00 | buys tea 1.00 | 0',
    ],
  },
  {
    rule: 'E-EARN-9',
    name: 'bonuses and check-ins ask for attributes as well',
    program: {
      earn_perks: [
        POINT_PER_POUND,
        {
          id: 102,
          title: 'Visit',
          type: 'CHECKIN',
          award: { kind: 'fixed', points: 5 },
          attributes: [{ name: 'diet', value: 'vegan' }],
        },
      ],
      bonuses: [
        {
          id: 201,
          title: 'Vegans',
          type: 'DATE_RANGE',
          start: '2024-01-01',
          end: '2024-12-31',
          award: { kind: 'fixed', points: 7 },
          attributes: [{ name: 'diet', value: 'vegan' }],
        },
      ],
    },
    story: [
      '2024-03-04 10:00 | buys tea 1.00 | 1',
      '2024-03-04 10:30 | checks in | 0',
      '2024-03-04 11:00 | tells diet=vegan | 0',
      '2024-03-04 12:00 | buys tea 1.00 | 8 | 101:1 201:7',
      '2024-03-04 12:30 | checks in | 5',
    ],
  },
  {
    rule: 'E-PROF-1',
    name: 'a profile that arrives late is read where it belongs',
    program: DIET,
    story: ['2024-03-04 12:00 | buys tea 1.00 | 1', '2024-03-04 11:00 | tells diet=vegan | 0'],
  },
]

test.each(CASES)('$rule $name', (shown) => {
  holds(shown)
})

const names = (from: number, count: number): string =>
  Array.from({ length: count }, (_, n) => `a${from + n}=x`).join(', ')

test.each<Case>([
  {
    rule: 'E-PROF-2',
    name: 'the hundred and first attribute is not learned, one that is known still is, and one taken away makes room',
    program: DIET,
    story: [
      `2024-03-04 10:00 | tells ${names(1, 99)} | 0`,
      '2024-03-04 11:00 | tells diet=meat, club=tea | 0',
      '2024-03-04 12:00 | buys tea 1.00 | 0',
      '2024-03-04 13:00 | tells diet=vegan | 0',
      '2024-03-04 14:00 | buys tea 1.00 | 1',
      '2024-03-04 15:00 | tells no diet, club=tea | 0',
      '2024-03-04 16:00 | buys tea 1.00 | 1',
    ],
  },
  {
    rule: 'E-PROF-2',
    name: 'nor does a rule give it',
    program: {
      ...DIET,
      rules: [
        {
          id: 501,
          title: 'A check-in makes one of the club',
          match: { type: 'TYPE', kinds: ['checkin'] },
          effect: { kind: 'credential', name: 'club', value: 'tea' },
        },
      ],
    },
    story: [
      `2024-03-04 10:00 | tells ${names(1, 100)} | 0`,
      '2024-03-04 11:00 | checks in | 0',
      '2024-03-04 12:00 | buys tea 1.00 | 0',
      '2024-03-04 13:00 | tells no a7 | 0',
      '2024-03-04 14:00 | checks in | 0',
      '2024-03-04 15:00 | buys tea 1.00 | 1',
    ],
  },
])('$rule $name', (shown) => {
  holds(shown)
})

test('E-PROF-1 a field that is not told stays as it was', () => {
  const told = tell(program({}), [
    '2024-03-04 10:00 | tells home store 2, birthday 1990-03-04, membership inactive, member since 2020-02-29, diet=vegan',
    '2024-03-04 11:00 | tells membership active, club=tea',
    '2024-03-04 12:00 | tells home store 3, no diet',
  ])
  expect(told.map(({ after }) => after.more?.profile)).toEqual([
    {
      homeStore: 2,
      birthday: '1990-03-04',
      attributes: [['diet', 'vegan']],
      active: false,
      since: Date.UTC(2020, 1, 29) / 86_400_000,
    },
    {
      homeStore: 2,
      birthday: '1990-03-04',
      attributes: [
        ['club', 'tea'],
        ['diet', 'vegan'],
      ],
      active: true,
      since: Date.UTC(2020, 1, 29) / 86_400_000,
    },
    {
      homeStore: 3,
      birthday: '1990-03-04',
      attributes: [['club', 'tea']],
      active: true,
      since: Date.UTC(2020, 1, 29) / 86_400_000,
    },
  ])
})

test('E-PROF-1 attributes are kept by name, whatever order they were told in', () => {
  const [one, other] = [newState(), newState()]
  for (const name of ['a', 'c', 'b']) setAttribute(one, name, 'x')
  for (const name of ['c', 'a', 'b', 'd']) setAttribute(other, name, 'x')
  setAttribute(other, 'd', null)
  expect(one.more?.profile.attributes).toEqual(other.more?.profile.attributes)
})
