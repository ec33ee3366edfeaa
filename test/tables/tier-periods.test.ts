// E-TIER-1, 3 to 7: tiers reached by thresholds, kept for a period, and what comes with entering and goes with leaving them.
import { expect, test } from 'vitest'
import { tierProgress } from '../../cloud/evaluation/tiers/tier-progress.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import type { AccountCase } from './account.ts'
import { comesTo, documentOf, lastDayText } from './account.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const FLOORS = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 100 },
  { id: 3, name: 'Gold', point_floor: 300 },
]
const overYear = (at_least: number, kind: 'calendar_year' | 'membership_year' = 'calendar_year'): object => ({
  match: 'all',
  of: [{ metric: 0, at_least, window: { kind } }],
})
/** What was earned in the calendar year. */
const YEARLY = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  { id: 2, name: 'Silver', reach: overYear(100) },
  { id: 3, name: 'Gold', reach: overYear(300) },
]
const ROLLING = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  {
    id: 2,
    name: 'Silver',
    reach: { match: 'all', of: [{ metric: 0, at_least: 100, window: { kind: 'rolling', days: 30 } }] },
  },
]
const calendarYear = (extra_years: number, downgrade: string): Readonly<Record<string, unknown>> => ({
  tiers: YEARLY,
  tier_period: { lasts: { kind: 'calendar_year', extra_years }, downgrade },
})

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-TIER-1',
    name: 'all thresholds must be reached, of points and of visits',
    program: {
      earn_perks: [
        { id: 103, title: 'Visit', type: 'CHECKIN', award: { kind: 'fixed', points: 1 }, metric: 7 },
      ],
      metrics: [{ id: 7, name: 'Visits' }],
      tiers: [
        { id: 1, name: 'Bronze', point_floor: 0 },
        {
          id: 2,
          name: 'Silver',
          reach: {
            match: 'all',
            of: [
              { metric: 0, at_least: 10 },
              { metric: 7, at_least: 2 },
            ],
          },
        },
      ],
    },
    story: [
      '2024-03-04 10:00 | is granted 10 | grant 10, tier 1',
      '2024-03-05 10:00 | checks in | earn 103 1 of metric 7',
      '2024-03-06 10:00 | checks in | earn 103 1 of metric 7, tier 2',
    ],
  },
  {
    rule: 'E-TIER-1',
    name: 'one of any thresholds is enough',
    program: {
      tiers: [
        { id: 1, name: 'Bronze', point_floor: 0 },
        {
          id: 2,
          name: 'Silver',
          reach: {
            match: 'any',
            of: [
              { metric: 0, at_least: 1000 },
              { metric: 0, at_least: 10, window: { kind: 'day' } },
            ],
          },
        },
      ],
    },
    story: [
      '2024-03-04 10:00 | is granted 9 | grant 9, tier 1',
      '2024-03-05 10:00 | is granted 9 | grant 9',
      '2024-03-05 11:00 | is granted 1 | grant 1, tier 2',
    ],
  },
  {
    rule: 'E-TIER-3',
    name: 'without a period a tier lasts as long as its window holds, and falls when time passes',
    program: { tiers: ROLLING },
    story: [
      '2024-03-04 10:00 | is granted 60 | grant 60, tier 1',
      '2024-03-10 10:00 | is granted 60 | grant 60, tier 2',
      '2024-04-02 23:59 | time passes | -',
      '2024-04-03 00:00 | time passes | tier 1',
    ],
  },
  {
    rule: 'E-TIER-3',
    name: 'a fact that falls and rises tells nothing',
    program: { tiers: ROLLING },
    story: [
      '2024-03-04 10:00 | is granted 100 | grant 100, tier 2',
      '2024-05-04 10:00 | is granted 100 | grant 100',
    ],
    tier: 2,
  },
  {
    rule: 'E-TIER-4',
    name: 'rising is at once; until the end of the year the tier does not fall, not even by a return',
    program: { earn_perks: [POINT_PER_POUND], ...calendarYear(0, 'recompute') },
    story: [
      '2024-03-04 10:00 | buys tea 120.00 | earn 101 120, tier 2',
      '2024-03-05 10:00 | voids #1 | reverse 101 -120',
      '2024-12-31 23:59 | time passes | -',
      '2025-01-01 00:00 | time passes | tier 1',
    ],
  },
  {
    rule: 'E-TIER-4',
    name: 'an extra year',
    program: calendarYear(1, 'recompute'),
    story: [
      '2024-03-04 10:00 | is granted 120 | grant 120, tier 2',
      '2025-12-31 23:59 | time passes | -',
      '2026-01-01 00:00 | time passes | tier 1',
    ],
  },
  {
    rule: 'E-TIER-4',
    name: 'a year of membership ends the day before the anniversary',
    program: {
      tiers: [FLOORS[0], { id: 2, name: 'Silver', reach: overYear(100, 'membership_year') }],
      tier_period: { lasts: { kind: 'membership_year' }, downgrade: 'recompute' },
    },
    story: [
      '2024-02-10 10:00 | enrols | tier 1',
      '2024-03-04 10:00 | is granted 120 | grant 120, tier 2',
      '2025-02-10 00:00 | time passes | -',
      '2026-02-09 23:59 | time passes | -',
      '2026-02-10 00:00 | time passes | tier 1',
    ],
  },
  {
    rule: 'E-TIER-4',
    name: 'a span from the day it was reached; a higher tier begins its own',
    program: {
      tiers: ROLLING.concat({
        id: 3,
        name: 'Gold',
        reach: { match: 'all', of: [{ metric: 0, at_least: 200, window: { kind: 'rolling', days: 30 } }] },
      }),
      tier_period: { lasts: { kind: 'span', after: { days: 10 } }, downgrade: 'one_step' },
    },
    story: [
      '2024-01-01 10:00 | is granted 100 | grant 100, tier 2',
      '2024-01-05 10:00 | is granted 100 | grant 100, tier 3',
      '2024-01-16 10:00 | time passes | -',
      '2024-03-01 10:00 | time passes | tier 1',
    ],
  },
  {
    rule: 'E-TIER-5',
    name: 'what reaches it keeps it, looked at on the last day: next year again',
    program: calendarYear(1, 'recompute'),
    story: [
      '2024-03-04 10:00 | is granted 120 | grant 120, tier 2',
      '2025-06-04 10:00 | is granted 100 | grant 100',
      '2026-12-31 10:00 | time passes | -',
      '2027-01-01 10:00 | time passes | tier 1',
    ],
  },
  {
    rule: 'E-TIER-5',
    name: 'keeping may ask for less than reaching',
    program: {
      tiers: [FLOORS[0], { id: 2, name: 'Silver', reach: overYear(100), keep: overYear(40) }],
      tier_period: { lasts: { kind: 'calendar_year' }, downgrade: 'recompute' },
    },
    story: [
      '2024-03-04 10:00 | is granted 45 | grant 45, tier 1',
      '2024-04-04 10:00 | is granted 60 | grant 60, tier 2',
      '2025-04-04 10:00 | is granted 40 | grant 40',
      '2026-01-01 10:00 | time passes | -',
      '2027-01-01 10:00 | time passes | tier 1',
    ],
  },
  {
    rule: 'E-TIER-5',
    name: 'one step down, and another a year later',
    program: calendarYear(0, 'one_step'),
    story: [
      '2024-03-04 10:00 | is granted 300 | grant 300, tier 3',
      '2025-01-01 00:00 | time passes | -',
      '2026-01-01 00:00 | time passes | tier 2',
      '2027-01-01 00:00 | time passes | tier 1',
      '2031-01-01 00:00 | time passes | -',
    ],
  },
  {
    rule: 'E-TIER-5',
    name: 'recompute: whatever is due then, at once',
    program: calendarYear(0, 'recompute'),
    story: [
      '2024-03-04 10:00 | is granted 300 | grant 300, tier 3',
      '2025-03-04 10:00 | is granted 20 | grant 20',
      '2026-01-01 00:00 | time passes | tier 1',
    ],
  },
  {
    rule: 'E-TIER-5',
    name: 'several periods that passed unseen happen one after the other',
    program: calendarYear(0, 'one_step'),
    story: [
      '2024-03-04 10:00 | is granted 300 | grant 300, tier 3',
      '2029-03-04 10:00 | time passes | tier 1',
    ],
  },
  {
    rule: 'E-TIER-6',
    name: 'points for every tier passed; they count, and may reach the next',
    program: {
      tiers: [
        { id: 1, name: 'Bronze', point_floor: 0 },
        { id: 2, name: 'Silver', point_floor: 100, entry_points: 20 },
        { id: 3, name: 'Gold', point_floor: 130, entry_points: 5 },
      ],
    },
    story: ['2024-03-04 10:00 | is granted 110 | grant 110, tier_points 2 20, tier_points 3 5, tier 3'],
    ends: { 0: 'balance 135, pending 0, lifetime 135, spent 0, 135 for ever' },
  },
  {
    rule: 'E-TIER-6',
    name: 'points come again after a time below; they are not taken back with the fact',
    program: { tiers: [FLOORS[0], { id: 2, name: 'Silver', point_floor: 100, entry_points: 20 }] },
    story: [
      '2024-03-04 10:00 | is granted 100 | grant 100, tier_points 2 20, tier 2',
      '2024-03-05 10:00 | voids #1 | reverse -100, tier 1',
      '2024-03-06 10:00 | is granted 80 | grant 80, tier_points 2 20, tier 2',
    ],
    ends: { 0: 'balance 120, pending 0, lifetime 120, spent 0, 120 for ever' },
  },
  {
    rule: 'E-TIER-6',
    name: 'leaving a tier cancels what was given for it, used ones are used',
    program: {
      tiers: [
        { id: 1, name: 'Bronze', point_floor: 0 },
        { id: 2, name: 'Silver', point_floor: 100, entry_perk: 302, exit_cancels: [302, 303] },
        { id: 3, name: 'Gold', point_floor: 200, entry_perk: 303 },
      ],
      redeem_perks: [
        { id: 302, title: 'Lounge', points: 0, voucher: {} },
        { id: 303, title: 'Valet', points: 0, voucher: {} },
      ],
    },
    story: [
      '2024-03-04 10:00 | is granted 200 | grant 200, voucher_issued 302 1, voucher_issued 303 1, tier 3',
      '2024-03-05 10:00 | uses voucher 303 of tier 3 | voucher_used 303 1',
      '2024-03-06 10:00 | voids #1 | reverse -200, entitlement 302 cancelled, tier 1',
    ],
  },
]

test.each(CASES)('$rule $name', comesTo)

function progressAfter(parts: AccountCase['program'], story: readonly string[]): unknown {
  const document = documentOf(parts)
  const last = tell(document, story).at(-1)
  const fact = last?.fact ?? null
  const inForce = fact === null ? null : programsOf(document).program(fact.at)
  if (last === undefined || fact === null || inForce === null) throw new Error('the story ends with a fact')
  const { next, keep } = tierProgress(inForce, last.after, localDay(millisOf(fact.at), fact.offset))
  const missing = (of: NonNullable<typeof next>): string =>
    `${of.tier.name}: ${of.thresholds.map((one) => `${one.missing} of ${one.atLeast}`).join(` ${of.match} `)}`
  return {
    next: next === null ? null : missing(next),
    keep: keep === null ? null : `${missing(keep)} until ${lastDayText(keep.until)}`,
  }
}

test('E-TIER-7 what is missing to the next tier', () => {
  const story = ['2024-03-04 10:00 | is granted 30']
  expect(progressAfter({ tiers: FLOORS }, story)).toEqual({ next: 'Silver: 70 of 100', keep: null })
  expect(progressAfter({ tiers: FLOORS.slice(0, 1) }, story)).toEqual({ next: null, keep: null })
})

test('E-TIER-7 what is missing to keep the present one counts what will count on its last day', () => {
  const story = ['2024-03-04 10:00 | is granted 110', '2024-05-04 10:00 | time passes']
  expect(progressAfter(calendarYear(0, 'recompute'), story)).toEqual({
    next: 'Gold: 190 of 300',
    keep: 'Silver: 0 of 100 until 2024-12-31',
  })
  expect(progressAfter(calendarYear(1, 'recompute'), story)).toEqual({
    next: 'Gold: 190 of 300',
    keep: 'Silver: 100 of 100 until 2025-12-31',
  })
})

test('E-TIER-3 another version without a period takes the end away', () => {
  const after = tell(
    [
      ['2024-01-01 00:00', program(calendarYear(0, 'recompute'))],
      ['2024-06-01 00:00', program({ tiers: YEARLY })],
    ],
    ['2024-03-04 10:00 | is granted 110', '2024-06-04 10:00 | time passes'],
  ).map(({ after: { more } }) => (more?.tierEnd ?? 0) > 0)
  expect(after).toEqual([true, false])
})
