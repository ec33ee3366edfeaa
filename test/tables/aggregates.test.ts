// E-AGG: a member's figures, as they stand after each row on that row's local day.
import { expect, test } from 'vitest'
import { aggregateOf } from '../../cloud/evaluation/reactions/aggregates.ts'
import type { RuleId } from '../../protocol/ids.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import { documentOf, question } from './account.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

type Windowed = Readonly<Record<string, unknown>>
const NAMES: Readonly<Record<string, readonly [id: number, of: string]>> = {
  spend: [981, 'total_spend'],
  orders: [982, 'order_count'],
  average: [983, 'average_transaction_value'],
  visits: [984, 'visit_count'],
  earned: [985, 'points_earned'],
  last: [986, 'last_visit_days'],
}
const withWindow = (window: Windowed | undefined) => ({
  tiers: [],
  earn_perks: [POINT_PER_POUND],
  aggregates: Object.values(NAMES).map(([id, of]) => ({
    id,
    name: of,
    of,
    ...(window === undefined ? {} : { window }),
  })),
})

interface Case {
  readonly rule: string
  readonly name: string
  readonly program: Readonly<Record<string, unknown>>
  /** `when | what | spend 10.00, orders 1`: of the figures those that are looked at. */
  readonly story: readonly string[]
}

const CASES: readonly Case[] = [
  {
    rule: 'E-AGG-1',
    name: 'ever: sums of all sales, and of all visits',
    program: withWindow(undefined),
    story: [
      '2024-03-04 10:00 | buys tea 3.00 | spend 300, orders 1, average 300, visits 1, earned 3, last 0',
      '2024-03-04 11:00 | buys tea 4.01 | spend 701, orders 2, average 350, visits 2, earned 7, last 0',
      '2024-03-06 10:00 | checks in | spend 701, orders 2, average 350, visits 3, earned 7, last 0',
      '2024-03-09 10:00 | time passes | spend 701, visits 3, last 3',
    ],
  },
  {
    rule: 'E-AGG-1',
    name: 'nothing is nothing, and no visit has no day',
    program: withWindow(undefined),
    story: ['2024-03-04 10:00 | is granted 5 | spend 0, orders 0, average 0, visits 0, earned 5, last none'],
  },
  {
    rule: 'E-AGG-1',
    name: 'the last three local days',
    program: withWindow({ kind: 'rolling', days: 3 }),
    story: [
      '2024-03-04 23:59 | buys tea 3.00 | spend 300, orders 1, visits 1, earned 3',
      '2024-03-06 23:59 | buys tea 1.00 | spend 400, orders 2, average 200, visits 2, earned 4',
      '2024-03-07 00:00 | time passes | spend 100, orders 1, average 100, visits 1, earned 1',
      '2024-03-09 00:00 | time passes | spend 0, orders 0, average 0, visits 0, earned 0, last 3',
    ],
  },
  {
    rule: 'E-AGG-1',
    name: 'this calendar month, by the clock of the store',
    program: withWindow({ kind: 'calendar_month' }),
    story: [
      '2024-03-31 23:30 | buys tea 3.00 | spend 300, orders 1',
      '2024-04-01 00:45 Berlin | buys tea 1.00 | spend 100, orders 1',
    ],
  },
  {
    rule: 'E-AGG-1',
    name: 'the year of membership starts on the anniversary',
    program: withWindow({ kind: 'membership_year' }),
    story: [
      '2023-05-10 10:00 | enrols | spend 0',
      '2024-05-09 10:00 | buys tea 3.00 | spend 300, orders 1',
      '2024-05-10 10:00 | buys tea 2.00 | spend 200, orders 1',
    ],
  },
  {
    rule: 'E-AGG-2',
    name: 'a return lowers the spend by line, and the count when nothing is left; the visit stays',
    program: withWindow(undefined),
    story: [
      '2024-03-04 10:00 | buys tea 3 x 10.00, cake 5.00 | spend 1500, orders 1',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | spend 1167, orders 1',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | spend 834, orders 1',
      '2024-03-05 12:00 | returns 5 x line 0 of #1 | spend 500, orders 1, average 500',
      '2024-03-05 13:00 | returns 1 x line 1 of #1 | spend 0, orders 0, average 0, visits 1, last 1',
      '2024-03-05 14:00 | returns 1 x line 1 of #1 | spend 0, orders 0',
    ],
  },
  {
    rule: 'E-AGG-2',
    name: 'it lowers the day of the sale, not of the return',
    program: withWindow({ kind: 'day' }),
    story: [
      '2024-03-04 10:00 | buys tea 2 x 10.00 | spend 1000',
      '2024-03-04 11:00 | returns 1 x line 0 of #1 | spend 500',
      '2024-03-05 10:00 | buys tea 3.00 | spend 300, orders 1',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | spend 300, orders 1',
    ],
  },
  {
    rule: 'E-AGG-2',
    name: 'a void takes what returns have left, once',
    program: withWindow(undefined),
    story: [
      '2024-03-04 10:00 | buys tea 3.00 | spend 300, orders 1',
      '2024-03-04 10:30 | buys tea 2 x 10.00 | spend 1300, orders 2',
      '2024-03-05 10:00 | returns 1 x line 0 of #2 | spend 800, orders 2',
      '2024-03-05 11:00 | voids #2 | spend 300, orders 1, visits 2',
      '2024-03-05 12:00 | voids #2 | spend 300, orders 1',
      '2024-03-05 13:00 | returns 1 x line 0 of #2 | spend 300, orders 1',
    ],
  },
  {
    rule: 'E-AGG-2',
    name: 'a return without a receipt is no order’s',
    program: withWindow(undefined),
    story: [
      '2024-03-04 10:00 | buys tea 3.00 | spend 300, orders 1',
      '2024-03-05 10:00 | returns 1 x tea without receipt | spend 300, orders 1',
    ],
  },
]

test('E-AGG-1 what was earned of another metric, in its window', () => {
  const document = program({
    metrics: [{ id: 7, name: 'Stamps' }],
    earn_perks: [
      { id: 102, title: 'Stamp', type: 'CHECKIN', award: { kind: 'fixed', points: 1 }, metric: 7 },
    ],
    aggregates: [
      {
        id: 981,
        name: 'Stamps of a week',
        of: 'points_earned',
        metric: 7,
        window: { kind: 'rolling', days: 7 },
      },
      { id: 982, name: 'Stamps ever', of: 'points_earned', metric: 7 },
    ],
  })
  const last = tell(document, [
    '2024-03-01 10:00 | checks in',
    '2024-03-08 10:00 | checks in',
    '2024-03-09 10:00 | checks in',
  ]).at(-1)
  const fact = last?.fact ?? null
  const known = fact === null ? null : programsOf(document).program(fact.at)
  if (last === undefined || fact === null || known === null) throw new Error('the story ends with a fact')
  const day = localDay(millisOf(fact.at), fact.offset)
  expect([981, 982].map((id) => aggregateOf(known, last.after, id as RuleId, day))).toEqual([2, 3])
})

/** The rows with the figures they name as they really are. */
function figured({ program: parts, story }: Case): string[] {
  const document = program(parts)
  const inForce = programsOf(document)
  return tell(document, story.map(question)).map(({ row, fact, after }, index) => {
    if (fact === null) throw new Error('every row is a fact')
    const known = inForce.program(fact.at)
    if (known === null) throw new Error('a program is in force')
    const asked = story[index]?.split('|')[2] ?? ''
    const figures = asked.split(',').map((text) => {
      const [name = ''] = text.trim().split(' ')
      const id = (NAMES[name]?.[0] ?? 0) as RuleId
      const day = localDay(millisOf(fact.at), fact.offset)
      return `${name} ${aggregateOf(known, after, id, day) ?? 'none'}`
    })
    return `${row} | ${figures.join(', ')}`
  })
}

test.each(CASES)('$rule $name', (shown) => {
  expect(figured(shown)).toEqual(shown.story)
})

test('E-AGG-2 days that no window reaches are forgotten, by the day of the visit alone', () => {
  const document = documentOf(withWindow({ kind: 'rolling', days: 3 }))
  const story = Array.from({ length: 40 }, (_, day) => `2024-03-0${(day % 9) + 1} 10:00 | buys tea 1.00`)
  const later = Array.from({ length: 9 }, (_, day) => `2024-04-1${day} 10:00 | buys tea 1.00`)
  const days = tell(document, [...story, ...later]).at(-1)?.after.more?.visits ?? []
  expect(days.length / 4).toBeLessThanOrEqual(5)
  expect(days.length / 4).toBeGreaterThanOrEqual(3)
})
