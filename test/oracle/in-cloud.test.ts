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
const cases = fc.sample(fc.tuple(anyVersions, deeds(60), fc.nat()), { seed, numRuns: 30 })

test('E-MERGE-1 E-CLAIM-1 E-FOLD-1 whose every fact is and what it came to, in any order, is what the oracle says', async () => {
  for (const [records, list, plan] of cases)
    expect(await differenceInCloud(records, factsWithOwners(list), plan)).toBeUndefined()
})

const without =
  (kind: Fact['kind']) =>
  (facts: Fact[]): Fact[] =>
    facts.filter((fact) => fact.kind !== kind)

test.each([
  ['a merge is forgotten', without('merge')],
  ['a claim is forgotten', without('retro_claim')],
  ['a sale is forgotten', without('sale')],
])('it is noticed where %s', async (_, misread) => {
  for (const [records, list, plan] of cases)
    if ((await differenceInCloud(records, factsWithOwners(list), plan, misread)) !== undefined) return
  expect('a difference').toBe('found')
})
