// SKELETON, signatures final.
import type { Origin, Seq, StoreId } from '../../protocol/ids.ts'

export interface EdgeIdentity {
  readonly edge: number
  readonly origin: Origin
  readonly epoch: number
  readonly store: { readonly id: StoreId; readonly name: string; readonly zone: string }
  /** PEM; the edge's signing key. */
  readonly privateKey: string
  /** As exportPublicKey gives it. */
  readonly cloudPublicKey: string
  readonly cloudUrl: string
}

export interface Cursors {
  /** What the cloud has of this ledger, by its own word, in that life of the cloud (0: none yet). */
  readonly synced: Seq
  readonly cloudEpoch: number
  readonly members: number
  readonly corrections: number
}

export declare class Meta {
  cursors(): Cursors
}
