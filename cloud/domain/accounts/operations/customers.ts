// What is done with a customer beside transactions: vouchers, voids, challenges, attributes, memberships, referrals. Each is one commit; what would do
// nothing is refused with a reason before anything is recorded, and answered by the row as it is afterwards.
import type { FactId, MemberId, RuleId, StoreId } from '../../../../protocol/ids.ts'
import { idText } from '../../../../protocol/ids.ts'
import { accept, assert, refuse } from '../../../../protocol/result.ts'
import type { Refusal, Result } from '../../../../protocol/result.ts'
import type { Clock, Millis } from '../../../../protocol/time.ts'
import { eq } from '../../../collections/query.ts'
import { CONFIGURATION } from '../../../collections/tables/configuration.ts'
import type { Program } from '../../../evaluation/compile.ts'
import { LIVE } from '../../../evaluation/spending/entitlement-statuses.ts'
import { decodeState } from '../../../evaluation/state.ts'
import type { AccountRow, AccountTable } from '../../../collections/tables/accounts.ts'
import type { CloudStore, TenantId, Writes } from '../../../store/port.ts'
import { NOTHING_ADDED, buildFacts } from '../../hq-building.ts'
import type { Added } from '../../hq-building.ts'
import { checkRequest } from '../../hq-checks.ts'
import type { HqRequest } from '../../hq-requests.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { HQ_STORE } from '../../ingest/own-facts.ts'
import type { ProgramShelf } from '../../programs.ts'
import { attributeOfValue, valueOfAttribute } from '../projection/attribute-rows.ts'
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

export interface VoucherChange {
  readonly status?: WritableVoucherStatus
  /** The last day it can be used on, of UTC. */
  readonly until?: string
  /** Where it is for, and where it was used. */
  readonly location?: StoreId
}

type Unsaid = { readonly ok: false; readonly refusal: Refusal }

interface Word {
  readonly request: HqRequest
  /** Where it happens; null: nowhere in particular. */
  readonly location: StoreId | null
  /** It is said of what did not begin, so that it cannot: nothing but the challenge has to be there. */
  readonly inAdvance?: boolean
}

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

  /** Used, or unused again, or expired; its last day; where it is for. All of it, or nothing. What it is already is no change. */
  async changeVoucher(
    tenant: TenantId,
    id: number,
    change: VoucherChange,
  ): Promise<Result<AccountRow<'entitlements'>>> {
    const [row] = await this.#rows('entitlements', { tenant, id })
    if (row === undefined) return refuse('voucher_not_found', 'There is no such voucher', 'voucher_id')
    const { location } = change
    const requests = requestsOf(row, change, this.#parts.clock.now())
    const own = async (tx: Writes): Promise<void> => {
      if (location !== undefined) await tx.saveAccountRow('entitlements', id, { location })
    }
    const said = await this.#sayAll(tenant, row.member, requests, own)
    return said ?? accept(await this.#row('entitlements', { id }))
  }

  /** Joins or leaves; what it is already is no change. A customer may leave in advance what was never joined (OP-10). */
  async takePart(
    tenant: TenantId,
    connection: number,
    challenge: RuleId,
    action: 'join' | 'leave',
  ): Promise<Result<AccountRow<'challenge_connections'>>> {
    const [customer] = await this.#rows('connections', { tenant, id: connection, hidden: false })
    if (customer === undefined)
      return refuse('connection_not_found', 'There is no such customer', 'connection')
    const key = { member: customer.member, rule: challenge }
    const [row] = await this.#rows('challenge_connections', key)
    if (row?.join_status === (action === 'join' ? 'ACTIVE' : 'INACTIVE')) return accept(row)
    const request = { kind: 'challenge', challenge, action } as const
    const inAdvance = row === undefined && action === 'leave'
    const said = await this.#sayAll(tenant, customer.member, [{ request, location: null, inAdvance }])
    return said ?? accept(await this.#row('challenge_connections', key))
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
    const names = await this.#namesOf(tenant, value)
    if (names === undefined)
      return refuse('input_invalid', 'The business has no such value', 'custom_attribute_value')
    const attributes = [attributeOfValue(value, ...names)]
    const said = await this.#say(tenant, customer.member, { kind: 'profile', attributes })
    return said ?? accept(await this.#row('connection_attributes', key))
  }

  async removeAttribute(tenant: TenantId, id: number): Promise<Result<null>> {
    const [row] = await this.#rows('connection_attributes', { tenant, id })
    if (row === undefined) return refuse('attribute_not_found', 'There is no such row', 'id')
    const told = (await this.#parts.store.read.member(row.member as MemberId))?.state
    const known = (told && decodeState(told))?.more?.profile.attributes ?? []
    const attributes = known
      .filter(([, value]) => valueOfAttribute(value) === row.value)
      .map(([name]) => ({ name, value: null }))
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

  /** Of a declared value: its attribute's name and its own. */
  async #namesOf(tenant: TenantId, id: number): Promise<readonly [string, string] | undefined> {
    const { read } = this.#parts.store
    const { custom_attribute_values: values, custom_attributes: attributes } = CONFIGURATION
    const [value] = await read.rows(values, { tenants: [tenant], where: eq('id', id), limit: 1 })
    const where = eq('id', Number(value?.custom_attribute ?? 0))
    const [attribute] = await read.rows(attributes, { tenants: [tenant], where, limit: 1 })
    const [name, own] = [attribute?.display_name, value?.display_name]
    return typeof name === 'string' && typeof own === 'string' ? [name, own] : undefined
  }

  /** One word about a member, now; null when it was said. */
  #say(tenant: TenantId, member: number, request: HqRequest): Promise<Unsaid | null> {
    return this.#sayAll(tenant, member, [{ request, location: null }])
  }

  /** Words about a member that each could be said as things stand, in one commit with rows of one's own; null when they were said. */
  async #sayAll(
    tenant: TenantId,
    member: number,
    words: readonly Word[],
    own: (tx: Writes) => Promise<void> = async () => undefined,
  ): Promise<Unsaid | null> {
    const { ingest, shelf, clock } = this.#parts
    const programs = await shelf.of(tenant)
    const said = await ingest.record(tenant, async (tx, facts): Promise<Result<null>> => {
      const scene: OperationScene = { tx, own: facts, tenant, programs, now: clock.now() as Millis }
      const of = member as MemberId
      for (const { request, location, inAdvance = false } of words) {
        const store = (await tx.stores(tenant)).find((one) => one.id === location)
        const when: When = { store: location ?? HQ_STORE, zone: store?.zone ?? 'UTC', at: null }
        const header = await headerOf(scene, when, of)
        const program = programs.program(header.at)
        const context = { tx, tenant, program, member: of, header, now: scene.now }
        const checked = inAdvance ? isThere(request, program) : await checkRequest(request, context)
        if (!checked.ok) return checked
        for (const fact of buildFacts(request, header, checked.value)) await facts.append(fact)
      }
      await own(tx)
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

/** What has to be said of a voucher so that it becomes what is wanted. */
function requestsOf(
  { code, status: booked, expires }: AccountRow<'entitlements'>,
  { status, until, location }: VoucherChange,
  now: number,
): Word[] {
  // What has ended by time is expired before that is booked (E-TIME-3).
  const over = expires !== null && expires <= now && LIVE.some((live) => live === booked)
  const before = over ? 'expired' : booked
  const entitlement = { kind: 'entitlement', code, reason: 'changed by the business' } as const
  const dated = until === undefined ? {} : { until }
  if (status === 'UNUSED' && before !== 'unused')
    return [{ request: { ...entitlement, action: 'reinstate', ...dated }, location: null }]
  const words: Word[] = []
  if (until !== undefined)
    words.push({ request: { ...entitlement, action: 'redate', until }, location: null })
  const action = status === 'USED' ? 'claim' : 'expire'
  if (status !== undefined && status.toLowerCase() !== before)
    words.push({ request: { ...entitlement, action }, location: location ?? null })
  return words
}

function isThere(request: HqRequest, program: Program | null): Result<Added> {
  const known = program?.reactions?.challenges ?? []
  return request.kind === 'challenge' && known.some(({ id }) => id === request.challenge)
    ? accept(NOTHING_ADDED)
    : refuse('challenge_not_found', 'The program in force has no such challenge', '/challenge')
}
