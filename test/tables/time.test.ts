// E-TIME: what falls due by itself, in which order, and when next.
import { expect, test } from 'vitest'
import { nextDue } from '../../cloud/evaluation/time/time.ts'
import type { AccountCase } from './account.ts'
import { comesTo, documentOf } from './account.ts'
import { POINT_PER_POUND, programsOf, tell } from './story.ts'

const TIERS = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  {
    id: 2,
    name: 'Silver',
    reach: { match: 'all', of: [{ metric: 0, at_least: 10, window: { kind: 'rolling', days: 5 } }] },
  },
]
const ALL_AT_ONCE = {
  earn_perks: [
    POINT_PER_POUND,
    { id: 104, title: 'Birthday', type: 'BIRTHDAY', award: { kind: 'fixed', points: 3 } },
  ],
  points: { pending_days: 5, warn_days: 2, expiry: { kind: 'rolling', after: { days: 4 } } },
}

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-TIME-1',
    name: 'in the order of instants: warned before expired, whatever metric',
    program: {
      earn_perks: [POINT_PER_POUND, { ...POINT_PER_POUND, id: 102, metric: 7 }],
      points: { warn_days: 2, expiry: { kind: 'rolling', after: { days: 10 } } },
      metrics: [{ id: 7, name: 'Miles', warn_days: 1, expiry: { kind: 'rolling', after: { days: 9 } } }],
    },
    story: [
      '2024-03-04 10:00 | buys tea 5.00 | earn 101 5, earn 102 5 of metric 7, tier 1',
      '2024-05-04 10:00 | time passes | expiry_warning 5, expiry_warning 7 5 of metric 7, expire 7 -5 of metric 7, expire -5',
    ],
  },
  {
    rule: 'E-TIME-1',
    name: 'at one instant: released, warned of, expired',
    program: ALL_AT_ONCE,
    story: [
      '2024-03-04 10:00 | buys tea 5.00 | earn 101 5, tier 1',
      '2024-03-09 10:00 | time passes | release 5, expiry_warning 5, expire -5',
    ],
  },
  {
    rule: 'E-TIME-1',
    name: 'what fell due happens before the fact itself: it cannot spend what has expired',
    program: {
      points: { expiry: { kind: 'rolling', after: { days: 4 } } },
      redeem_perks: [{ id: 301, title: 'Treat', points: 5 }],
    },
    story: [
      '2024-03-04 10:00 | is granted 8 | grant 8, tier 1',
      '2024-03-09 10:00 | redeems 301 | expire -8, spend 301 -5',
    ],
    ends: { 0: 'balance -5, pending 0, lifetime 8, spent 5' },
  },
  {
    rule: 'E-TIME-1',
    name: 'a late fact comes before what fell due after it',
    program: {
      points: { expiry: { kind: 'sliding', after: { days: 4 } } },
    },
    story: [
      '2024-03-04 10:00 | is granted 8 | grant 8, tier 1',
      '2024-03-12 10:00 | time passes | -',
      '2024-03-08 10:00 | is granted 1 | grant 1',
    ],
    ends: { 0: 'balance 9, pending 0, lifetime 9, spent 0, 9 until 2024-03-12' },
  },
  {
    rule: 'E-TIME-1',
    name: 'what time brings with a fact is not its own: neither part of its promise (E-PROM-1), nor taken back with it',
    program: {
      lateness: 'honour',
      goodwill_points_max: 100,
      earn_perks: [
        POINT_PER_POUND,
        { id: 104, title: 'Birthday', type: 'BIRTHDAY', award: { kind: 'fixed', points: 3 } },
      ],
    },
    story: [
      '2024-01-04 10:00 | enrols | tier 1',
      '2024-01-04 11:00 | tells birthday 1990-03-05 | -',
      '2024-03-06 10:00 | buys tea 5.00 promised 8 | earn 104 3, earn 101 5, goodwill 3',
      '2024-03-07 10:00 | voids #3 | reverse 101 -5',
    ],
    ends: { 0: 'balance 3, pending 0, lifetime 3, spent 0, 3 for ever' },
  },
  {
    rule: 'E-TIME-4',
    name: 'a fact of a suspect clock lets nothing fall due, however late it says it is',
    program: { points: { expiry: { kind: 'sliding', after: { days: 4 } } } },
    story: [
      '2024-03-04 10:00 | is granted 8 | grant 8, tier 1',
      '2036-03-12 10:00 | is granted 1 by an unsure clock | grant 1',
    ],
    ends: { 0: 'balance 9, pending 0, lifetime 9, spent 0, 9 until 2036-03-16' },
  },
]

test.each(CASES)('$rule $name', comesTo)

/** The next instant after the story, in UTC. */
function dueAfter(parts: AccountCase['program'], story: readonly string[], offset = 0): string {
  const document = documentOf(parts)
  const last = tell(document, story).at(-1)
  if (last?.fact === undefined || last.fact === null) throw new Error('the story ends with a fact')
  const due = nextDue(programsOf(document).program(last.fact.at), last.after, offset)
  return due === Infinity ? 'never' : new Date(due).toISOString().slice(0, 16)
}

const DUE: readonly [name: string, parts: AccountCase['program'], story: readonly string[], due: string][] = [
  ['nothing: points that never expire', {}, ['2024-03-04 10:00 | is granted 5'], 'never'],
  ['the warning, then the expiry', ALL_AT_ONCE, ['2024-03-04 10:00 | is granted 5'], '2024-03-07T00:00'],
  [
    'the expiry, once warned',
    ALL_AT_ONCE,
    ['2024-03-04 10:00 | is granted 5', '2024-03-07 00:00 | time passes'],
    '2024-03-09T00:00',
  ],
  [
    'the release',
    { ...ALL_AT_ONCE, points: { pending_days: 3 } },
    ['2024-03-04 10:00 | buys tea 5.00'],
    '2024-03-07T00:00',
  ],
  [
    'the end of a tier',
    { tiers: TIERS, tier_period: { lasts: { kind: 'calendar_year' }, downgrade: 'recompute' } },
    ['2024-03-04 10:00 | is granted 10'],
    '2025-01-01T00:00',
  ],
  [
    'the day on which a window no longer holds',
    { tiers: TIERS },
    ['2024-03-04 10:00 | is granted 6', '2024-03-06 10:00 | is granted 6'],
    '2024-03-09T00:00',
  ],
  [
    'not the day on which it holds less, but enough',
    { tiers: TIERS },
    ['2024-03-04 10:00 | is granted 6', '2024-03-06 10:00 | is granted 10'],
    '2024-03-11T00:00',
  ],
]

test.each(DUE)('E-TIME-2 next: %s', (_, parts, story, due) => {
  expect(dueAfter(parts, story)).toBe(due)
})

test('E-TIME-2 days of windows are those of who brings the time', () => {
  expect(dueAfter({ tiers: TIERS }, ['2024-03-04 10:00 | is granted 10'], 60)).toBe('2024-03-08T23:00')
})
