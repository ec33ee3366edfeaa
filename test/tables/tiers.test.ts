// E-TIER: levels by lifetime points.
import { expect, test } from 'vitest'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { entryCode } from './sentences.ts'
import { program, tell } from './story.ts'

const TIERS = [
  { id: 1, name: 'Bronze', point_floor: 0, entry_perk: 301 },
  { id: 2, name: 'Silver', point_floor: 100, entry_perk: 302 },
  { id: 3, name: 'Gold', point_floor: 500, entry_perk: 302 },
]
const PERKS = [
  { id: 301, title: 'Welcome', points: 0, voucher: {} },
  { id: 302, title: 'Treat', points: 50, voucher: { valid_days: 30 } },
]
const LEVELS = { tiers: TIERS, redeem_perks: PERKS }
const PLAIN = {
  tiers: TIERS.map(({ id, name, point_floor }) => ({ id, name, point_floor })),
  redeem_perks: PERKS,
}

const CASES: readonly Case[] = [
  {
    rule: 'E-TIER-1',
    name: 'every member has the first tier from the first fact on',
    program: PLAIN,
    story: ['2024-03-04 10:00 | buys tea 1.00 | 0'],
    ends: { tier: 1 },
  },
  {
    rule: 'E-TIER-1',
    name: 'one point below a floor is not there',
    program: PLAIN,
    story: ['2024-03-04 10:00 | is granted 99 | 99'],
    ends: { tier: 1, lifetime: 99 },
  },
  {
    rule: 'E-TIER-1',
    name: 'a floor is reached exactly',
    program: PLAIN,
    story: ['2024-03-04 10:00 | is granted 99 | 99', '2024-03-04 11:00 | is granted 1 | 1'],
    ends: { tier: 2, lifetime: 100 },
  },
  {
    rule: 'E-TIER-1',
    name: 'two floors in one step',
    program: PLAIN,
    story: ['2024-03-04 10:00 | is granted 500 | 500'],
    ends: { tier: 3 },
  },
  {
    rule: 'E-TIER-1',
    name: "spending does not lower it, HQ's adjustment does not raise it",
    program: PLAIN,
    story: [
      '2024-03-04 10:00 | is granted 100 | 100',
      '2024-03-04 11:00 | redeems 302 | -50',
      '2024-03-04 12:00 | is adjusted by 400 | 400',
    ],
    ends: { tier: 2, lifetime: 100, balance: 450, spent: 50 },
  },
  {
    rule: 'E-TIER-1',
    name: 'what is given back counts no more: the member falls, to the floor exactly is enough to stay',
    program: PLAIN,
    story: [
      '2024-03-04 10:00 | is granted 100 | 100',
      '2024-03-04 11:00 | is granted 20 | 20',
      '2024-03-04 12:00 | voids #2 | -20',
      '2024-03-04 13:00 | is granted 30 | 30',
      '2024-03-04 14:00 | voids #1 | -100',
    ],
    ends: { tier: 1, lifetime: 30 },
  },
  {
    rule: 'E-TIER-1',
    name: 'another version moves the floors: the next fact settles it',
    program: [
      ['2024-03-04 00:00', program(PLAIN)],
      [
        '2024-03-05 00:00',
        program({
          tiers: [
            { id: 1, name: 'Bronze', point_floor: 0 },
            { id: 2, name: 'Silver', point_floor: 200 },
          ],
        }),
      ],
    ],
    story: ['2024-03-04 10:00 | is granted 150 | 150', '2024-03-05 10:00 | is granted 1 | 1'],
    ends: { tier: 1, lifetime: 151 },
  },
  {
    rule: 'E-TIER-2',
    name: 'entering issues the voucher of each tier entered',
    program: LEVELS,
    story: ['2024-03-04 10:00 | is granted 500 | 500'],
    ends: { tier: 3, entitlements: ['301 unused', '302 unused', '302 unused'] },
  },
  {
    rule: 'E-TIER-2',
    name: 'falling and entering again issues no other',
    program: LEVELS,
    story: [
      '2024-03-04 10:00 | is granted 100 | 100',
      '2024-03-04 11:00 | voids #1 | -100',
      '2024-03-04 12:00 | is granted 100 | 100',
    ],
    ends: { tier: 2, entitlements: ['301 unused', '302 unused'] },
  },
  {
    rule: 'E-TIER-2',
    name: 'the voucher runs its days from the entry and can be used',
    program: LEVELS,
    story: ['2024-03-04 10:00 | is granted 100 | 100', '2024-03-05 10:00 | uses voucher 302 of tier 2 | 0'],
    ends: { entitlements: ['301 unused', '302 used'] },
  },
]

test.each(CASES)('$rule $name', holds)

test('E-TIER-1 rising and falling are effects that name both tiers', () => {
  const told = tell(program(PLAIN), [
    '2024-03-04 10:00 | is granted 100 | 100',
    '2024-03-04 11:00 | voids #1 | -100',
  ])
  const moves = told.map(({ effects }) =>
    effects.filter(({ kind }) => kind === 'tier').map(({ rule, of }) => `${of} to ${rule}`),
  )
  expect(moves).toEqual([['0 to 2'], ['2 to 1']])
})

test("E-TIER-2 a late fact that moves the entry keeps the voucher's code", () => {
  const codes = (story: readonly string[]): string[] =>
    tell(program(LEVELS), story)
      .at(-1)
      ?.after.entitlements.map(({ code }) => code) ?? []
  const usual = codes(['2024-03-04 10:00 | is granted 60 | 60', '2024-03-06 11:00 | is granted 60 | 60'])
  const late = codes([
    '2024-03-04 10:00 | is granted 60 | 60',
    '2024-03-05 11:00 | is granted 50 | 50',
    '2024-03-06 11:00 | is granted 60 | 60',
  ])
  expect(late).toEqual(usual)
  expect(usual).toEqual([entryCode(301, 1), entryCode(302, 2)])
})
