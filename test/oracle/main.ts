// The long run: `npm run oracle -- --histories 10000 [--seed N]` compares the evaluation with the oracle over so many generated histories. Tells the seed
// first and its progress; the first difference ends it, with the smallest case that shows it as JSON.
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { fuzzSeed } from '../support/generators.ts'
import { deeds } from '../support/generators/deeds.ts'
import { factsOfDeeds } from '../support/generators-history.ts'
import { factsWithOwners } from '../support/generators-owners.ts'
import { anyVersions } from '../support/generators-program.ts'
import { compare, judgeAll } from './comparison.ts'
import type { Seen } from './comparison.ts'
import { differenceInCloud } from './in-cloud.ts'
import { shrunk } from './shrinking.ts'
import type { Case } from './shrinking.ts'

const { values } = parseArgs({
  options: { histories: { type: 'string', default: '10000' }, seed: { type: 'string' } },
})
const BATCH = 100
const FACTS_MAX = 60
const write = (line: string): void => void process.stdout.write(`${line}\n`)

if (values.seed !== undefined) process.env.SEED = values.seed
const seed = fuzzSeed('oracle')
const histories = Number(values.histories)
const seen: Seen = {}
const cases = fc
  .tuple(anyVersions, deeds(FACTS_MAX), fc.nat())
  .map(([records, list, plan]): Case => ({ records, facts: factsOfDeeds(list), plan }))

let facts = 0
const clouds = { histories: 0, facts: 0, merge: 0, retro_claim: 0 }
let done = 0
while (done < histories) {
  const size = Math.min(BATCH, histories - done)
  for (const one of fc.sample(cases, { seed: seed + done / BATCH, numRuns: size })) {
    const judged = judgeAll(one.records, one.facts, seen)
    if (compare(one.records, one.facts, one.plan, judged) !== undefined) fail(one)
    facts += one.facts.length
  }
  await throughClouds(seed + done / BATCH, Math.ceil(size / 20))
  done += size
  if (done % 1000 === 0 || done === histories) write(`${done} histories, ${facts} facts: no difference`)
}
write(JSON.stringify({ seed, histories: done, facts, clouds, effects: seen }))

/** A part of them through a whole cloud, with merges and claims. */
async function throughClouds(from: number, count: number): Promise<void> {
  const generated = fc.tuple(anyVersions, deeds(FACTS_MAX), fc.nat())
  for (const [records, list, plan] of fc.sample(generated, { seed: from, numRuns: count })) {
    const owned = factsWithOwners(list)
    const difference = await differenceInCloud(records, owned, plan)
    clouds.facts += owned.length
    clouds.histories += 1
    for (const { kind } of owned) if (kind === 'merge' || kind === 'retro_claim') clouds[kind] += 1
    if (difference === undefined) continue
    write(JSON.stringify({ seed, difference, plan, programs: records, facts: owned }, null, 1))
    process.exit(1)
  }
}

function fail(one: Case): never {
  const smallest = shrunk(one, ({ records, facts: some, plan }) => compare(records, some, plan) !== undefined)
  const { records, facts: some, plan } = smallest
  write(
    JSON.stringify(
      {
        seed,
        difference: compare(records, some, plan),
        plan,
        programs: records.map(({ effectiveFrom, document }) => ({
          effectiveFrom,
          document: JSON.parse(document) as unknown,
        })),
        facts: some,
      },
      null,
      1,
    ),
  )
  process.exit(1)
}
