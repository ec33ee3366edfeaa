// Rows for the contract suite of the store port, and the tenant with one store and one origin that they belong to.
import { CHAIN_GENESIS, chainHash } from '../../protocol/chain.ts'
import { NO_FACT, NO_MEMBER, factIdOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, Seq } from '../../protocol/ids.ts'
import type { HybridTime, Millis } from '../../protocol/time.ts'
import type { ActivityRow, CloudStore, FactRow, OriginRow, Writes } from '../../cloud/store/port.ts'

export interface StoreFactory {
  /** An empty store. */
  create(): Promise<CloudStore>
  /** Closes it and opens the same data again. */
  reopen(store: CloudStore): Promise<CloudStore>
  destroy(store: CloudStore): Promise<void>
}

export interface Ground {
  readonly tenant: number
  readonly life: OriginRow
}

export const HASH = Buffer.alloc(32, 7)
export const millis = (value: number): Millis => value as Millis
export const time = (value: number): HybridTime => value as HybridTime

export function groundOf(store: CloudStore): Promise<Ground> {
  return store.write(async (tx) => {
    const tenant = await tx.insertTenant('t')
    const shop = await tx.insertStore(tenant, 'Shop', 'UTC')
    const edge = await tx.insertEdge({ tenant, store: shop.id, publicKey: 'key', enrolledAt: millis(5) })
    return { tenant, life: await tx.insertOrigin({ tenant, store: shop.id, edge: edge.id }) }
  })
}

/** Of the facts of `rowsOf`, from the first on. */
function chained(seq: number): Uint8Array {
  return seq === 0 ? CHAIN_GENESIS : chainHash(chained(seq - 1), Buffer.from([seq]))
}

/** Makers of rows on the ground that `of` gives when they are called. */
export function rowsOf(of: () => Ground) {
  const id = (seq: number): FactId => factIdOf(of().life.origin, seq as Seq)
  const fact = (seq: number, over: Partial<FactRow> = {}): FactRow => ({
    id: id(seq),
    tenant: of().tenant,
    store: of().life.store,
    key: `k${seq}`,
    kind: 'sale',
    member: NO_MEMBER,
    claim: null,
    about: NO_FACT,
    at: time(seq * 10),
    status: 'counted',
    bytes: Buffer.from([seq]),
    hash: chained(seq),
    receivedAt: millis(1),
    ...over,
  })
  const activity = (over: Partial<ActivityRow> = {}): Omit<ActivityRow, 'position'> => ({
    tenant: of().tenant,
    store: of().life.store,
    kind: 'sale',
    at: time(1),
    fact: id(1),
    revision: 0,
    member: NO_MEMBER,
    cause: NO_FACT,
    amount: 5,
    points: 3,
    goodwill: 0,
    effects: [],
    notice: null,
    tell: false,
    ...over,
  })
  const member = (seq: number): MemberId => id(seq) as number as MemberId
  const enrol = (tx: Writes, seq: number): Promise<void> =>
    tx.insertMembers([
      {
        id: member(seq),
        tenant: of().tenant,
        name: `M${seq}`,
        store: of().life.store,
        enrolledAt: time(seq),
        key: `m${seq}`,
      },
    ])
  return { id, fact, activity, member, enrol }
}
