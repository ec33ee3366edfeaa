// E-MEM: what a state remembers of facts that can be given back, and for how long. 1,100 days after 2020-01-01 is 2023-01-05.
import { expect, test } from 'vitest'
import { NOTHING_EARLIER, foldFacts } from '../../cloud/evaluation/fold.ts'
import { NOTHING_HELD, mayRedeem } from '../../cloud/evaluation/spending/spending.ts'
import { copyState, encodeState } from '../../cloud/evaluation/state.ts'
import type { Entitlement, MemberState } from '../../cloud/evaluation/state.ts'
import type { RuleId } from '../../protocol/ids.ts'
import { ENTITLEMENTS_LIVE_MAX } from '../../protocol/limits.ts'
import { assert } from '../../protocol/result.ts'
import { DAY_MS } from '../../protocol/time.ts'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const COFFEE = { id: 301, title: 'Coffee', points: 10, voucher: { valid_days: 5 } }
const sells = (perk: object = {}) => ({
  earn_perks: [POINT_PER_POUND],
  redeem_perks: [{ ...COFFEE, ...perk }],
})

const CASES: readonly Case[] = [
  {
    rule: 'E-MEM-1',
    name: 'a return on the last day takes its points, a day later none',
    program: sells(),
    story: [
      '2020-01-01 10:00 | buys tea 10.00, cake 5.00 | 15',
      '2023-01-05 23:59 | returns 1 x line 0 of #1 | -10',
      '2023-01-06 00:00 | returns 1 x line 1 of #1 | 0',
      '2023-01-06 00:01 | voids #1 | 0',
    ],
    ends: { balance: 5 },
  },
  {
    rule: 'E-MEM-1',
    name: 'a void on the last day, and what comes again after years is not taken twice',
    program: sells(),
    story: [
      '2020-01-01 10:00 | buys tea 10.00 | 10',
      '2023-01-05 10:00 | voids #1 | -10',
      '2023-01-06 10:00 | buys tea 1.00 | 1',
      '2023-01-20 10:00 | voids #3 | -1',
      '2026-01-20 10:00 | voids #1 | 0',
      '2026-01-20 10:01 | returns 1 x line 0 of #1 | 0',
    ],
    ends: { balance: 0 },
  },
  {
    rule: 'E-MEM-1',
    name: 'a redemption is neither given back nor begun anew by a capture that comes years later',
    program: sells(),
    story: [
      '2020-01-01 10:00 | is granted 50 | 50',
      '2020-01-01 11:00 | reserves 301 | -10',
      '2020-01-01 12:00 | redeems 301 | -10',
      '2024-01-01 10:00 | redeems 301 | -10',
      '2024-01-01 11:00 | cancels 301 of #3 | 0',
      '2024-01-01 12:00 | captures 301 of #2 | 0',
      '2024-01-01 13:00 | voids #3 | 0',
    ],
    ends: { balance: 20, entitlements: ['301 unused'] },
  },
  {
    rule: 'E-MEM-4',
    name: 'captured without its reservation a redemption is one until the last day, another years later, and its code is not issued beside itself',
    program: sells(),
    story: [
      '2020-01-01 10:00 | is granted 50 | 50',
      '2020-01-01 11:00 | captures 301 of #99 | -10',
      '2023-01-05 23:59 | captures 301 of #99 | 0',
      '2023-01-06 00:00 | captures 301 of #99 | -10',
      '2023-01-06 01:00 | cancels 301 of #99 | 10',
      '2023-01-06 02:00 | captures 301 of #99 | 0',
      '2026-01-12 00:00 | captures 301 of #99 | -10',
    ],
    ends: { balance: 30, entitlements: ['301 unused'] },
  },
  {
    rule: 'E-MEM-4',
    name: 'where it is still held, the same code is not issued again',
    program: sells({ voucher: {} }),
    story: [
      '2020-01-01 10:00 | is granted 50 | 50',
      '2020-01-01 11:00 | captures 301 of #99 | -10',
      '2023-01-06 00:00 | captures 301 of #99 | -10',
    ],
    ends: { balance: 30, entitlements: ['301 unused'] },
  },
  {
    rule: 'E-MEM-4',
    name: 'a reservation that nobody captures any more keeps none of what a member may hold',
    program: sells({ voucher: { per_member: 1 } }),
    story: [
      '2020-01-01 10:00 | is granted 50 | 50',
      '2020-01-01 11:00 | reserves 301 | -10',
      '2023-01-05 10:00 | asks for 301 | limit_reached',
      '2023-01-06 10:00 | asks for 301 | yes',
    ],
  },
  {
    rule: 'E-MEM-2',
    name: 'a limit of all time counts what is forgotten',
    program: sells({ limit: { count: 3, interval: 'ALL_TIME' } }),
    story: [
      '2020-01-01 10:00 | is granted 100 | 100',
      '2020-01-01 11:00 | redeems 301 | -10',
      '2020-01-01 12:00 | redeems 301 | -10',
      '2024-01-01 10:00 | asks for 301 | yes',
      '2024-01-01 11:00 | redeems 301 | -10',
      '2024-01-01 12:00 | asks for 301 | limit_reached',
    ],
  },
  {
    rule: 'E-MEM-2',
    name: 'what is held and has not ended is held for ever',
    program: sells({ voucher: {} }),
    story: [
      '2020-01-01 10:00 | is granted 100 | 100',
      '2020-01-01 11:00 | redeems 301 | -10',
      '2024-01-01 10:00 | redeems 301 | -10',
      '2024-01-02 10:00 | asks to use voucher 301 of #2 | yes',
      '2024-01-02 11:00 | uses voucher 301 of #2 | 0',
      '2024-01-03 10:00 | voids #5 | 0',
      '2024-01-03 11:00 | asks to use voucher 301 of #2 | yes',
    ],
  },
]

test.each(CASES)('$rule $name', holds)

test('E-MEM-2 a redemption of a suspect clock lets none be forgotten: what was redeemed today still counts today', () => {
  const document = program(sells({ limit: { count: 2, interval: 'DAY', interval_count: 1 } }))
  const [, today, ahead] = tell(document, [
    '2024-03-04 10:00 | is granted 100 | 100',
    '2024-03-04 11:00 | redeems 301 | -10',
    '2036-03-04 11:00 | redeems 301 by an unsure clock | -10',
  ])
  const place = today?.fact
  if (!today || !ahead || !place) throw new Error('every row is a fact')
  const compiled = programsOf(document).program(place.at)
  assert(compiled !== null, 'a program is in force')
  const ask = (state: MemberState) => mayRedeem(compiled, state, COFFEE.id as RuleId, place, NOTHING_HELD)
  expect(ask(today.after).ok).toBe(true)
  expect(ask(ahead.after)).toMatchObject({ ok: false, refusal: { code: 'limit_reached' } })
})

test('E-MEM-3 E-MEM-2 a member of thirty years is not larger than one of six, and no code of a tier comes twice', () => {
  const document = program({
    redeem_perks: [
      { ...COFFEE, limit: { count: 1000, interval: 'ALL_TIME' } },
      { id: 302, title: 'Welcome', points: 0, voucher: {} },
    ],
    // Entered anew with every sale of 25.00, and lost with what comes back of it.
    tiers: [
      { id: 1, name: 'Basic', point_floor: 0 },
      {
        id: 2,
        name: 'Silver',
        reach: { match: 'all', of: [{ metric: 0, at_least: 25, window: { kind: 'rolling', days: 30 } }] },
        entry_perk: 302,
        entry_clawback: true,
      },
    ],
    earn_perks: [{ ...POINT_PER_POUND, once_per_day: true }],
    metrics: [{ id: 7, name: 'Stamps', expiry: { kind: 'rolling', after: { months: 12 } } }],
    response_challenges: [{ id: 801, title: 'Photo', type: 'photo', per_member: 100_000 }],
    aggregates: [{ id: 951, name: 'Spend', of: 'total_spend', window: { kind: 'rolling', days: 30 } }],
    bonuses: [
      {
        id: 201,
        title: 'Every third',
        type: 'FREQUENCY',
        award: { kind: 'fixed', points: 5 },
        required_to_earn: 3,
        frequency: 'MONTHLY',
      },
    ],
  })
  const story = Array.from({ length: 30 * 6 }, (_, step) => {
    const day = (plus: number): string =>
      new Date(Date.UTC(2020, 0, 1) + (step * 61 + plus) * DAY_MS).toISOString().slice(0, 10)
    const first = step * 7
    return [
      `${day(0)} 10:00 | buys tea 20.00, cake 5.00`,
      `${day(1)} 10:00 | returns 1 x line 1 of #${first + 1}`,
      `${day(2)} 10:00 | redeems 301`,
      `${day(2)} 11:00 | uses voucher 301 of #${first + 3}`,
      `${day(3)} 10:00 | responds to 801 as number ${step + 1}`,
      `${day(4)} 10:00 | buys tea 1.00`,
      `${day(5)} 10:00 | voids #${first + 6}`,
    ]
  }).flat()
  const states = tell(document, story).map(({ after }) => after)
  const entries = states.flatMap(({ entitlements }) => entitlements.filter(({ perk }) => perk === 302))
  expect(new Set(entries.map(({ code }) => code)).size).toBe(30 * 6)
  const sizes = states.map(partsOf)
  const after = (years: number) => sizes[years * 42 - 1]
  // Numbers grow a digit now and then; what is listed does not.
  expect(after(30)?.lists).toEqual(after(6)?.lists)
  expect(after(30)?.bytes).toBeLessThan((after(6)?.bytes ?? 0) * 1.05)
  expect(after(6)?.bytes).toBeGreaterThan(after(2)?.bytes ?? 0)
})

test('E-ENT-10 E-MEM-3 a member who holds a thousand gets no more, of no perk, until one has come to an end', () => {
  const document = program({ redeem_perks: [COFFEE, { ...COFFEE, id: 302, points: 0 }] })
  const [first, next] = tell(document, [
    '2024-03-04 10:00 | is awarded 301',
    '2024-03-04 11:00 | is awarded 302',
  ])
  const fact = next?.fact
  if (first === undefined || fact === undefined || fact === null) throw new Error('both rows are facts')
  const { after: state } = first
  const held = Array.from({ length: ENTITLEMENTS_LIVE_MAX }, (_, n) => ({
    ...state.entitlements[0],
    code: `CODE${n}`,
  })) as Entitlement[]
  const programs = programsOf(document)
  const asked = (): unknown => {
    const found = programs.program(fact.at)
    return found && mayRedeem(found, state, 302 as RuleId, fact, NOTHING_HELD)
  }
  const issued = (): string[] => {
    const told: string[] = []
    foldFacts(programs, copyState(state), [fact], NOTHING_EARLIER, (_, effects) =>
      told.push(...effects.map(({ kind }) => kind)),
    )
    return told
  }
  state.entitlements = held
  expect(asked()).toMatchObject({ refusal: { code: 'limit_reached' } })
  expect(issued()).toEqual(['entitlement_refused'])
  state.entitlements = held.map((one, place) => (place === 7 ? { ...one, status: 'used', ended: 1 } : one))
  expect(asked()).toMatchObject({ ok: true })
  expect(issued()).toEqual(['voucher_issued'])
})

function partsOf(state: MemberState): { lists: readonly number[]; bytes: number } {
  const { returned, voided, redemptions, givenBack, entitlements, more } = state
  const lists = [returned, voided, redemptions, givenBack, entitlements, more?.responses ?? []]
  return { lists: lists.map(({ length }) => length), bytes: encodeState(state).length }
}
