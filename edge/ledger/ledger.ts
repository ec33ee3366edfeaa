// SKELETON, signatures final.
import type { Seq } from '../../protocol/ids.ts'
import type { EdgeIdentity, Meta } from './meta.ts'
import type { Terminals } from './terminals.ts'

export interface LedgerOptions {
  /** The data directory, or ':memory:' for a simulation. */
  readonly directory: string
}

export interface Verification {
  readonly chain_ok: boolean
  readonly facts: number
  readonly seq: number
  /** What is wrong, in words; empty when nothing is. */
  readonly faults: readonly string[]
}

export interface LedgerBatch {
  readonly from: Seq
  readonly previous: Uint8Array
  readonly facts: Uint8Array[]
}

export declare class Ledger {
  readonly meta: Meta
  readonly terminals: Terminals
  head(): { readonly seq: Seq; readonly hash: Uint8Array }
  /** seq 0: CHAIN_GENESIS; undefined beyond the head. */
  hashAt(seq: Seq): Uint8Array | undefined
  /** Facts from `seq` on, bounded by BATCH_FACTS_MAX and BATCH_BYTES_MAX (at least one); undefined when there is none. */
  batchFrom(seq: Seq): LedgerBatch | undefined
  /** Undefined until the edge is enrolled. */
  identity(): EdgeIdentity | undefined
  /** Stores who this edge is, once: a ledger has one origin. */
  enrol(identity: EdgeIdentity): void
  verify(): Verification
  close(): void
}

/** Throws LedgerRefused with a sentence for the operator where the ledger cannot be opened safely. */
export declare function openLedger(options: LedgerOptions): Ledger
export declare class LedgerRefused extends Error {}
