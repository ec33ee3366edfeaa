// E-EXP-1 beyond sales: what is considered for check-ins, enrolments, activities and referrals, and what time brings before the fact; and E-EXP-4, redemptions.
import { describe, expect, test } from 'vitest'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { explain } from '../../cloud/evaluation/explanation/explain.ts'
import { withoutRedemption } from '../../cloud/evaluation/explanation/redemptions.ts'
import type { PastFacts } from '../../cloud/evaluation/spending/reversal.ts'
import { newState, outcomeText } from '../../cloud/evaluation/state.ts'
import { ENTITLEMENTS_LIVE_MAX } from '../../protocol/limits.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const TIERS = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 100 },
]

/** `rule points condition` of what is considered for each row. */
function consideredIn(document: ProgramDocument, story: readonly string[]): string[][] {
  const told = tell(document, story)
  const inForce = programsOf(document)
  return told.map(({ fact }, index) => {
    const found = fact === null ? null : inForce.program(fact.at)
    if (found === null || fact === null) throw new Error('a fact under a program is explained')
    return explain(found, told[index - 1]?.after ?? newState(), fact).map(
      ({ rule, points, condition }) => `${rule} ${points} ${condition}`,
    )
  })
}

const five = { kind: 'fixed', points: 5 }

test('E-EXP-1 check-ins, enrolments, activities and completed referrals are explained, other facts have nothing to consider', () => {
  const document = program({
    earn_perks: [
      { ...POINT_PER_POUND, type: 'CHECKIN', award: five, once_per_day: true },
      { ...POINT_PER_POUND, id: 102, type: 'REGISTRATION', award: { kind: 'fixed', points: 9 } },
      { ...POINT_PER_POUND, id: 103, type: 'VISITOR', award: five, caps: { per_member: 12 } },
      { ...POINT_PER_POUND, id: 104, type: 'REFERRAL', award: five, stores: [2] },
      { ...POINT_PER_POUND, id: 105, type: 'PROGRESS_ACTIVITY', award: { kind: 'fixed', points: 1 } },
    ],
  })
  expect(
    consideredIn(document, [
      '2024-03-04 09:00 | enrols',
      '2024-03-04 10:00 | checks in',
      '2024-03-04 11:00 | checks in',
      '2024-03-04 12:00 | is granted 5',
      '2024-03-04 13:00 | does 103 2 times',
      '2024-03-04 14:00 | does 103',
      '2024-03-04 15:00 | does 103',
      '2024-03-04 16:00 | does 103 -1 times',
      '2024-03-04 17:00 | does 105 4 times',
      '2024-03-04 18:00 | refers',
      '2024-03-04 19:00 | has #10 completed',
    ]),
  ).toEqual([
    ['102 9 null'],
    ['101 5 null'],
    ['101 0 once_per_day'],
    [],
    ['103 10 null'],
    ['103 2 null'],
    ['103 0 caps'],
    [],
    ['105 0 null'],
    [],
    ['104 0 store'],
  ])
})

test('E-EXP-1 what falls due before the fact has happened when the fact is explained', () => {
  const document = program({
    earn_perks: [{ ...POINT_PER_POUND, when: { metric: 0, part: 'balance', is: 'eq', value: 0 } }],
    points: { expiry: { kind: 'rolling', after: { days: 5 } } },
  })
  expect(
    consideredIn(document, [
      '2024-03-04 10:00 | buys tea 4.00',
      '2024-03-05 10:00 | buys tea 4.00',
      '2024-03-10 10:00 | buys tea 4.00',
    ]),
  ).toEqual([['101 4 null'], ['101 0 when'], ['101 4 null']])
})

test('E-EXP-1 a birthday that a fact brings is explained before the fact itself, given or not, with its bonuses', () => {
  const document = program({
    earn_perks: [
      POINT_PER_POUND,
      { id: 102, title: 'Birthday', type: 'BIRTHDAY', award: five, required_tier: 2 },
      { id: 103, title: 'Cake', type: 'BIRTHDAY', award: { kind: 'fixed', points: 3 } },
    ],
    tiers: TIERS,
    bonuses: [
      {
        id: 201,
        title: 'Spring',
        type: 'DATE_RANGE',
        start: '2024-03-01',
        end: '2024-03-31',
        perks: [101, 103],
        award: { kind: 'fixed', points: 1 },
      },
    ],
  })
  const story = [
    '2024-03-01 10:00 | enrols',
    '2024-03-01 10:01 | tells birthday 1990-03-05',
    '2024-03-04 10:00 | time passes',
    '2024-03-07 10:00 | buys tea 4.00',
  ]
  const told = tell(document, story)
  const fact = told.at(-1)?.fact
  const found = fact && programsOf(document).program(fact.at)
  if (fact === undefined || fact === null || found === null || found === undefined) throw new Error('a sale')
  expect(
    explain(found, told.at(-2)?.after ?? newState(), fact).map(
      ({ rule, points, condition, birthday }) => `${rule} ${points} ${condition} ${birthday}`,
    ),
  ).toEqual([
    '102 0 required_tier 2024-03-05',
    '103 3 null 2024-03-05',
    '201 1 null 2024-03-05',
    '101 4 null undefined',
    '201 1 null undefined',
  ])
  expect(told.at(-1)?.points).toBe(3 + 1 + 4 + 1)
  expect(consideredIn(document, story.slice(0, 3)).at(-1)).toEqual([])
})

describe('E-EXP-4 a redemption', () => {
  const coffee = (change: object) =>
    program({ redeem_perks: [{ id: 301, title: 'Coffee', points: 50, ...change }], tiers: TIERS })
  const RICH = '2024-03-01 09:00 | is granted 500'
  const REDEEMS = '2024-03-04 10:00 | redeems 301'

  /** What is told of the last row. */
  function toldOf(document: ProgramDocument, story: readonly string[]): string[] {
    const rows = tell(document, story)
    const fact = rows.at(-1)?.fact
    const found = fact && programsOf(document).program(fact.at)
    if (fact === undefined || fact === null || found === null || found === undefined)
      throw new Error('a fact under a program')
    const [before, after] = [rows.at(-2)?.after ?? newState(), rows.at(-1)?.after ?? newState()]
    const text = outcomeText(before)
    const facts = new Map(rows.flatMap((row) => (row.fact === null ? [] : [[row.fact.id, row] as const])))
    const past: PastFacts = {
      find: (id) => {
        const row = facts.get(id)
        return row?.fact ? { fact: row.fact, effects: row.effects, program: found } : undefined
      },
    }
    const [one] = explain(found, before, fact, past)
    expect(outcomeText(before)).toBe(text)
    if (one === undefined) throw new Error('a redemption is told')
    const { conditions = [], applied, points, condition, hint } = one
    // Once it is in what is known of the member, it is told the same.
    if (applied && points <= 0 && fact.kind === 'redemption')
      expect(explain(found, withoutRedemption(after, fact), fact, past)[0]).toMatchObject({
        applied,
        points,
        condition,
      })
    return [
      `${applied ? 'applied' : 'not applied'}, ${points}, ${condition}${hint === null ? '' : ` (${hint})`}`,
      ...conditions.map(
        (asked) =>
          `${asked.condition}: ${asked.actual}; ${asked.required}${asked.met ? '' : ' FAILS'}${asked.hint === null ? '' : ` (${asked.hint})`}`,
      ),
    ]
  }

  test.each<[string, object, readonly string[], readonly string[]]>([
    [
      'of everything a perk may ask, each met',
      {
        start: '2024-03-01',
        stores: [1],
        required_tier: 2,
        when: { metric: 0, part: 'balance', is: 'ge', value: 100 },
        schedule: [{ days: ['MON'], from: '09:00', to: '12:00' }],
        limit: { count: 2, interval: 'MONTH', interval_count: 1 },
        voucher: { per_member: 3 },
        budget: { total: 9, per_store: 4 },
      },
      [RICH, REDEEMS],
      [
        'applied, -50, null',
        'status: ACTIVE; ACTIVE',
        'dates: 2024-03-04; 2024-03-01 to any day',
        'store: 1; 1',
        'required_tier: Silver; Silver',
        'when: holds; holds',
        'schedule: MON 10:00; MON 09:00-12:00',
        'limit: 2 left; 2 times a month',
        'per_member: 0 held; at most 3 at a time',
        `vouchers: 0 held; at most ${ENTITLEMENTS_LIVE_MAX} at a time`,
        'budget: counted by the cloud when it decides; at most 9 by all members',
        'budget_here: counted by the cloud when it decides; at most 4 in this store',
        'points: 500; 50',
      ],
    ],
    [
      'booked although its limit allowed none: what two stores decided apart',
      { limit: { count: 1, interval: 'DAY', interval_count: 3 } },
      [RICH, '2024-03-03 10:00 | redeems 301', REDEEMS],
      [
        'applied, -50, limit',
        'status: ACTIVE; ACTIVE',
        'limit: 0 left; once in 3 days FAILS (from 2024-03-06 on)',
      ],
    ],
    [
      'booked although the points were gone',
      {},
      ['2024-03-01 09:00 | is granted 20', REDEEMS],
      ['applied, -50, points', 'status: ACTIVE; ACTIVE', 'points: 20; 50 FAILS (30 more points)'],
    ],
    [
      'a tier too low',
      { required_tier: 2 },
      ['2024-03-01 09:00 | is granted 60', REDEEMS],
      [
        'applied, -50, required_tier',
        'status: ACTIVE; ACTIVE',
        'required_tier: Bronze; Silver FAILS (40 more points reach Silver)',
      ],
    ],
    [
      'another home store',
      { home_store_only: true },
      [RICH, '2024-03-02 10:00 | tells home store 2', REDEEMS],
      [
        'applied, -50, home_store',
        'status: ACTIVE; ACTIVE',
        'home_store: home store 2; home store 1 FAILS (in store 2)',
      ],
    ],
    [
      'another time of the week, of a voucher whose last day is not over',
      {
        schedule: [{ days: ['TUE'], from: '09:00', to: '12:00' }],
        voucher: { until: '2024-03-04' },
      },
      [RICH, REDEEMS],
      [
        'applied, -50, schedule',
        'status: ACTIVE; ACTIVE',
        'until: 2024-03-04; until 2024-03-04',
        'schedule: MON 10:00; TUE 09:00-12:00 FAILS (at another time: TUE 09:00-12:00)',
      ],
    ],
    [
      'a time of the day is',
      { when: { number: 'minute', is: 'lt', value: 60 } },
      [RICH, REDEEMS],
      ['applied, -50, when', 'status: ACTIVE; ACTIVE', 'when: minute: 600; minute: less than 60 FAILS'],
    ],
    [
      'a basket is no part of the fact',
      { when: { number: 'amount', is: 'ge', value: 100 } },
      [RICH, REDEEMS],
      ['applied, -50, null', 'status: ACTIVE; ACTIVE', 'points: 500; 50'],
    ],
    [
      'its capture',
      {},
      [RICH, '2024-03-04 09:00 | reserves 301', '2024-03-04 10:00 | captures 301 of #2'],
      ['applied, 0, null'],
    ],
    [
      'its cancelling',
      {},
      [RICH, '2024-03-04 09:00 | reserves 301', '2024-03-04 10:00 | cancels 301 of #2'],
      ['applied, 50, null'],
    ],
    [
      'cancelled twice',
      {},
      [
        RICH,
        '2024-03-04 09:00 | reserves 301',
        '2024-03-04 10:00 | cancels 301 of #2',
        '2024-03-04 11:00 | cancels 301 of #2',
      ],
      ['not applied, 0, redemption', 'redemption: given back before; one that stands FAILS'],
    ],
    [
      'captured twice',
      {},
      [
        RICH,
        '2024-03-04 09:00 | reserves 301',
        '2024-03-04 10:00 | captures 301 of #2',
        '2024-03-04 11:00 | captures 301 of #2',
      ],
      ['not applied, 0, redemption', 'redemption: booked before; a new one FAILS'],
    ],
    [
      'a reservation after its capture, which another clock told earlier',
      {},
      [RICH, '2024-03-04 09:00 | captures 301 of #3', '2024-03-04 10:00 | reserves 301'],
      ['not applied, 0, redemption', 'redemption: booked before; a new one FAILS'],
    ],
    [
      'cancelled when what it issued is used',
      { voucher: {} },
      [RICH, REDEEMS, '2024-03-05 10:00 | uses voucher 301 of #2', '2024-03-06 10:00 | cancels 301 of #2'],
      ['not applied, 0, voucher', 'voucher: what it issued is used, or on its way; unused FAILS'],
    ],
    [
      'of a perk the program does not have',
      {},
      [RICH, '2024-03-04 10:00 | redeems 999 for 5'],
      ['applied, -5, perk', 'perk: not in the program; a redeem perk of the program FAILS'],
    ],
  ])('%s', (_, change, story, expected) => {
    expect(toldOf(coffee(change), story)).toEqual(expected)
  })
})
