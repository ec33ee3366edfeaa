// Planted bugs that the comparison with the oracle must notice (`npm run test:long`). SEED= repeats a run.
import { describe, expect, test, vi } from 'vitest'
import { fuzzSeed } from '../support/generators.ts'
import { comparePlanted } from './comparison.ts'
import type { Planted } from './comparison.ts'
import { JudgedCases } from './judged-cases.ts'
import type { Judgement } from './judged-cases.ts'
import { WRONG_FACTS, WRONG_PLANS, WRONG_READINGS } from './planted-bugs.ts'
import { shrunk } from './shrinking.ts'
import type { Case } from './shrinking.ts'

// Generating is most of the work, and a rare bug may need all of it.
vi.setConfig({ testTimeout: 240_000 })
/** A planted bug is looked for this long: most are found in the first dozens, the rarest shows in one history of three hundred. */
const RUNS_MAX = 6_000
const cases = new JudgedCases(fuzzSeed('planted'))

describe('a planted bug is noticed', () => {
  const firstNoticed = (planted: Planted): Judgement | undefined => {
    for (const found of cases.first(RUNS_MAX))
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
