// The part of the store's port that is about the fleet: stores, the devices that serve them, and the lives of their ledgers.
import type { Origin, Seq, StoreId } from '../../protocol/ids.ts'
import type { LifeEnd } from '../../protocol/lives.ts'
import type { Millis } from '../../protocol/time.ts'
import type { CodeRow, ContactRow, EdgeId, EdgeRow, OriginRow, StoreRow, TenantId } from './port.ts'

/** Inside one transaction. */
export interface FleetWrites {
  /** Under the next number, or under the one it had before. */
  insertStore(tenant: TenantId, name: string, zone: string, id?: StoreId): Promise<StoreRow>
  /** Under the next number, or under the one it had before. */
  insertEdge(
    row: Pick<EdgeRow, 'tenant' | 'store' | 'publicKey' | 'enrolledAt'> & { readonly id?: EdgeId },
  ): Promise<EdgeRow>
  /** The next stores and devices get numbers beyond so many that a lost cloud may have given out. */
  skipDevices(count: number): Promise<void>
  saveEdge(row: Pick<EdgeRow, 'id' | 'state' | 'copyOf'>): Promise<void>
  saveAttestation(id: EdgeId, attestation: string): Promise<void>
  edgeByKey(tenant: TenantId, publicKey: string): Promise<EdgeRow | undefined>
  /** The next origin number (at least `floor`), with the next epoch of the edge (at least `epochFloor`); open unless told otherwise. */
  insertOrigin(
    row: Pick<OriginRow, 'tenant' | 'store' | 'edge'> & {
      readonly state?: OriginRow['state']
      readonly floor?: number
      readonly epochFloor?: number
    },
  ): Promise<OriginRow>
  /** A life under the number and epoch that a lost cloud gave it; a spare. */
  insertLife(row: Pick<OriginRow, 'origin' | 'epoch' | 'tenant' | 'store' | 'edge'>): Promise<void>
  originLast(): Promise<number>
  saveOrigins(rows: readonly Pick<OriginRow, 'origin' | 'seq' | 'head'>[]): Promise<void>
  openOrigin(origin: Origin): Promise<void>
  closeOrigin(origin: Origin, ended: LifeEnd, at: Millis): Promise<void>
  witnessOrigin(origin: Origin, seq: Seq): Promise<void>
  saveContact(row: ContactRow): Promise<void>
  insertCode(row: CodeRow): Promise<void>
  code(hash: string): Promise<CodeRow | undefined>
  useCode(hash: string, edge: EdgeId): Promise<void>
}
