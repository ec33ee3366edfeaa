// Generated programs and histories with merges and claims through a whole cloud, against the oracle (`npm run oracle` does more of them); and what the comparison
// must notice. SEED= repeats a run.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Fact } from '../../protocol/facts.ts'
import { factsWithOwners } from '../support/generators-owners.ts'
import { anyVersions } from '../support/generators-program.ts'
import { deeds } from '../support/generators/deeds.ts'
import { fuzzSeed } from '../support/generators.ts'
import { differenceInCloud } from './in-cloud.ts'

const seed = fuzzSeed('oracle in a cloud')
const generated = fc.tuple(anyVersions, deeds(60), fc.nat())
const cases = fc.sample(generated, { seed, numRuns: 30 })
const RUNS_MAX = 10

test('E-MERGE-1 E-CLAIM-1 E-FOLD-1 whose every fact is and what it came to, in any order, is what the oracle says', async () => {
  for (const [records, list, plan] of cases)
    expect(await differenceInCloud(records, factsWithOwners(list), plan)).toBeUndefined()
})

/** The cases of this run, and others after them where those do not hold what a bug needs. */
function* further(): Generator<(typeof cases)[number]> {
  for (let run = 0; run < RUNS_MAX; run++)
    yield* run === 0 ? cases : fc.sample(generated, { seed: seed + run, numRuns: cases.length })
}

const without =
  (kind: Fact['kind']) =>
  (facts: Fact[]): Fact[] =>
    facts.filter((fact) => fact.kind !== kind)

test.each([
  ['a merge is forgotten', without('merge')],
  ['a claim is forgotten', without('retro_claim')],
  ['a sale is forgotten', without('sale')],
])('it is noticed where %s', async (_, misread) => {
  for (const [records, list, plan] of further())
    if ((await differenceInCloud(records, factsWithOwners(list), plan, misread)) !== undefined) return
  expect('a difference').toBe('found')
})
