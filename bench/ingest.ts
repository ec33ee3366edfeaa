// How fast does the cloud take facts? Batches of several origins through the whole of ingest (position, chain, decode, standing, fold, effects,
// states, COMMIT with fsync) beside the ceiling: the same bytes inserted raw into one table of one file, as many rows a transaction.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { BATCH_FACTS_MAX } from '../protocol/limits.ts'
import type { MemberId } from '../protocol/ids.ts'
import { CloudCore } from '../test/support/cloud-core.ts'
import { SMALL_PROGRAM } from '../test/support/programs.ts'
import { seededRandom } from '../test/support/random.ts'
import type { OriginWriter } from '../test/support/origin-writer.ts'
import { inTurns, tell } from './bench.ts'

const STORES = 4
const FACTS_PER_STORE = 5_000
const MEMBERS_PER_STORE = 500
const T0 = Date.UTC(2026, 0, 5, 9)

function fill(writers: readonly OriginWriter[]): void {
  const random = seededRandom(7)
  for (const writer of writers) {
    const members: MemberId[] = []
    for (let n = 0; n < FACTS_PER_STORE; n++) {
      const at = T0 + n * 1000
      if (n < MEMBERS_PER_STORE) {
        members.push(writer.enrol({ at }, [{ kind: 'card', value: `${writer.origin}-${n}` }]))
        continue
      }
      const lines = Array.from({ length: 5 }, () => ({
        sku: `S${random.below(1000)}`,
        category: random.below(5) === 0 ? 'BAG' : 'OTHER',
        amount: 100 + random.below(3000),
      }))
      writer.sale({ at, member: random.pick(members) }, lines)
    }
  }
}

function ours(): () => Promise<number> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-'))
    const cloud = new CloudCore(directory, { now: () => T0 })
    await cloud.found(SMALL_PROGRAM)
    const writers: OriginWriter[] = []
    for (let n = 0; n < STORES; n++) writers.push(await cloud.addStore())
    fill(writers)
    const start = performance.now()
    const answers: Promise<unknown>[] = []
    for (let from = 1; from <= FACTS_PER_STORE; from += BATCH_FACTS_MAX) {
      const to = Math.min(FACTS_PER_STORE, from + BATCH_FACTS_MAX - 1)
      for (const writer of writers) answers.push(cloud.ingest.submit(writer.origin, writer.batch(from, to)))
      await Promise.all(answers.splice(0))
    }
    const seconds = (performance.now() - start) / 1000
    await cloud.store.close()
    rmSync(directory, { recursive: true, force: true })
    return (STORES * FACTS_PER_STORE) / seconds
  }
}

function ceiling(bytes: readonly Uint8Array[]): () => number {
  return () => {
    const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-'))
    const database = new Sqlite(join(directory, 'raw.db'))
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.exec('CREATE TABLE facts (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)')
    const insert = database.prepare('INSERT INTO facts VALUES (?, ?)')
    const start = performance.now()
    for (let from = 0; from < bytes.length; from += BATCH_FACTS_MAX * STORES) {
      database.transaction(() => {
        for (const [index, row] of bytes.slice(from, from + BATCH_FACTS_MAX * STORES).entries())
          insert.run(from + index, row)
      })()
    }
    const seconds = (performance.now() - start) / 1000
    database.close()
    rmSync(directory, { recursive: true, force: true })
    return bytes.length / seconds
  }
}

export async function bench(): Promise<void> {
  const writers: OriginWriter[] = []
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-'))
  const cloud = new CloudCore(directory, { now: () => T0 })
  await cloud.found(null)
  for (let n = 0; n < STORES; n++) writers.push(await cloud.addStore())
  await cloud.store.close()
  rmSync(directory, { recursive: true, force: true })
  fill(writers)
  const bytes = writers.flatMap((writer) => writer.bytes)
  const rates = await inTurns(ours(), ceiling(bytes), { measured: true })
  tell({
    bench: 'ingest',
    figure: 'facts per second into the cloud, durable, folded',
    ...rates,
    peerName: 'raw better-sqlite3 insert of the same bytes, same rows a transaction',
    unit: 'facts/s',
    notes: {
      facts: bytes.length,
      stores: STORES,
      bytes_per_fact: Math.round(bytes.reduce((sum, row) => sum + row.length, 0) / bytes.length),
    },
  })
}
