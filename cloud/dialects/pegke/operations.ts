// What each of Pegke's calls does at HQ (PG): a step or two of the domain. Fields and answers are those of the stores.
import { createHash, randomUUID } from 'node:crypto'
import { idFromText } from '../../../protocol/ids.ts'
import type { MemberId, StoreId } from '../../../protocol/ids.ts'
import { PEGKE_PAGE_ROWS, PEGKE_USERS_MAX } from '../../../protocol/limits.ts'
import {
  historyRowOf,
  identityOf,
  pegkeTimeOf,
  pointsAnswer,
  userAnswer,
} from '../../../protocol/pegke/answers.ts'
import type { PegkeAnswer, StoreRow } from '../../../protocol/pegke/answers.ts'
import { soughtBy } from '../../../protocol/pegke/calls.ts'
import type { PegkeCallName, PegkeInput } from '../../../protocol/pegke/calls.ts'
import { codeAnswer, isAboutTheCode, noCode } from '../../../protocol/pegke/redeems.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import type { FactSummary, MemberView } from '../../domain/view-shapes.ts'
import type { Call } from '../frame/resource.ts'
import type { PegkeServices } from './services.ts'

/** A call of one merchant, with its fields read. */
export interface MerchantCall<N extends PegkeCallName> {
  readonly call: Call<PegkeServices>
  readonly tenant: number
  readonly input: PegkeInput<N>
}

type Operations = {
  readonly [N in PegkeCallName]: (call: MerchantCall<N>) => Promise<Result<PegkeAnswer<N>>>
}

export const OPERATIONS: Operations = {
  authenticate,
  give_points: givePoints,
  check_points: checkPoints,
  check_history: checkHistory,
  my_offers: myOffers,
  search_user: searchUser,
  validate_redeem: validateRedeem,
  store_history: storeHistory,
}

async function authenticate({
  call,
}: MerchantCall<'authenticate'>): Promise<Result<PegkeAnswer<'authenticate'>>> {
  const { principal, services } = call
  const client = principal.client === null ? undefined : await services.clients.byId(principal.client)
  return client === undefined
    ? refuse('token_unknown', 'This key or token is not, or no longer, valid here.')
    : accept({ username: client.name, created_at: pegkeTimeOf(client.created) })
}

/** PG-5: a reference names one call of one client; without one each call is its own. */
function keyOf({ principal, idempotencyKey }: Call<PegkeServices>, reference: string): Result<string> {
  if (reference !== '' && idempotencyKey !== '' && reference !== idempotencyKey)
    return refuse('input_invalid', 'The header Idempotency-Key and reference differ.', 'reference')
  const given = reference === '' ? idempotencyKey : reference
  if (given === '') return accept(`pegke-${randomUUID()}`)
  const named = createHash('sha256')
    .update(`${principal.client ?? 0} ${given}`)
    .digest('base64url')
  return accept(`pegke-${named}`)
}

async function customerOf(
  { call, tenant }: Pick<MerchantCall<PegkeCallName>, 'call' | 'tenant'>,
  phone: string,
): Promise<Result<MemberView>> {
  const { members } = call.services
  const found = await members.byIdentity(tenant, { kind: 'phone', value: phone })
  return found.ok ? accept(await members.view(found.value)) : found
}

async function givePoints(
  merchant: MerchantCall<'give_points'>,
): Promise<Result<PegkeAnswer<'give_points'>>> {
  const { call, tenant, input } = merchant
  const { members, hqFacts } = call.services
  const key = keyOf(call, input.reference)
  if (!key.ok) return key
  const found = await members.byIdentity(tenant, { kind: 'phone', value: input.phone })
  if (!found.ok) return found
  const given = await hqFacts.record(tenant, key.value, {
    member: found.value.id,
    at: null,
    request: {
      kind: 'grant',
      points: input.points,
      reason: 'Pegke',
      ...(input.store === null ? {} : { store: input.store as StoreId }),
    },
  })
  if (!given.ok) return given
  const after = await members.byId(tenant, found.value.id)
  return accept({
    success: true,
    id: given.value.receipt.receipt.id,
    phone: input.phone,
    points_given: input.points,
    points: after === undefined ? null : (await members.view(after)).balance,
    status: 'confirmed',
  })
}

async function checkPoints(
  merchant: MerchantCall<'check_points'>,
): Promise<Result<PegkeAnswer<'check_points'>>> {
  const customer = await customerOf(merchant, merchant.input.phone)
  return customer.ok ? accept(pointsAnswer(customer.value, 'confirmed')) : customer
}

async function checkHistory(
  merchant: MerchantCall<'check_history'>,
): Promise<Result<PegkeAnswer<'check_history'>>> {
  const { input } = merchant
  const customer = await customerOf(merchant, input.phone)
  if (!customer.ok) return customer
  const { id, name, balance } = customer.value
  const { rows, ...page } = await pageOf(merchant, input.page, idFromText<MemberId>(id) ?? null)
  return accept({
    customer: { phone: input.phone, name, points: balance },
    ...page,
    history: rows.map((fact) => historyRowOf(fact, 'confirmed')),
  })
}

/** PG-7. */
async function pageOf(
  { call, tenant }: Pick<MerchantCall<PegkeCallName>, 'call' | 'tenant'>,
  page: number,
  member: MemberId | null,
): Promise<{ page: number; next_page: number | null; rows: readonly FactSummary[] }> {
  const wanted = { member, limit: PEGKE_PAGE_ROWS, offset: (page - 1) * PEGKE_PAGE_ROWS }
  const { facts, more } = await call.services.accounts.histories.of(tenant, wanted)
  return { page, next_page: more ? page + 1 : null, rows: facts }
}

async function storeHistory(
  merchant: MerchantCall<'store_history'>,
): Promise<Result<PegkeAnswer<'store_history'>>> {
  const { rows, ...page } = await pageOf(merchant, merchant.input.page, null)
  const phones = new Map<string, string | null>()
  for (const { member } of rows)
    if (member !== null && !phones.has(member)) phones.set(member, await phoneOf(merchant, member))
  const history = rows.map((fact): StoreRow => ({
    ...historyRowOf(fact, 'confirmed'),
    phone: (fact.member === null ? undefined : phones.get(fact.member)) ?? null,
    store: fact.store === 0 ? null : fact.store,
  }))
  return accept({ ...page, history })
}

async function phoneOf(
  { call, tenant }: Pick<MerchantCall<PegkeCallName>, 'call' | 'tenant'>,
  member: string,
): Promise<string | null> {
  const id = idFromText<MemberId>(member)
  const row = id === undefined ? undefined : await call.services.members.byId(tenant, id)
  return row === undefined ? null : identityOf(row, 'phone')
}

async function myOffers({
  call,
  tenant,
  input,
}: MerchantCall<'my_offers'>): Promise<Result<PegkeAnswer<'my_offers'>>> {
  const offers = await call.services.offers(tenant, input.store)
  return offers === undefined
    ? refuse('store_not_found', 'There is no such store.', 'store')
    : accept({ offers: offers.map(({ id, title, points, available }) => ({ id, title, points, available })) })
}

async function searchUser({
  call,
  tenant,
  input,
}: MerchantCall<'search_user'>): Promise<Result<PegkeAnswer<'search_user'>>> {
  const { members } = call.services
  const sought = soughtBy(input)
  if (typeof sought === 'string') {
    const named = await members.byName(tenant, sought, PEGKE_USERS_MAX)
    return accept({ users: (await members.views(tenant, named)).map(userAnswer) })
  }
  const found = await members.byIdentity(tenant, sought)
  return accept({ users: found.ok ? [userAnswer(await members.view(found.value))] : [] })
}

async function validateRedeem(
  merchant: MerchantCall<'validate_redeem'>,
): Promise<Result<PegkeAnswer<'validate_redeem'>>> {
  const { call, tenant, input } = merchant
  const { accounts, members } = call.services
  const { code } = input
  const key = keyOf(call, input.reference)
  if (!key.ok) return key
  const holder = await accounts.voucherUses.holderOf(tenant, code)
  const row = holder === undefined ? undefined : await members.byId(tenant, holder)
  const held = row && (await members.view(row)).vouchers.find((voucher) => voucher.code === code)
  if (input.phone !== '' && row !== undefined) {
    const named = await members.byIdentity(tenant, { kind: 'phone', value: input.phone })
    if (!named.ok || named.value.id !== row.id) return accept(noCode(code, 'voucher_not_found'))
  }
  if (call.method === 'GET' || !input.use) return accept(codeAnswer(code, held))
  const store = input.store as StoreId | null
  const used = await accounts.voucherUses.use(tenant, { code, store, key: key.value })
  if (used.ok)
    return accept({ valid: true, used: true, code, title: held?.title ?? null, status: 'confirmed' })
  return isAboutTheCode(used.refusal.code) ? accept(noCode(code, used.refusal.code)) : used
}
