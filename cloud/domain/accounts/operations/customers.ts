// What is done with a customer beside transactions: vouchers, voids, challenges, attributes, memberships, referrals. Each is one commit; what would do
// nothing is refused with a reason before anything is recorded, and answered by the row as it is afterwards.
import type { FactId, MemberId, RuleId, StoreId } from '../../../../protocol/ids.ts'
import { idText } from '../../../../protocol/ids.ts'
import { accept, assert, refuse } from '../../../../protocol/result.ts'
import type { Refusal, Result } from '../../../../protocol/result.ts'
import type { Clock, Millis } from '../../../../protocol/time.ts'
import type { AccountRow, AccountTable } from '../../../collections/tables/accounts.ts'
import type { CloudStore, TenantId } from '../../../store/port.ts'
import { buildFacts } from '../../hq-building.ts'
import { checkRequest } from '../../hq-checks.ts'
import type { HqRequest } from '../../hq-requests.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { HQ_STORE } from '../../ingest/own-facts.ts'
import type { ProgramShelf } from '../../programs.ts'
import { attributeOfValue } from '../projection/attribute-rows.ts'
import { headerOf } from './scene.ts'
import type { OperationScene, When } from './scene.ts'

export interface CustomersParts {
  readonly store: CloudStore
  readonly ingest: Ingest
  readonly shelf: ProgramShelf
  readonly clock: Clock
}

export const WRITABLE_VOUCHER_STATUSES = ['USED', 'UNUSED', 'EXPIRED'] as const
export type WritableVoucherStatus = (typeof WRITABLE_VOUCHER_STATUSES)[number]

export class Customers {
  readonly #parts: CustomersParts

  constructor(parts: CustomersParts) {
    this.#parts = parts
  }

  /** The first of its facts is voided; all lines of it are (PROJ-2). Its row afterwards. */
  async voidTransaction(
    tenant: TenantId,
    transaction: number,
    reason: string,
  ): Promise<Result<AccountRow<'transactions'>>> {
    const [row] = await this.#rows('transactions', { tenant, id: transaction })
    if (row === undefined) return refuse('fact_not_found', 'There is no such transaction', 'transaction')
    const fact = idText(row.fact as FactId)
    const said = await this.#say(tenant, row.member, { kind: 'void', fact, reason })
    return said ?? accept(await this.#row('transactions', { id: row.id }))
  }

  /** What was sent is void, and nothing completes it any more; its row afterwards. */
  async voidReferral(tenant: TenantId, id: number): Promise<Result<AccountRow<'referrals'>>> {
    const [row] = await this.#rows('referrals', { tenant, id })
    if (row === undefined) return refuse('fact_not_found', 'There is no such referral', 'id')
    const referral = idText(row.fact as FactId)
    const said = await this.#say(tenant, row.member, { kind: 'referral', stage: 'void', referral })
    return said ?? accept(await this.#row('referrals', { id }))
  }

  /** Used, or unused again, or expired. What it is already is no change. */
  async changeVoucher(
    tenant: TenantId,
    id: number,
    status: WritableVoucherStatus,
    location: StoreId | null = null,
  ): Promise<Result<AccountRow<'entitlements'>>> {
    const [row] = await this.#rows('entitlements', { tenant, id })
    if (row === undefined) return refuse('voucher_not_found', 'There is no such voucher', 'voucher_id')
    const refused =
      row.status === status.toLowerCase() ? null : await this.#moveVoucher(tenant, row, status, location)
    if (refused !== null) return { ok: false, refusal: refused }
    return accept(await this.#row('entitlements', { id }))
  }

  async takePart(
    tenant: TenantId,
    connection: number,
    challenge: RuleId,
    action: 'join' | 'leave',
  ): Promise<Result<AccountRow<'challenge_connections'>>> {
    const [customer] = await this.#rows('connections', { tenant, id: connection, hidden: false })
    if (customer === undefined)
      return refuse('connection_not_found', 'There is no such customer', 'connection')
    const said = await this.#say(tenant, customer.member, { kind: 'challenge', challenge, action })
    return (
      said ?? accept(await this.#row('challenge_connections', { member: customer.member, rule: challenge }))
    )
  }

  async addAttribute(
    tenant: TenantId,
    connection: number,
    value: number,
  ): Promise<Result<AccountRow<'connection_attributes'>>> {
    const [customer] = await this.#rows('connections', { tenant, id: connection, hidden: false })
    if (customer === undefined)
      return refuse('connection_not_found', 'There is no such customer', 'connection')
    const key = { member: customer.member, value }
    const [taken] = await this.#rows('connection_attributes', key)
    if (taken !== undefined)
      return refuse('attribute_taken', 'The customer has this value already', 'custom_attribute_value')
    const attributes = [attributeOfValue(value)]
    const said = await this.#say(tenant, customer.member, { kind: 'profile', attributes })
    return said ?? accept(await this.#row('connection_attributes', key))
  }

  async removeAttribute(tenant: TenantId, id: number): Promise<Result<null>> {
    const [row] = await this.#rows('connection_attributes', { tenant, id })
    if (row === undefined) return refuse('attribute_not_found', 'There is no such row', 'id')
    const attributes = [{ name: attributeOfValue(row.value).name, value: null }]
    return (await this.#say(tenant, row.member, { kind: 'profile', attributes })) ?? accept(null)
  }

  /** A customer joins the programme, or leaves it: own columns, which no fact knows. */
  async changeStatus(
    tenant: TenantId,
    connection: number,
    status: 'ACTIVE' | 'INACTIVE',
  ): Promise<Result<AccountRow<'connections'>>> {
    const now = this.#parts.clock.now()
    const changed = await this.#parts.store.write(async (tx) => {
      const [row] = await tx.accountRows('connections', { tenant, id: connection, hidden: false })
      if (row === undefined) return false
      const joined = status === 'ACTIVE' ? (row.joined ?? now) : row.joined
      if (row.status !== status)
        await tx.saveAccountRow('connections', row.id, { status, joined, modified: now })
      return true
    })
    return changed
      ? accept(await this.#row('connections', { id: connection }))
      : refuse('connection_not_found', 'There is no such customer', 'connection')
  }

  /** One person becomes another: their members too, wherever both have one (E-MERGE). */
  async mergeMembers(tenant: TenantId, survivor: number, merged: number): Promise<Result<null>> {
    const [one] = await this.#rows('connections', { tenant, id: survivor, hidden: false })
    const [other] = await this.#rows('connections', { tenant, id: merged, hidden: false })
    if (one === undefined || other === undefined)
      return refuse('connection_not_found', 'There is no such customer', 'connection')
    return (
      (await this.#say(tenant, one.member, { kind: 'merge', merged: idText(other.member as MemberId) })) ??
      accept(null)
    )
  }

  async #moveVoucher(
    tenant: TenantId,
    row: AccountRow<'entitlements'>,
    status: WritableVoucherStatus,
    location: StoreId | null,
  ): Promise<Refusal | null> {
    const { code, member } = row
    const reason = 'changed by the business'
    const say = async (request: HqRequest): Promise<Refusal | null> => {
      const said = await this.#say(tenant, member, request, location)
      return said === null ? null : said.refusal
    }
    if (status === 'EXPIRED') return say({ kind: 'entitlement', code, action: 'expire', reason })
    if (status === 'USED') return say({ kind: 'entitlement', code, action: 'claim', reason })
    return say({ kind: 'entitlement', code, action: 'reinstate', reason })
  }

  /** One word about a member, now; null when it was said. */
  async #say(
    tenant: TenantId,
    member: number,
    request: HqRequest,
    location: StoreId | null = null,
  ): Promise<{ readonly ok: false; readonly refusal: Refusal } | null> {
    const { ingest, shelf, clock } = this.#parts
    const programs = await shelf.of(tenant)
    const said = await ingest.record(tenant, async (tx, own): Promise<Result<null>> => {
      const scene: OperationScene = { tx, own, tenant, programs, now: clock.now() as Millis }
      const store = (await tx.stores(tenant)).find(({ id }) => id === location)
      const when: When = { store: location ?? HQ_STORE, zone: store?.zone ?? 'UTC', at: null }
      const of = member as MemberId
      const header = await headerOf(scene, when, of)
      const program = programs.program(header.at)
      const checked = await checkRequest(request, { tx, tenant, program, member: of, header, now: scene.now })
      if (!checked.ok) return checked
      for (const fact of buildFacts(request, header, checked.value)) await own.append(fact)
      return accept(null)
    })
    return said.ok ? null : said
  }

  #rows<T extends AccountTable>(table: T, key: Partial<AccountRow<T>>): Promise<AccountRow<T>[]> {
    return this.#parts.store.read.accountRows(table, key)
  }

  async #row<T extends AccountTable>(table: T, key: Partial<AccountRow<T>>): Promise<AccountRow<T>> {
    const [row] = await this.#rows(table, key)
    assert(row !== undefined, 'what was just done has its row')
    return row
  }
}
