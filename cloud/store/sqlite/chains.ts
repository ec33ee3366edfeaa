// What the chains say of facts: of all origins in one moment of the file (S-5), and of one that is about to be folded again (S-12). A changed byte of a fact
// breaks no rule that SQLite knows.
import type { Database } from 'better-sqlite3'
import { CHAIN_GENESIS, chainHash, sameHash } from '../../../protocol/chain.ts'
import type { FactId, Origin, Seq } from '../../../protocol/ids.ts'
import { idText, seqOf } from '../../../protocol/ids.ts'
import { PAGE_SIZE_MAX } from '../../../protocol/limits.ts'
import { UnsoundRow } from '../../storage/faults.ts'
import type { FactRow } from '../port.ts'
import { chainOf } from './reads.ts'
import { factRow } from './rows.ts'
import type { Raw } from './rows.ts'
import { preparer } from './statements.ts'

/** The first thing that does not fit; undefined when all does. */
export function chainFault(database: Database): string | undefined {
  const sql = preparer(database)
  const origins = sql('SELECT origin, seq, head FROM origins ORDER BY origin').all() as unknown as {
    origin: Origin
    seq: Seq
    head: Uint8Array
  }[]
  for (const { origin, seq, head } of origins) {
    let [at, last] = [0 as Seq, CHAIN_GENESIS]
    for (;;) {
      const rows = chainOf(sql, origin, at, PAGE_SIZE_MAX)
      for (const { id, bytes, hash } of rows) {
        if (seqOf(id) !== at + 1 || !sameHash(chainHash(last, bytes), hash))
          return `record ${at + 1} of ledger ${origin} is missing or was changed`
        ;[at, last] = [seqOf(id), hash]
      }
      if (rows.length < PAGE_SIZE_MAX) break
    }
    if (at !== seq || !sameHash(last, head)) return `ledger ${origin} ends at record ${at}, not at ${seq}`
  }
  return undefined
}

/** Facts with the hash of the record before each. */
export const CHAINED_FACTS =
  'SELECT f.*, p.hash AS previous FROM facts f LEFT JOIN facts p ON p.id = f.id - 1'

/** The row of a fact, whose bytes are those of its place in the chain; throws where they are not. */
export function chainedFact(sql: ReturnType<typeof preparer>, raw: Raw): FactRow {
  const { previous, ...rest } = raw
  const row = factRow(rest)
  const before = (previous as Uint8Array | null) ?? hashSetAside(sql, (row.id - 1) as FactId) ?? CHAIN_GENESIS
  if (!sameHash(chainHash(before, row.bytes), row.hash) && hashSetAside(sql, row.id) === undefined)
    throw new UnsoundRow(`fact ${idText(row.id)} is not what its chain says`)
  return row
}

/** Of a record that was set aside. HQ may let it count in other words: then those are not the bytes of the chain. */
function hashSetAside(sql: ReturnType<typeof preparer>, id: FactId): Uint8Array | undefined {
  return sql('SELECT hash FROM quarantine WHERE id = ?').get(id)?.hash as Uint8Array | undefined
}
