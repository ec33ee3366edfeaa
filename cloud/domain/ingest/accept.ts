// First half of taking a batch: does it continue what the cloud has (I-1), and which of its facts are facts (I-4)? Works on a cursor that is saved at
// the end of the transaction; nothing here touches a member.
import { CHAIN_GENESIS, CHAIN_HASH_BYTES, chainHash, sameHash } from '../../../protocol/chain.ts'
import { decodeFact } from '../../../protocol/codec.ts'
import type { Fact, FactKind, LeaseFact } from '../../../protocol/facts.ts'
import type { Batch } from '../../../protocol/frames/batch.ts'
import { factIdOf, originOf } from '../../../protocol/ids.ts'
import type { FactId, Origin, Seq } from '../../../protocol/ids.ts'
import type { LifeEnd } from '../../../protocol/lives.ts'
import { FACT_BYTES_MAX } from '../../../protocol/limits.ts'
import { millisOf, zoneOffset } from '../../../protocol/time.ts'
import type { OriginRow, StoreRow, TenantId, Writes } from '../../store/port.ts'

/** An origin while a group is worked on. */
export interface Cursor {
  readonly row: OriginRow
  /** Null for the cloud's own origin. */
  readonly store: StoreRow | null
  seq: Seq
  head: Uint8Array
  /** Null while it is open. */
  ended: LifeEnd | null
  /** Hashes of what this group took already, up to `seq`: it is in no table yet. */
  readonly taken: Uint8Array[]
}

export interface Arrival {
  readonly cursor: Cursor
  readonly id: FactId
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

export interface ArrivedFact extends Arrival {
  readonly fact: Fact
  /** Its member was enrolled in a life that a lost cloud gave out (I-13). */
  readonly awaitsMember?: true
}

export interface QuarantinedFact extends Arrival {
  readonly reason: string
}

export type BatchAnswer =
  | { readonly type: 'ack'; readonly seq: Seq; readonly head: Uint8Array }
  | { readonly type: 'gap'; readonly expected: Seq }
  | {
      readonly type: 'ended'
      readonly reason: LifeEnd
      readonly seq: Seq
      readonly head: Uint8Array
    }

/** `hashes`: the chain's hash behind each of its facts, from its own `previous` on, where they were worked out ahead (I-15). */
export interface HashedBatch {
  readonly batch: Batch
  readonly hashes: Uint8Array | null
}

export interface Accepted {
  readonly answer: BatchAnswer
  readonly facts: readonly ArrivedFact[]
  readonly quarantined: readonly QuarantinedFact[]
  /** The life was ended by this very batch. */
  readonly endedNow: boolean
}

/** Remembers which tenant an origin belongs to; origins never change hands. */
export type TenantsKnown = Map<Origin, TenantId>

export async function acceptBatch(
  tx: Writes,
  cursor: Cursor,
  { batch, hashes }: HashedBatch,
  tenants: TenantsKnown,
): Promise<Accepted> {
  const nothing = { facts: [], quarantined: [], endedNow: false }
  if (cursor.ended !== null)
    return { ...nothing, answer: { type: 'ended', reason: cursor.ended, seq: cursor.seq, head: cursor.head } }
  const expected = (cursor.seq + 1) as Seq
  if (batch.from > expected) return { ...nothing, answer: { type: 'gap', expected } }
  const knownCount = Math.min(expected - batch.from, batch.facts.length)
  const hashBehind = (before: Uint8Array, index: number, bytes: Uint8Array): Uint8Array =>
    hashes?.subarray(index * CHAIN_HASH_BYTES, (index + 1) * CHAIN_HASH_BYTES) ?? chainHash(before, bytes)
  let hash = batch.previous
  for (const [index, bytes] of batch.facts.slice(0, knownCount).entries())
    hash = hashBehind(hash, index, bytes)
  const knownSeq = (batch.from + knownCount - 1) as Seq
  const knownHash = knownSeq === cursor.seq ? cursor.head : await hashAt(tx, cursor, knownSeq)
  if (knownHash === undefined || !sameHash(hash, knownHash)) {
    cursor.ended = 'fork'
    return {
      ...nothing,
      endedNow: true,
      answer: { type: 'ended', reason: 'fork', seq: cursor.seq, head: cursor.head },
    }
  }
  const facts: ArrivedFact[] = []
  const quarantined: QuarantinedFact[] = []
  for (const [index, bytes] of batch.facts.entries()) {
    if (index < knownCount) continue
    hash = hashBehind(hash, index, bytes)
    const seq = (cursor.seq + 1) as Seq
    const id = factIdOf(cursor.row.origin, seq)
    const read = factIn(bytes)
    // No wait where nothing has to be looked up: this runs once for every fact there is.
    if (typeof read !== 'string' && !tenantKnown(read, tenants)) await learnTenant(tx, read, tenants)
    const awaits = typeof read !== 'string' && !tenantKnown(read, tenants) && (await wasLost(tx, read))
    const fault = typeof read === 'string' ? read : faultOf(read, id, cursor, tenants, { awaits })
    if (fault !== null) quarantined.push({ cursor, id, bytes, hash, reason: fault })
    else if (awaits) facts.push({ cursor, id, bytes, hash, fact: read, awaitsMember: true })
    else facts.push({ cursor, id, bytes, hash, fact: read as Fact })
    cursor.seq = seq
    cursor.head = hash
    cursor.taken.push(hash)
  }
  return { facts, quarantined, endedNow: false, answer: { type: 'ack', seq: cursor.seq, head: cursor.head } }
}

async function hashAt(
  tx: Writes,
  { row, taken, seq: last }: Cursor,
  seq: Seq,
): Promise<Uint8Array | undefined> {
  if (seq === 0) return CHAIN_GENESIS
  const fresh = taken[taken.length - 1 - (last - seq)]
  if (fresh !== undefined) return fresh
  const id = factIdOf(row.origin, seq)
  const [fact] = await tx.factsByIds([id])
  return fact?.hash ?? (await tx.quarantined([id]))[0]?.hash
}

/** What only the cloud can know or decide: numbers over all stores, who is one with whom, time that has come, and HQ's word. */
const HQ_KINDS: ReadonlySet<FactKind> = new Set([
  'adjustment',
  'award',
  'response',
  'referral',
  'segment',
  'release',
  'moment',
  'merge',
  'retro_claim',
  'resolution',
])

/** What a store itself says of its leases. */
const STORE_STAGES: readonly LeaseFact['stage'][] = ['returned', 'expired']

/** The fact in the bytes, or why it is none (I-4). */
function factIn(bytes: Uint8Array): Fact | string {
  if (bytes.length > FACT_BYTES_MAX) return 'larger than a fact may be'
  const decoded = decodeFact(bytes)
  return decoded.ok ? decoded.value : decoded.malformed.reason
}

/** What a schema cannot say about a fact of an origin; null when nothing is wrong. HQ looked at its zone offset. */
export async function faultOfReadmitted(
  tx: Writes,
  fact: Fact,
  id: FactId,
  cursor: Pick<Cursor, 'row' | 'store'>,
): Promise<string | null> {
  const tenants: TenantsKnown = new Map()
  await learnTenant(tx, fact, tenants)
  return faultOf(fact, id, cursor, tenants, { forgiving: true })
}

/** The tenant of the fact's member is among those known, where there is one. */
function faultOf(
  fact: Fact,
  id: FactId,
  cursor: Pick<Cursor, 'row' | 'store'>,
  tenants: TenantsKnown,
  { forgiving = false, awaits = false } = {},
): string | null {
  if (fact.id !== id) return 'names another position than its own'
  if (cursor.store !== null) {
    if (fact.store !== cursor.row.store) return 'names another store than its own'
    if (HQ_KINDS.has(fact.kind)) return `only HQ makes a fact of kind ${fact.kind}`
    if (fact.kind === 'lease' && !STORE_STAGES.includes(fact.stage))
      return `only the cloud says that a lease is ${fact.stage}`
    if (!forgiving && fact.offset !== zoneOffset(cursor.store.zone, millisOf(fact.at)))
      return 'its zone offset is not that of its store'
  }
  if (fact.member > 0 && !awaits && tenants.get(originOf(fact.member)) !== cursor.row.tenant)
    return 'names a member of nobody we know'
  if (fact.kind === 'sale' && fact.amount !== fact.lines.reduce((sum, line) => sum + line.amount, 0))
    return 'its amount is not the sum of its lines'
  return null
}

function tenantKnown({ member }: Fact, known: TenantsKnown): boolean {
  return member <= 0 || known.has(originOf(member))
}

/** Numbers below the last that nobody has were given out by a cloud that is lost (G-8): whose they are, is seen when their device is back. */
async function wasLost(tx: Writes, { member }: Fact): Promise<boolean> {
  return originOf(member) < (await tx.originLast())
}

async function learnTenant(tx: Writes, { member }: Fact, known: TenantsKnown): Promise<void> {
  if (member <= 0) return
  const origin = originOf(member)
  const tenant = (await tx.origin(origin))?.tenant
  if (tenant !== undefined) known.set(origin, tenant)
}
