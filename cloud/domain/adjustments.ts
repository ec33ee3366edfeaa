// HQ's word on a member's points: a fact of the cloud's own origin. The answer is made from the fact alone, so a repeated request gets it byte for
// byte without any second table of answers (K-2); everything the request says is in the fact, so comparing with it tells a repetition from
// a reused key (K-3).
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Adjustment } from '../../protocol/facts.ts'
import { NO_FACT, idText, originOf, seqOf } from '../../protocol/ids.ts'
import type { MemberId, StoreId } from '../../protocol/ids.ts'
import type { Points } from '../../protocol/numbers.ts'
import { accept, assert, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { ZoneOffset } from '../../protocol/time.ts'
import type { CloudStore, FactRow, TenantId } from '../store/port.ts'
import type { Ingest } from './ingest/ingest.ts'
import type { ProgramShelf } from './programs.ts'
import type { AdjustmentReceipt } from './view-shapes.ts'
import { hexOf, hybridText } from './views.ts'

/** Facts of HQ belong to no store and to no terminal. */
const HQ_STORE = 0 as StoreId
const HQ_TERMINAL = 'hq'

export interface AdjustmentRequest {
  readonly member: MemberId
  readonly points: number
  readonly reason: string
  readonly by: string
}

export interface Adjusted {
  readonly receipt: AdjustmentReceipt
  readonly replayed: boolean
}

export class Adjustments {
  readonly #store: CloudStore
  readonly #ingest: Ingest
  readonly #shelf: ProgramShelf

  constructor(store: CloudStore, ingest: Ingest, shelf: ProgramShelf) {
    this.#store = store
    this.#ingest = ingest
    this.#shelf = shelf
  }

  async adjust(tenant: TenantId, key: string, request: AdjustmentRequest): Promise<Result<Adjusted>> {
    const member = await this.#store.read.member(request.member)
    if (member === undefined || member.tenant !== tenant)
      return refuse('member_not_found', `There is no member ${idText(request.member)}`)
    const { latest } = await this.#shelf.of(tenant)
    const { id, replayed } = await this.#ingest.record(tenant, key, (place): Adjustment => ({
      kind: 'adjustment',
      id: place.id,
      at: place.at,
      claimed: null,
      offset: 0 as ZoneOffset,
      store: HQ_STORE,
      terminal: HQ_TERMINAL,
      key,
      program: latest,
      member: request.member,
      claim: null,
      promised: request.points as Points,
      confirmed: true,
      points: request.points as Points,
      reason: request.reason,
      by: request.by,
    }))
    assert(id !== NO_FACT, 'a recorded fact has an id')
    const row = await this.#store.read.fact(id)
    assert(row !== undefined, 'a recorded fact is stored')
    const fact = decodeStoredFact(row.bytes)
    assert(fact.kind === 'adjustment', "only adjustments are made with HQ's keys")
    if (replayed && !says(fact, request))
      return refuse('key_reused', 'This key belongs to another adjustment; use a new key for a new one')
    return accept({ receipt: await this.#receipt(row, fact), replayed })
  }

  async #receipt(row: FactRow, fact: Adjustment): Promise<AdjustmentReceipt> {
    const origin = await this.#store.read.origin(originOf(row.id))
    return {
      receipt: {
        id: idText(row.id),
        epoch: origin?.epoch ?? 1,
        seq: seqOf(row.id),
        hash: hexOf(row.hash),
      },
      kind: 'adjustment',
      at: hybridText(fact.at),
      member: { id: idText(fact.member) },
      points: fact.points,
      reason: fact.reason,
      by: fact.by,
    }
  }
}

function says(fact: Adjustment, request: AdjustmentRequest): boolean {
  return (
    fact.member === request.member &&
    fact.points === request.points &&
    fact.reason === request.reason &&
    fact.by === request.by
  )
}
