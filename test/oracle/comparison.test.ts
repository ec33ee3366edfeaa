// The evaluation against the independent oracle, on a few hundred generated programs and histories (the long run is main.ts). SEED= repeats a run.
import { afterAll, expect, test, vi } from 'vitest'
import { compareCanonical } from '../../protocol/facts.ts'
import { fuzzSeed } from '../support/generators.ts'
import { compare } from './comparison.ts'
import { JudgedCases } from './judged-cases.ts'
import { COMPARED } from './plain/view.ts'
import { shrunk } from './shrinking.ts'

const RUNS = 200
/** What is rare comes with further histories. */
const RUNS_MAX = 6_000
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })
const cases = new JudgedCases(fuzzSeed('oracle'))

test('E-FOLD-1 E-FOLD-3 E-EARN-1 E-EARN-2 E-EARN-3 E-EARN-4 E-EARN-6 E-BON-1 E-TIER-1 E-TIER-2 E-RET-1 E-RET-2 E-RET-4 E-SPEND-3 E-PROM-1 agree with the oracle, straight and in any order', () => {
  for (const { judged, ...found } of cases.first(RUNS)) {
    if (compare(found.records, found.facts, found.plan, judged) === undefined) continue
    const { records, facts, plan } = shrunk(
      found,
      (one) => compare(one.records, one.facts, one.plan) !== undefined,
    )
    const difference = compare(records, facts, plan)
    expect({ difference, programs: records.map(({ document }) => document), facts }).toBe('no difference')
  }
})

test('the histories come in no order of their own', () => {
  const [found] = [...cases.first(RUNS)].filter(({ facts }) => facts.length > 20)
  expect(found?.facts).not.toEqual(found?.facts.toSorted(compareCanonical))
})

afterAll(() => {
  const { seen } = cases
  for (const _ of cases.first(RUNS_MAX)) if (COMPARED.every((kind) => (seen[kind] ?? 0) > 0)) break
  for (const kind of COMPARED) expect(seen[kind] ?? 0, kind).toBeGreaterThan(0)
})
