// A history through a whole cloud's ingest, in any order and batching, with members that are merged and sales that are claimed: whose every fact is, how every
// member stands and what every fact came to must be what the oracle says of the cloud's log (I-7, I-8, E-MERGE, E-CLAIM).
import { isDeepStrictEqual } from 'node:util'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { Effect } from '../../cloud/evaluation/effects.ts'
import { effectsSum } from '../../cloud/evaluation/fold.ts'
import type { ProgramRecord } from '../../cloud/evaluation/programs.ts'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId, MemberId, StoreId } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import { MINUTE_MS, millisOf } from '../../protocol/time.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { writersOf } from '../support/generators-owners.ts'
import { FIRST_DAY_MS } from '../support/generators/parts.ts'
import { seededRandom } from '../support/random.ts'
import { viewOfState } from './core-view.ts'
import { judge } from './plain/judge.ts'
import { ownedFacts } from './plain/owners.ts'
import { effectTexts, viewOf } from './plain/view.ts'

/** Ids of origins are dealt out in order: the first is the cloud's own, the rest stands ready for the facts. */
const ORIGINS = 12
/** All arrives after all has happened, or the cloud would not believe the times. */
const ARRIVAL_DAYS = 3_000

/** What differs, or undefined. `plan` seeds the order of delivery; `misread` is a bug planted into what the oracle reads. */
export async function differenceInCloud(
  records: readonly ProgramRecord[],
  facts: readonly Fact[],
  plan: number,
  misread: (facts: Fact[]) => Fact[] = (read) => read,
): Promise<string | undefined> {
  const directory = freshDirectory(true)
  const time = { now: FIRST_DAY_MS }
  const cloud = new CloudCore(directory.path, { now: () => time.now })
  try {
    await cloud.found(null)
    for (const { document, effectiveFrom } of records) {
      const published = await cloud.shelf.publish(
        cloud.tenant,
        JSON.parse(document) as unknown,
        millisOf(effectiveFrom),
      )
      assert(published.ok, 'a generated program is published')
    }
    await cloud.store.write(async (tx) => {
      for (let n = 1; n < ORIGINS; n++)
        await tx.insertOrigin({ tenant: cloud.tenant, store: 0 as StoreId, edge: 0 })
    })
    time.now += ARRIVAL_DAYS * 1440 * MINUTE_MS
    await cloud.deliver(writersOf(facts), seededRandom(plan))
    return await differenceOf(cloud, facts.length, misread)
  } finally {
    await cloud.store.close()
    directory.remove()
  }
}

async function differenceOf(
  cloud: CloudCore,
  count: number,
  misread: (facts: Fact[]) => Fact[],
): Promise<string | undefined> {
  const rows = await cloud.store.read.facts(cloud.tenant, {}, { after: 0, limit: 9999 })
  assert(rows.length >= count, `${count} facts were taken, ${rows.length} are there`)
  const owned = ownedFacts(misread(rows.map(({ bytes }) => decodeStoredFact(bytes))))
  const owners = new Map([...owned].flatMap(([member, own]) => own.map(({ id }) => [id, member] as const)))
  for (const { id, kind, status, member } of rows) {
    const saved = status === 'counted' && member > 0 ? member : undefined
    if (kind !== 'merge' && kind !== 'retro_claim' && saved !== owners.get(id))
      return `${kind} ${id} is of ${owners.get(id)}, the cloud says ${saved}`
  }
  const programs = await cloud.shelf.of(cloud.tenant)
  const versions = programs.records.map(({ effectiveFrom, document }) => ({
    from: millisOf(effectiveFrom),
    document: JSON.parse(document) as ProgramDocument,
  }))
  for (const [member, own] of owned) {
    const last = own.at(-1)
    if (last === undefined) continue
    const judged = judge(member, versions, own)
    const view = viewOfState(programs.program(last.at), await cloud.state(member as MemberId), last)
    const expected = viewOf(judged, last)
    if (!isDeepStrictEqual(view, expected))
      return `member ${member} is ${JSON.stringify(expected)}, the cloud says ${JSON.stringify(view)}`
    const booked = await effectsOf(cloud, member as MemberId)
    for (const { id, kind } of own) {
      const told = effectTexts(judged.journal.filter((one) => one.fact === id))
      const saved = effectTexts(effectsSum(booked.get(id) ?? []))
      if (!isDeepStrictEqual(told, saved))
        return `${kind} ${id} came to ${told.join()}, the cloud says ${saved.join()}`
    }
  }
  return undefined
}

/** All revisions of each fact of a member. */
async function effectsOf(cloud: CloudCore, member: MemberId): Promise<Map<FactId, (readonly Effect[])[]>> {
  const found = new Map<FactId, (readonly Effect[])[]>()
  for (const { fact, effects } of await cloud.store.read.activitiesOfMember(member, {
    after: 0,
    limit: 99_999,
  }))
    found.set(fact, [...(found.get(fact) ?? []), effects])
  return found
}
