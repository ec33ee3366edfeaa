// The evaluation against the independent oracle, on a few hundred generated programs and histories (the long run is main.ts), and planted bugs that the
// comparison must notice. SEED= repeats a run.
import fc from 'fast-check'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { compareCanonical } from '../../protocol/facts.ts'
import { fuzzSeed } from '../support/generators.ts'
import { deeds } from '../support/generators/deeds.ts'
import { factsOfDeeds } from '../support/generators-history.ts'
import { anyVersions } from '../support/generators-program.ts'
import { compare, comparePlanted, judgeAll } from './comparison.ts'
import type { Judged, Planted, Seen } from './comparison.ts'
import { COMPARED } from './plain/view.ts'
import { WRONG_FACTS, WRONG_PLANS, WRONG_READINGS } from './planted-bugs.ts'
import { shrunk } from './shrinking.ts'
import type { Case } from './shrinking.ts'

const seed = fuzzSeed('oracle')
const RUNS = 200
// Generating is most of the work, and a rare bug may need all of it.
vi.setConfig({ testTimeout: 240_000 })
/** A planted bug is looked for this long: most are found in the first dozens, the rarest shows in one history of three hundred. */
const RUNS_MAX = 6_000
const BATCH = 50
const seen: Seen = {}

const cases = fc
  .tuple(anyVersions, deeds(60), fc.nat())
  .map(([records, list, plan]): Case => ({ records, facts: factsOfDeeds(list), plan }))

interface Judgement extends Case {
  readonly judged: Judged
}

/** Generated and judged once, for all bugs. */
const pool: Judgement[] = []

function* generated(most: number): Generator<Judgement> {
  for (let at = 0; at < most; at++) {
    if (at === pool.length) {
      const batch = fc.sample(cases, { seed: seed + at / BATCH, numRuns: BATCH })
      pool.push(...batch.map((one) => ({ ...one, judged: judgeAll(one.records, one.facts, seen) })))
    }
    const found = pool[at]
    if (found !== undefined) yield found
  }
}

test('E-FOLD-1 E-FOLD-3 E-EARN-1 E-EARN-2 E-EARN-3 E-EARN-4 E-EARN-6 E-BON-1 E-TIER-1 E-TIER-2 E-RET-1 E-RET-2 E-RET-4 E-SPEND-3 E-PROM-1 agree with the oracle, straight and in any order', () => {
  for (const { judged, ...found } of generated(RUNS)) {
    if (compare(found.records, found.facts, found.plan, judged) === undefined) continue
    const { records, facts, plan } = shrunk(
      found,
      (one) => compare(one.records, one.facts, one.plan) !== undefined,
    )
    const difference = compare(records, facts, plan)
    expect({ difference, programs: records.map(({ document }) => document), facts }).toBe('no difference')
  }
})

describe('a planted bug is noticed', () => {
  const firstNoticed = (planted: Planted): Judgement | undefined => {
    for (const found of generated(RUNS_MAX))
      if (comparePlanted(planted, found.records, found.facts, found.judged) !== undefined) return found
    return undefined
  }

  test.each(Object.entries(WRONG_READINGS))('%s', (_, misreading) => {
    expect(firstNoticed(misreading)).toBeDefined()
  })

  test.each(Object.entries(WRONG_FACTS))('%s', (_, facts) => {
    expect(firstNoticed({ facts })).toBeDefined()
  })

  test.each(Object.entries(WRONG_PLANS))('%s', (_, plan) => {
    const found = firstNoticed({ plan })
    expect(found && comparePlanted({ plan }, found.records, found.facts)?.where).toBe('clawback')
  })

  test('and the case that shows it is made small', () => {
    const planted = WRONG_READINGS['floor read as ceil'] ?? {}
    const found = firstNoticed(planted)
    expect(found).toBeDefined()
    if (found === undefined) return
    const fails = (one: Case): boolean => comparePlanted(planted, one.records, one.facts) !== undefined
    const smallest = shrunk(found, fails)
    expect(fails(smallest)).toBe(true)
    expect(smallest.facts.length).toBeLessThanOrEqual(2)
    expect(smallest.records.length).toBe(1)
  })
})

test('the histories come in no order of their own', () => {
  const [found] = [...generated(BATCH)].filter(({ facts }) => facts.length > 20)
  expect(found?.facts).not.toEqual(found?.facts.toSorted(compareCanonical))
})

afterAll(() => {
  // What is rare comes with further histories.
  for (const _ of generated(RUNS_MAX)) if (COMPARED.every((kind) => (seen[kind] ?? 0) > 0)) break
  for (const kind of COMPARED) expect(seen[kind] ?? 0, kind).toBeGreaterThan(0)
})
