// Walks the chains of all origins in one moment of the file (S-5): a changed byte of a fact breaks no rule that SQLite knows.
import type { Database } from 'better-sqlite3'
import { CHAIN_GENESIS, chainHash, sameHash } from '../../../protocol/chain.ts'
import type { Origin, Seq } from '../../../protocol/ids.ts'
import { seqOf } from '../../../protocol/ids.ts'
import { PAGE_SIZE_MAX } from '../../../protocol/limits.ts'
import { chainOf } from './reads.ts'
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
