// Facts of one hybrid time, from tills that knew nothing of each other: the canonical order goes on with origin, then seq (P-TIME-3), so that one of them
// is the first of the day whatever the order they arrive in.
import { expect, test } from 'vitest'
import { NOTHING_EARLIER, foldFacts } from '../../cloud/evaluation/fold.ts'
import { newState, outcomeText } from '../../cloud/evaluation/state.ts'
import type { Fact } from '../../protocol/facts.ts'
import { factIdOf } from '../../protocol/ids.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'
import { effectsText } from './account.ts'
import { program, programsOf, tell } from './story.ts'

const FIRST_OF_THE_DAY = {
  id: 101,
  title: 'The first of the day',
  type: 'STANDARD',
  award: { kind: 'per_currency_unit', points: 1, unit: 100, rounding: 'floor' },
  once_per_day: true,
}
const ONE_LEFT = {
  id: 301,
  title: 'Treat',
  points: 5,
  limit: { count: 1, interval: 'DAY', interval_count: 1 },
}
const DOCUMENT = program({ earn_perks: [FIRST_OF_THE_DAY], redeem_perks: [ONE_LEFT] })

const NOON = '2024-03-04 12:00'

/** Places as `origin.seq`, and what the fact there says. */
type Rows = readonly (readonly [place: string, what: string])[]

/** Facts of the rows, all at one hybrid time. */
function together(rows: Rows): Fact[] {
  const told = tell(
    DOCUMENT,
    rows.map(([, what]) => `${NOON} | ${what}`),
  )
  return told.map(({ fact }, index) => {
    const [origin = 0, seq = 0] = (rows[index]?.[0] ?? '').split('.').map(Number)
    if (fact === null || told[0]?.fact === null || told[0] === undefined) throw new Error('rows are facts')
    return { ...fact, id: factIdOf(origin as Origin, seq as Seq), at: told[0].fact.at }
  })
}

/** What came of each fact, in the order folded, and the outcome. */
function folded(facts: readonly Fact[]): { effects: string[]; outcome: string } {
  const state = newState()
  const effects: string[] = []
  foldFacts(programsOf(DOCUMENT), state, facts, NOTHING_EARLIER, (fact, list) => {
    effects.push(`${fact.key}: ${effectsText(list)}`)
  })
  return { effects, outcome: outcomeText(state) }
}

const CASES: readonly [name: string, rows: Rows, effects: readonly string[]][] = [
  [
    'the lower origin is the first of the day',
    [
      ['3.1', 'buys tea 9.00'],
      ['2.7', 'buys tea 4.00'],
    ],
    ['row-2: earn 101 4, tier 1', 'row-1: -'],
  ],
  [
    'within an origin the lower seq',
    [
      ['2.8', 'buys tea 9.00'],
      ['2.7', 'buys tea 4.00'],
    ],
    ['row-2: earn 101 4, tier 1', 'row-1: -'],
  ],
  [
    'three tills, a grant between two sales',
    [
      ['4.1', 'buys tea 9.00'],
      ['3.1', 'is granted 3'],
      ['2.1', 'buys tea 4.00'],
    ],
    ['row-3: earn 101 4, tier 1', 'row-2: grant 3', 'row-1: -'],
  ],
  [
    'both redemptions stand, for both were decided: into the red',
    [
      ['3.1', 'redeems 301'],
      ['2.1', 'redeems 301'],
    ],
    ['row-2: spend 301 -5, tier 1', 'row-1: spend 301 -5'],
  ],
]

test.each(CASES)('E-FOLD-1 P-TIME-3 at one instant: %s', (_, rows, effects) => {
  const facts = together(rows)
  expect(new Set(facts.map(({ at }) => at)).size).toBe(1)
  const there = folded(facts)
  expect(there.effects).toEqual(effects)
  expect(folded(facts.toReversed())).toEqual(there)
})
