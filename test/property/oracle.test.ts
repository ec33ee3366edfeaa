// The evaluation against an independent oracle, on generated programs and histories; and planted bugs that the comparison must notice.
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { checkDocument } from '../../cloud/evaluation/check.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document.ts'
import { explain } from '../../cloud/evaluation/explain.ts'
import { NOTHING_EARLIER, foldFacts } from '../../cloud/evaluation/fold.ts'
import type { ProgramRecord } from '../../cloud/evaluation/programs.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import { copyState, newState } from '../../cloud/evaluation/state.ts'
import type { Fact } from '../../protocol/facts.ts'
import { compareCanonical } from '../../protocol/facts.ts'
import { assert } from '../../protocol/result.ts'
import { millisOf } from '../../protocol/time.ts'
import { byMember, deeds, factsOfDeeds } from '../support/generators-history.ts'
import { anyVersions } from '../support/generators-program.ts'
import { fuzzSeed } from '../support/generators.ts'
import type { Version } from './oracle.ts'
import { judge } from './oracle.ts'

const seed = fuzzSeed('oracle')
const RUNS = 400
/** A planted bug is looked for this long; most are found in the first dozen. */
const RUNS_MAX = 3_000
const seen: Record<string, number> = {}

/** Only what the oracle knows about: no spending, no adjustments. */
const earning = deeds(80).map((list) =>
  factsOfDeeds(list).filter(({ kind }) => !['redemption', 'voucher_use', 'adjustment'].includes(kind)),
)

const versionsOf = (records: readonly ProgramRecord[]): Version[] =>
  records.map(({ effectiveFrom, document }) => ({
    from: millisOf(effectiveFrom),
    document: JSON.parse(document) as ProgramDocument,
  }))

/** A member's points as the fold gives them: `fact rule of: points`, then lifetime and tier. */
function folded(records: readonly ProgramRecord[], facts: readonly Fact[]): string[] {
  const state = newState()
  const told: string[] = []
  foldFacts(new Programs(records), state, facts, NOTHING_EARLIER, (fact, effects) => {
    for (const { kind, rule, amount, of } of effects) {
      if (!['earn', 'bonus', 'grant', 'reverse'].includes(kind)) continue
      told.push(`${fact.id} ${rule} ${kind === 'reverse' ? of : 0}: ${amount}`)
      seen[kind] = (seen[kind] ?? 0) + 1
    }
  })
  return [...told.toSorted(), `lifetime ${state.lifetime}`, `tier ${state.tier}`]
}

function judged(records: readonly ProgramRecord[], facts: readonly Fact[]): string[] {
  const { given, lifetime, tier } = judge(versionsOf(records), facts)
  const told = given.map(({ fact, rule, points, takenFrom }) => `${fact} ${rule} ${takenFrom}: ${points}`)
  return [...told.toSorted(), `lifetime ${lifetime}`, `tier ${tier}`]
}

test('E-EARN-1 E-EARN-2 E-EARN-3 E-EARN-4 E-EARN-6 E-BON-1 E-TIER-1 E-RET-1 E-RET-2 E-RET-4 agree with the oracle', () => {
  fc.assert(
    fc.property(anyVersions, earning, (records, facts) => {
      for (const own of byMember(facts).values()) expect(folded(records, own)).toEqual(judged(records, own))
    }),
    { seed, numRuns: RUNS },
  )
})

/** Every rule of a list with some fields replaced; a field set to undefined is taken away. */
function each(
  document: ProgramDocument,
  list: 'earn_perks' | 'bonuses' | 'tiers',
  change: (rule: never) => object,
): unknown {
  return { ...document, [list]: document[list].map((rule) => ({ ...rule, ...change(rule as never) })) }
}

type Award = { award: { kind: string; unit: number; points: number; percent: number; rounding: string } }
const perUnit = (change: (award: Award['award']) => object) => (document: ProgramDocument) =>
  each(document, 'earn_perks', ({ award }: Award) =>
    award.kind === 'per_currency_unit' ? { award: { ...award, ...change(award) } } : {},
  )

/** A bug each: what the evaluation would compute if it read the document in a wrong way. */
const WRONG_READINGS: Readonly<Record<string, (document: ProgramDocument) => unknown>> = {
  'floor read as ceil': perUnit(({ rounding }) => ({ rounding: rounding === 'floor' ? 'ceil' : rounding })),
  'half even read as half up': perUnit(({ rounding }) => ({
    rounding: rounding === 'half_even' ? 'half_up' : rounding,
  })),
  'half up read as floor': perUnit(({ rounding }) => ({
    rounding: rounding === 'half_up' ? 'floor' : rounding,
  })),
  'a unit one too large': perUnit(({ unit }) => ({ unit: unit + 1 })),
  'once per day forgotten': (document) => each(document, 'earn_perks', () => ({ once_per_day: undefined })),
  'a minimum amount that must be passed, not reached': (document) =>
    each(document, 'earn_perks', ({ minimum_amount: minimum }: { minimum_amount?: number }) =>
      minimum === undefined ? {} : { minimum_amount: minimum + 1 },
    ),
  'categories ignored': (document) =>
    each(document, 'earn_perks', ({ skus }: { skus?: string[] }) =>
      skus === undefined ? {} : { categories: undefined },
    ),
  'shops ignored': (document) => each(document, 'earn_perks', () => ({ stores: undefined })),
  'the end day excluded': (document) =>
    each(document, 'bonuses', ({ type, start, end }: { type: string; start: string; end: string }) =>
      type === 'DATE_RANGE' && start < end ? { end: previousDay(end) } : {},
    ),
  'the required tier ignored': (document) =>
    each(document, 'earn_perks', () => ({ required_tier: undefined })),
  'a tier one point too high': (document) =>
    each(document, 'tiers', ({ point_floor: floor }: { point_floor: number }) =>
      floor === 0 ? {} : { point_floor: floor + 1 },
    ),
  'a slot that ends at its last minute': (document) =>
    each(document, 'bonuses', ({ schedule }: { schedule?: { to: string }[] }) =>
      schedule === undefined
        ? {}
        : { schedule: schedule.map((slot) => ({ ...slot, to: slot.to.replace(':30', ':31') })) },
    ),
  'one sale more required': (document) =>
    each(document, 'bonuses', ({ required_to_earn: required }: { required_to_earn?: number }) =>
      required === undefined ? {} : { required_to_earn: required + 1 },
    ),
  'a multiplier of one per cent more': (document) =>
    each(document, 'bonuses', ({ award }: Award) =>
      award.kind === 'multiplier' ? { award: { ...award, percent: award.percent + 1 } } : {},
    ),
  'the perks of a bonus ignored': (document) => each(document, 'bonuses', () => ({ perks: undefined })),
  'grants without a limit': (document) => ({ ...document, grant_points_max: 1_000_000 }),
}

/** Bugs of other parts: the facts the evaluation would be given. */
const WRONG_FACTS: Readonly<Record<string, (facts: readonly Fact[]) => Fact[]>> = {
  'a retry counted as a second sale': (facts) =>
    facts.flatMap((fact, index) =>
      fact.kind === 'sale' && index % 5 === 0
        ? [fact, { ...fact, id: (fact.id + 1_000_000) as Fact['id'] }]
        : [fact],
    ),
  'a fact lost': (facts) => facts.filter((_, index) => index !== 3),
  'the time of arrival taken for the time of the sale': (facts) =>
    facts.map((fact, index) => ({ ...fact, at: ((facts[0]?.at ?? 0) + index) as Fact['at'] })),
  'the clock of another zone': (facts) => facts.map((fact) => ({ ...fact, offset: 0 as Fact['offset'] })),
}

describe('a planted bug is noticed', () => {
  /** Whether some generated history shows a difference between the oracle and the evaluation with the bug. */
  function noticed(bug: (records: readonly ProgramRecord[], facts: readonly Fact[]) => string[]): boolean {
    const found = fc.check(
      fc.property(anyVersions, earning, (records, facts) => {
        for (const own of byMember(facts).values()) expect(bug(records, own)).toEqual(judged(records, own))
      }),
      { seed, numRuns: RUNS_MAX, endOnFailure: true },
    )
    return found.failed
  }

  test.each(Object.entries(WRONG_READINGS))('%s', (_, misread) => {
    const wrong = (records: readonly ProgramRecord[]): ProgramRecord[] =>
      records.map((record) => {
        const checked = checkDocument(
          JSON.parse(JSON.stringify(misread(JSON.parse(record.document) as ProgramDocument))),
        )
        assert(checked.ok, 'a misread document is still a document')
        return { ...record, document: JSON.stringify(checked.document) }
      })
    expect(noticed((records, facts) => folded(wrong(records), facts))).toBe(true)
  })

  test.each(Object.entries(WRONG_FACTS))('%s', (_, mistaken) => {
    expect(noticed((records, facts) => folded(records, mistaken(facts)))).toBe(true)
  })
})

test('E-EXP-1 an explanation agrees with the award: applied, points, and a condition exactly where nothing was given', () => {
  let applied = 0
  let refused = 0
  fc.assert(
    fc.property(anyVersions, earning, (records, facts) => {
      const programs = new Programs(records)
      for (const own of byMember(facts).values()) {
        let before = newState()
        foldFacts(programs, newState(), own, NOTHING_EARLIER, (fact, effects, after) => {
          const program = programs.program(fact.at)
          const text = JSON.stringify(before)
          const considered = program === null ? [] : explain(program, before, fact)
          expect(JSON.stringify(before), 'explaining changes nothing').toBe(text)
          const given = effects.filter(({ kind }) => kind === 'earn' || kind === 'bonus')
          const told = considered.filter((one) => one.applied)
          const plain = (list: readonly { rule: number; points: number }[]): string[] =>
            list.map(({ rule, points }) => `${rule} ${points}`).toSorted()
          expect(plain(told)).toEqual(plain(given.map(({ rule, amount }) => ({ rule, points: amount }))))
          for (const { applied: was, points, condition, actual, required } of considered) {
            expect(was).toBe(points > 0)
            expect(was).toBe(condition === null)
            expect(was).toBe(actual === null && required === null)
          }
          applied += told.length
          refused += considered.length - told.length
          before = copyState(after)
        })
      }
    }),
    { seed, numRuns: 150 },
  )
  expect(applied).toBeGreaterThan(100)
  expect(refused).toBeGreaterThan(100)
})

test('the histories come in no order of their own', () => {
  const [facts = []] = fc.sample(
    earning.filter((list) => list.length > 20),
    { numRuns: 1, seed },
  )
  expect(facts).not.toEqual(facts.toSorted(compareCanonical))
})

afterAll(() => {
  for (const kind of ['earn', 'bonus', 'grant', 'reverse']) expect(seen[kind] ?? 0, kind).toBeGreaterThan(50)
})

function previousDay(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
}
