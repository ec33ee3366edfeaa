// Using a voucher where the authority is: decided, held and booked in one commit (OP-11), once per key. Where only a lease of a store is in the way, it is
// asked back first, as for a redemption.
import { decodeStoredFact } from '../../../../protocol/codec.ts'
import type { FactId, MemberId, StoreId } from '../../../../protocol/ids.ts'
import type { RefusalCode } from '../../../../protocol/refusals.ts'
import { accept, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import type { Clock, Millis } from '../../../../protocol/time.ts'
import type { CloudStore, TenantId } from '../../../store/port.ts'
import type { Authority, Shortage } from '../../authority.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { HQ_STORE, ownHeader } from '../../ingest/own-facts.ts'
import type { ProgramShelf } from '../../programs.ts'
import { headerOf } from './scene.ts'
import type { OperationScene } from './scene.ts'

export interface VoucherUseParts {
  readonly store: CloudStore
  readonly ingest: Ingest
  readonly shelf: ProgramShelf
  readonly authority: Authority
  readonly clock: Clock
}

export interface VoucherUse {
  readonly code: string
  /** Null: nowhere in particular. */
  readonly store: StoreId | null
  /** Idempotency key: said again, it gives what it gave. */
  readonly key: string
}

export interface UsedVoucher {
  readonly fact: FactId
  readonly member: MemberId
}

export class VoucherUses {
  readonly #parts: VoucherUseParts

  constructor(parts: VoucherUseParts) {
    this.#parts = parts
  }

  /** Undefined where there is no such code. */
  holderOf(tenant: TenantId, code: string): Promise<MemberId | undefined> {
    return this.#parts.store.read.memberOfVoucher(tenant, code)
  }

  async use(tenant: TenantId, wanted: VoucherUse): Promise<Result<UsedVoucher>> {
    const first = await this.#try(tenant, wanted)
    if (!('leased' in first)) return first
    await this.#parts.authority.recall(tenant, first)
    const second = await this.#try(tenant, wanted)
    return 'leased' in second ? refuse('lease_elsewhere', second.refused.detail, 'code') : second
  }

  async #try(tenant: TenantId, wanted: VoucherUse): Promise<Result<UsedVoucher> | Shortage> {
    const { ingest, shelf, clock } = this.#parts
    const programs = await shelf.of(tenant)
    return ingest.record(tenant, async (tx, own) => {
      const scene: OperationScene = { tx, own, tenant, programs, now: clock.now() as Millis }
      const before = await own.find(wanted.key, wanted.store ?? HQ_STORE)
      if (before.taken) return refuse('key_reused', 'The store used this key itself; use another')
      if (before.own === undefined) return this.#book(scene, wanted)
      const fact = decodeStoredFact(before.own.bytes)
      return fact.kind === 'voucher_use' && fact.code === wanted.code
        ? accept({ fact: fact.id, member: fact.member })
        : refuse('key_reused', 'This key belongs to another request; use a new key for a new one')
    })
  }

  async #book(
    scene: OperationScene,
    { code, store, key }: VoucherUse,
  ): Promise<Result<UsedVoucher> | Shortage> {
    const { tx, own, tenant } = scene
    const place = store === null ? undefined : (await tx.stores(tenant)).find(({ id }) => id === store)
    if (store !== null && place === undefined)
      return refuse('store_not_found', `There is no store ${store}`, 'store')
    const member = await tx.memberOfVoucher(tenant, code)
    if (member === undefined) return refuse('voucher_not_found', 'There is no such voucher', 'code')
    const where = { store: store ?? HQ_STORE, zone: place?.zone ?? 'UTC', at: null }
    const header = { ...(await headerOf(scene, where, member)), key }
    const decision = await this.#parts.authority.askIn(tx, tenant, where.store, {
      type: 'authorise',
      question: 1,
      // The place may be the next one's too: of what is refused no hold is left.
      key: `account-hold-${header.id}-0`,
      member,
      at: header.at,
      offset: header.offset,
      perk: null,
      points: null,
      basket: null,
      voucher: code,
    })
    if ('leased' in decision) return decision
    // A decision's refusal is one of our codes.
    if (decision.refused !== null) return refuse(decision.refused as RefusalCode, decision.detail, 'code')
    await own.append({
      ...ownHeader('voucher_use', header),
      code,
      hold: decision.hold,
      rights: [],
      risk: null,
    })
    return accept({ fact: header.id, member })
  }
}
