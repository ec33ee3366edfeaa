// What is sent of the open life at once (P-SYNC-2).
import type { Seq } from '../../protocol/ids.ts'
import { BATCH_BYTES_MAX, BATCH_FACTS_MAX } from '../../protocol/limits.ts'
import type { Ledger } from './ledger.ts'

/** At most this much of the ledger at once. */
export interface BatchMost {
  readonly facts: number
  readonly bytes: number
}

export interface LedgerBatch {
  readonly from: Seq
  readonly previous: Uint8Array
  readonly facts: Uint8Array[]
  /** Of the facts together. */
  readonly bytes: number
}

/** Facts from `seq` on, bounded by `most`, BATCH_FACTS_MAX and BATCH_BYTES_MAX (at least one); undefined when there is none. */
export function batchFrom(ledger: Ledger, from: Seq, most: BatchMost): LedgerBatch | undefined {
  const before = (from - 1) as Seq
  const previous = from < 1 || from > ledger.seq ? undefined : ledger.hashAt(before)
  if (previous === undefined) return undefined
  const facts: Uint8Array[] = []
  let size = 0
  for (const { bytes } of ledger.after(ledger.idAt(before))) {
    if (size + bytes.length > Math.min(most.bytes, BATCH_BYTES_MAX) && facts.length > 0) break
    facts.push(bytes)
    size += bytes.length
    if (facts.length >= Math.min(most.facts, BATCH_FACTS_MAX)) break
  }
  return { from, previous, facts, bytes: size }
}
