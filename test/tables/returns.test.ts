// E-RET: what giving back takes back. `#1` is the first row of the story.
import { expect, test } from 'vitest'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND, program, tell } from './story.ts'

const EARNING = { earn_perks: [POINT_PER_POUND] }
const fixed = (points: number, change: object = {}) => ({
  ...POINT_PER_POUND,
  id: 102,
  title: 'Fixed',
  award: { kind: 'fixed', points },
  ...change,
})
const perItem = (points: number) => ({
  ...POINT_PER_POUND,
  id: 103,
  title: 'Per item',
  award: { kind: 'per_item', points },
  categories: ['DRINKS'],
})
const bonus = (award: object, change: object = {}) => ({
  id: 201,
  title: 'Bonus',
  type: 'DATE_RANGE',
  award,
  start: '2024-01-01',
  end: '2024-12-31',
  ...change,
})

const CASES: readonly Case[] = [
  // E-RET-1: which points belong to which line.
  {
    rule: 'E-RET-1',
    name: 'by amount: each line gives back what it brought',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 4.00, cake 6.00 | 10',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -4',
      '2024-03-06 10:00 | returns 1 x line 1 of #1 | -6',
    ],
    ends: { balance: 0, lifetime: 0 },
  },
  {
    rule: 'E-RET-1',
    name: 'the odd point goes to the line with the largest remainder, ties to the upper line',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 0.50, cake 0.50 | 1',
      '2024-03-05 10:00 | returns 1 x line 1 of #1 | 0',
      '2024-03-06 10:00 | returns 1 x line 0 of #1 | -1',
    ],
  },
  {
    rule: 'E-RET-1',
    name: 'a perk of some lines is given back by those lines only',
    program: { earn_perks: [{ ...POINT_PER_POUND, categories: ['DRINKS'] }] },
    story: [
      '2024-03-04 10:00 | buys tea/DRINKS 4.00, cake 6.00 | 4',
      '2024-03-05 10:00 | returns 1 x line 1 of #1 | 0',
      '2024-03-06 10:00 | returns 1 x line 0 of #1 | -4',
    ],
  },
  {
    rule: 'E-RET-1',
    name: 'per item: by pieces',
    program: { earn_perks: [perItem(5)] },
    story: [
      '2024-03-04 10:00 | buys tea/DRINKS 3 x 30.00, cola/DRINKS 1 x 1.00 | 20',
      '2024-03-05 10:00 | returns 1 x line 1 of #1 | -5',
      '2024-03-06 10:00 | returns 1 x line 0 of #1 | -5',
    ],
  },
  {
    rule: 'E-RET-1',
    name: 'fixed: to all lines by amount',
    program: { earn_perks: [fixed(10)] },
    story: [
      '2024-03-04 10:00 | buys tea 4.00, cake 6.00 | 10',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -4',
    ],
  },
  {
    rule: 'E-RET-1',
    name: 'fixed for free lines: to the lines alike',
    program: { earn_perks: [fixed(10)] },
    story: [
      '2024-03-04 10:00 | buys tea 0.00, cake 0.00 | 10',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -5',
      '2024-03-05 11:00 | returns 1 x line 1 of #1 | -5',
    ],
  },
  {
    rule: 'E-RET-1',
    name: 'a multiplier belongs to the lines its points came from',
    program: {
      earn_perks: [{ ...POINT_PER_POUND, categories: ['DRINKS'] }, fixed(10)],
      bonuses: [bonus({ kind: 'multiplier', percent: 100 }, { perks: [101] })],
    },
    story: [
      '2024-03-04 10:00 | buys tea/DRINKS 4.00, cake 6.00 | 18 | 101:4 102:10 201:4',
      '2024-03-05 10:00 | returns 1 x line 1 of #1 | -6 | 102:-6',
      '2024-03-06 10:00 | returns 1 x line 0 of #1 | -12 | 101:-4 102:-4 201:-4',
    ],
  },
  {
    rule: 'E-RET-1',
    name: 'a fixed bonus belongs to all lines by amount',
    program: { ...EARNING, bonuses: [bonus({ kind: 'fixed', points: 50 })] },
    story: [
      '2024-03-04 10:00 | buys tea 4.00, cake 6.00 | 60',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -24 | 101:-4 201:-20',
    ],
  },
  {
    rule: 'E-RET-1',
    name: "the rules of the sale's day decide, not those of the return's",
    program: [
      ['2024-03-01 00:00', program(EARNING)],
      ['2024-03-05 00:00', program({ earn_perks: [fixed(1)] })],
    ],
    story: [
      '2024-03-04 10:00 | buys tea 4.00, cake 6.00 | 10',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -4 | 101:-4',
    ],
  },
  // E-RET-2: part of a line.
  {
    rule: 'E-RET-2',
    name: 'piece by piece: rounded down, cumulated, and whole in the end',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 3 x 10.00 | 10',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -3',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | -3',
      '2024-03-05 12:00 | returns 1 x line 0 of #1 | -4',
    ],
    ends: { balance: 0, lifetime: 0 },
  },
  {
    rule: 'E-RET-2',
    name: 'fewer points than pieces',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 3 x 1.00 | 1',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | 0',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | 0',
      '2024-03-05 12:00 | returns 1 x line 0 of #1 | -1',
    ],
  },
  {
    rule: 'E-RET-2',
    name: 'by weight',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys ham 1.5 x 30.00 | 30',
      '2024-03-05 10:00 | returns 0.25 x line 0 of #1 | -5',
      '2024-03-05 11:00 | returns 1.25 x line 0 of #1 | -25',
    ],
  },
  {
    rule: 'E-RET-2',
    name: 'a line given back in two lines of one return',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 3 x 10.00 | 10',
      '2024-03-05 10:00 | returns 1 x line 0 of #1, 2 x line 0 of #1 | -10',
    ],
  },
  {
    rule: 'E-RET-2',
    name: 'one return of two sales',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 4.00 | 4',
      '2024-03-04 11:00 | buys cake 6.00 | 6',
      '2024-03-05 10:00 | returns 1 x line 0 of #1, 1 x line 0 of #2 | -10',
    ],
  },
  {
    rule: 'E-RET-2',
    name: 'a line sold with quantity 0 is given back whole, once',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys deposit 0 x 5.00 | 5',
      '2024-03-05 10:00 | returns 0 x line 0 of #1 | -5',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | 0',
      '2024-03-05 12:00 | voids #1 | 0',
    ],
    ends: { balance: 0, lifetime: 0 },
  },
  {
    rule: 'E-RET-2',
    name: 'nothing of a line gives nothing back',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 4.00 | 4',
      '2024-03-05 10:00 | returns 0 x line 0 of #1 | 0',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | -4',
    ],
  },
  // E-RET-3: never more than was sold.
  {
    rule: 'E-RET-3',
    name: 'more pieces than sold take what was sold',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 2 x 10.00 | 10',
      '2024-03-05 10:00 | returns 5 x line 0 of #1 | -10',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | 0',
    ],
    ends: { balance: 0 },
  },
  {
    rule: 'E-RET-3',
    name: 'the same line again takes nothing',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 4.00 | 4',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -4',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | 0',
    ],
  },
  {
    rule: 'E-RET-3',
    name: 'no receipt, an unknown sale, a line it does not have',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 4.00 | 4',
      '2024-03-05 10:00 | returns 1 x tea without receipt | 0',
      '2024-03-05 11:00 | returns 1 x line 0 of #99 | 0',
      '2024-03-05 12:00 | returns 1 x line 7 of #1 | 0',
    ],
    ends: { balance: 4 },
  },
  {
    rule: 'E-RET-3',
    name: 'after a void nothing is left to take',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 4.00 | 4',
      '2024-03-04 10:05 | voids #1 | -4',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | 0',
    ],
    ends: { balance: 0 },
  },
  {
    rule: 'E-RET-3',
    name: 'a fact that is no sale',
    program: EARNING,
    story: ['2024-03-04 10:00 | is granted 40 | 40', '2024-03-05 11:00 | returns 1 x line 0 of #1 | 0'],
  },
  // E-RET-4: voids.
  {
    rule: 'E-RET-4',
    name: 'a void takes back a sale with its bonus',
    program: { ...EARNING, bonuses: [bonus({ kind: 'fixed', points: 50 })] },
    story: [
      '2024-03-04 10:00 | buys tea 4.00, cake 6.00 | 60',
      '2024-03-04 10:05 | voids #1 | -60 | 101:-10 201:-50',
    ],
    ends: { balance: 0, lifetime: 0 },
  },
  {
    rule: 'E-RET-4',
    name: 'what returns took already is not taken again',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 3 x 10.00, cake 6.00 | 16',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -3',
      '2024-03-05 11:00 | voids #1 | -13',
    ],
    ends: { balance: 0 },
  },
  {
    rule: 'E-RET-4',
    name: 'voiding twice takes once',
    program: EARNING,
    story: [
      '2024-03-04 10:00 | buys tea 4.00 | 4',
      '2024-03-04 10:05 | voids #1 | -4',
      '2024-03-04 10:06 | voids #1 | 0',
    ],
  },
  {
    rule: 'E-RET-4',
    name: 'check-ins and grants can be voided',
    program: { earn_perks: [fixed(5, { type: 'CHECKIN' })] },
    story: [
      '2024-03-04 10:00 | checks in | 5',
      '2024-03-04 10:05 | is granted 30 | 30',
      '2024-03-04 10:06 | voids #1 | -5',
      '2024-03-04 10:07 | voids #2 | -30',
    ],
    ends: { balance: 0, lifetime: 0 },
  },
  {
    rule: 'E-RET-4',
    name: 'an enrolment, a return, an adjustment, an unknown fact cannot',
    program: { earn_perks: [fixed(5, { type: 'REGISTRATION' })] },
    story: [
      '2024-03-04 09:00 | enrols | 5',
      '2024-03-04 10:00 | is adjusted by 9 | 9',
      '2024-03-04 11:00 | voids #2 | 0',
      '2024-03-04 12:00 | voids #88 | 0',
    ],
    ends: { balance: 14 },
  },
  // E-RET-5: points that are gone already.
  {
    rule: 'E-RET-5',
    name: 'spent points become a deficit that the next earning fills first',
    program: { ...EARNING, redeem_perks: [{ id: 301, title: 'Coffee', points: 8 }] },
    story: [
      '2024-03-04 10:00 | buys tea 10.00 | 10',
      '2024-03-04 11:00 | redeems 301 | -8',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -10',
      '2024-03-05 10:05 | asks for 301 | points_insufficient',
      '2024-03-05 11:00 | buys tea 15.00 | 15',
      '2024-03-05 12:00 | asks for 301 | points_insufficient',
      '2024-03-05 13:00 | buys tea 1.00 | 1',
      '2024-03-05 14:00 | asks for 301 | yes',
    ],
    ends: { balance: 8, lifetime: 16, spent: 8 },
  },
  // E-RET-6: order.
  {
    rule: 'E-RET-6',
    name: 'a return before its sale, by the clock, takes nothing',
    program: EARNING,
    story: ['2024-03-04 10:00 | returns 1 x line 0 of #2 | 0', '2024-03-04 11:00 | buys tea 4.00 | 4'],
    ends: { balance: 4 },
  },
  {
    rule: 'E-RET-6',
    name: 'a return that is known before its sale takes its points where it belongs',
    program: EARNING,
    story: ['2024-03-05 10:00 | returns 1 x line 0 of #2 | -4', '2024-03-04 11:00 | buys tea 4.00 | 4'],
    ends: { balance: 0 },
  },
]

test.each(CASES)('$rule $name', holds)

test('E-RET-2 a sale of a thousand lines, given back line by line, leaves nothing and never goes below', () => {
  const lines = Array.from(
    { length: 1_000 },
    (_, index) => `sku${index}/C${index % 5} 3 x ${(index % 13) + 1}.37`,
  )
  const document = program({
    earn_perks: [
      POINT_PER_POUND,
      { ...POINT_PER_POUND, id: 102, categories: ['C1', 'C2'] },
      fixed(33, { id: 104 }),
    ],
    bonuses: [
      bonus({ kind: 'multiplier', percent: 33 }, { perks: [102] }),
      bonus({ kind: 'fixed', points: 17 }, { id: 202 }),
    ],
  })
  const returns = Array.from({ length: 20 }, (_, part) => {
    const of = Array.from(
      { length: 50 },
      (_line, index) => `${part % 2 === 0 ? 3 : 2} x line ${part * 50 + index} of #1`,
    )
    return `2024-03-05 10:${String(part).padStart(2, '0')} | returns ${of.join(', ')} | 0`
  })
  const rest = Array.from({ length: 10 }, (_, part) => {
    const of = Array.from({ length: 50 }, (_line, index) => `1 x line ${(2 * part + 1) * 50 + index} of #1`)
    return `2024-03-06 10:${String(part).padStart(2, '0')} | returns ${of.join(', ')} | 0`
  })
  const told = tell(document, [`2024-03-04 10:00 | buys ${lines.join(', ')} | 0`, ...returns, ...rest])
  const sold = told[0]?.points ?? 0
  expect(sold).toBeGreaterThan(5_000)
  for (const { after, points } of told.slice(1)) {
    expect(points).toBeLessThanOrEqual(0)
    expect(after.balance).toBeGreaterThanOrEqual(0)
  }
  expect(told.at(-1)?.after.balance).toBe(0)
  expect(told.at(-1)?.after.lifetime).toBe(0)
})
