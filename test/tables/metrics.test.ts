// E-MET-1, 9 to 11: what is collected beside points, and what was earned in a window.
import { expect, test } from 'vitest'
import type { WindowDocument } from '../../cloud/evaluation/document/conditions.ts'
import { figures } from '../../cloud/evaluation/metrics/figures.ts'
import { earnedIn } from '../../cloud/evaluation/metrics/metrics.ts'
import { localDay } from '../../protocol/time.ts'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const STAMP = {
  id: 102,
  title: 'A stamp per coffee',
  type: 'STANDARD',
  award: { kind: 'per_item', points: 1 },
  categories: ['COFFEE'],
  metric: 7,
} as const
const STAMPS = {
  earn_perks: [POINT_PER_POUND, STAMP],
  metrics: [{ id: 7, name: 'Stamps', expiry: { kind: 'rolling', after: { days: 10 } } }],
  redeem_perks: [{ id: 301, title: 'A free coffee', points: 2, metric: 7 }],
}

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-MET-1',
    name: 'one sale earns points and stamps, each into its own account',
    program: STAMPS,
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 3 x 9.00, tea 2.50 | earn 101 11, earn 102 3 of metric 7, tier 1',
    ],
    ends: {
      0: 'balance 11, pending 0, lifetime 11, spent 0, 11 for ever',
      7: 'balance 3, pending 0, lifetime 3, spent 0, 3 until 2024-03-14',
    },
  },
  {
    rule: 'E-MET-1',
    name: 'stamps expire, points stay',
    program: STAMPS,
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 9, earn 102 3 of metric 7, tier 1',
      '2024-03-15 10:00 | time passes | expire 7 -3 of metric 7',
    ],
    ends: {
      0: 'balance 9, pending 0, lifetime 9, spent 0, 9 for ever',
      7: 'balance 0, pending 0, lifetime 3, spent 0',
    },
  },
  {
    rule: 'E-MET-1',
    name: 'a perk that costs stamps leaves the points alone, and gives the stamps back when it is cancelled',
    program: STAMPS,
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 9, earn 102 3 of metric 7, tier 1',
      '2024-03-05 10:00 | reserves 301 | spend 301 -2 of metric 7',
      '2024-03-06 10:00 | cancels 301 of #2 | given_back 301 1, restore 301 2 of metric 7',
      '2024-03-07 10:00 | redeems 301 | spend 301 -2 of metric 7',
    ],
    ends: {
      0: 'balance 9, pending 0, lifetime 9, spent 0, 9 for ever',
      7: 'balance 1, pending 0, lifetime 3, spent 2, 1 until 2024-03-14',
    },
  },
  {
    rule: 'E-MET-1',
    name: 'a return takes from each metric what it gave; a metric that is spent is left with a deficit of its own (E-RET-5)',
    program: STAMPS,
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 9, earn 102 3 of metric 7, tier 1',
      '2024-03-05 10:00 | redeems 301 | spend 301 -2 of metric 7',
      '2024-03-06 10:00 | returns 2 x line 0 of #1 | reverse 101 -6, reverse 102 -2 of metric 7',
      '2024-03-07 10:00 | buys flat/COFFEE 2 x 6.00 | earn 101 6, earn 102 2 of metric 7',
    ],
    ends: {
      0: 'balance 9, pending 0, lifetime 9, spent 0, 9 for ever',
      7: 'balance 1, pending 0, lifetime 3, spent 2, 1 until 2024-03-17',
    },
  },
  {
    rule: 'E-MET-1',
    name: 'a void takes all of it',
    program: STAMPS,
    story: [
      '2024-03-04 10:00 | buys flat/COFFEE 3 x 9.00 | earn 101 9, earn 102 3 of metric 7, tier 1',
      '2024-03-06 10:00 | voids #1 | reverse 101 -9, reverse 102 -3 of metric 7',
    ],
    ends: {
      0: 'balance 0, pending 0, lifetime 0, spent 0',
      7: 'balance 0, pending 0, lifetime 0, spent 0',
    },
  },
]

test.each(CASES)('$rule $name', comesTo)

const KEPT = { earn_perks: [POINT_PER_POUND], points: { history_days: 366 } }

/** What a window holds on the local day of the last row. */
function earned(window: WindowDocument, story: readonly string[], parts: object = KEPT): number {
  const last = tell(program({ ...parts }), story).at(-1)
  if (last?.fact === undefined || last.fact === null) throw new Error('the story ends with a fact')
  const { at, offset } = last.fact
  return earnedIn(last.after, 0, window, dayOf({ at, offset }))
}

function dayOf({ at, offset }: { at: number; offset: number }): number {
  return localDay(Math.floor(at / 4096) + Date.UTC(2020, 0, 1), offset)
}

const WINDOWS: readonly [name: string, window: WindowDocument, story: readonly string[], earned: number][] = [
  [
    'a day ends at midnight',
    { kind: 'day' },
    ['2024-03-04 23:59 | is granted 5', '2024-03-05 00:00 | is granted 2'],
    2,
  ],
  [
    'rolling: today is one of the days',
    { kind: 'rolling', days: 3 },
    ['2024-03-01 12:00 | is granted 1', '2024-03-02 12:00 | is granted 2', '2024-03-04 12:00 | is granted 4'],
    6,
  ],
  [
    'a calendar month begins on its first',
    { kind: 'calendar_month' },
    ['2024-02-29 23:59 | is granted 1', '2024-03-01 00:00 | is granted 2', '2024-03-31 12:00 | is granted 4'],
    6,
  ],
  [
    'a calendar year begins on 1 January',
    { kind: 'calendar_year' },
    ['2023-12-31 23:59 | is granted 1', '2024-01-01 00:00 | is granted 2', '2024-12-31 12:00 | is granted 4'],
    6,
  ],
  [
    'a year of membership begins on its anniversary',
    { kind: 'membership_year' },
    [
      '2023-03-10 12:00 | enrols',
      '2024-03-09 12:00 | is granted 1',
      '2024-03-10 12:00 | is granted 2',
      '2024-03-11 12:00 | is granted 4',
    ],
    6,
  ],
  [
    'who enrolled on the leap day has the 28th in other years',
    { kind: 'membership_year' },
    [
      '2024-02-29 12:00 | enrols',
      '2025-02-27 12:00 | is granted 1',
      '2025-02-28 12:00 | is granted 2',
      '2025-03-01 12:00 | is granted 4',
    ],
    6,
  ],
  [
    "without an enrolment the year is the calendar's",
    { kind: 'membership_year' },
    ['2023-12-31 12:00 | is granted 1', '2024-01-01 12:00 | is granted 2'],
    2,
  ],
  [
    'a lifetime is never over',
    { kind: 'lifetime' },
    ['2020-12-31 12:00 | is granted 1', '2024-01-01 12:00 | is granted 2'],
    3,
  ],
]

test.each(WINDOWS)('E-MET-10 %s', (_, window, story, expected) => {
  expect(earned(window, story)).toBe(expected)
})

test('E-MET-9 what is taken back lowers the day it was earned on, not today', () => {
  const story = [
    '2024-03-04 10:00 | buys tea 7.00',
    '2024-03-05 10:00 | buys tea 4.00',
    '2024-03-06 10:00 | voids #1',
  ]
  expect(earned({ kind: 'rolling', days: 3 }, story)).toBe(4)
  expect(earned({ kind: 'rolling', days: 2 }, story)).toBe(4)
  expect(earned({ kind: 'day' }, story)).toBe(0)
})

test('E-MET-9 days are kept as long as the longest window asks, and not longer', () => {
  const story = ['2024-03-04 10:00 | is granted 7', '2024-03-20 10:00 | is granted 4']
  const daysKept = (points: object): number =>
    (tell(program({ points }), story).at(-1)?.after.more?.days.length ?? 0) / 3
  expect(daysKept({ history_days: 30 })).toBe(2)
  expect(daysKept({ history_days: 10 })).toBe(1)
  expect(daysKept({ pending_days: 1 })).toBe(0)
})

test('E-MET-9 spending, adjusting and expiring are not earning', () => {
  const parts = {
    points: { history_days: 30, expiry: { kind: 'rolling', after: { days: 3 } } },
    redeem_perks: [{ id: 301, title: 'Treat', points: 2 }],
  }
  const story = [
    '2024-03-04 10:00 | is granted 7',
    '2024-03-05 10:00 | redeems 301',
    '2024-03-05 11:00 | is adjusted by 40',
    '2024-03-20 10:00 | time passes',
  ]
  expect(earned({ kind: 'rolling', days: 30 }, story, parts)).toBe(7)
})

test('E-MET-11 the figures of a metric', () => {
  const document = program({
    points: { history_days: 366, pending_days: 2 },
    earn_perks: [POINT_PER_POUND],
    redeem_perks: [{ id: 301, title: 'Treat', points: 30 }],
  })
  const last = tell(document, [
    '2022-06-01 10:00 | is granted 100',
    '2023-06-01 10:00 | is granted 50',
    '2024-01-02 10:00 | is granted 20',
    '2024-03-01 10:00 | is granted 10',
    '2024-03-09 10:00 | redeems 301',
    '2024-03-10 10:00 | buys tea 5.00',
  ]).at(-1)
  const fact = last?.fact ?? null
  if (fact === null || last === undefined) throw new Error('the story ends with a sale')
  const inForce = programsOf(document).program(fact.at)
  expect(figures(inForce, last.after, 0, dayOf(fact))).toEqual({
    balance: 150,
    pending: 5,
    life_time: 185,
    redeem_total: 30,
    today: 5,
    mtd: 15,
    last_30d: 15,
    ytd: 35,
    last_12mo: 85,
  })
})

test('E-MET-11 figures of days that are not kept are not made up', () => {
  const document = program({ points: { history_days: 30 } })
  const last = tell(document, ['2024-03-01 10:00 | is granted 10']).at(-1)
  const fact = last?.fact ?? null
  if (fact === null || last === undefined) throw new Error('the story ends with a grant')
  const told = figures(programsOf(document).program(fact.at), last.after, 0, dayOf(fact))
  expect(told).toMatchObject({ balance: 10, today: 10, last_30d: 10, mtd: null, ytd: null, last_12mo: null })
})
