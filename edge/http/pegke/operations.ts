// What each of Pegke's calls does in a store (PG): a few steps through the till, whose rules are the store's. Fields and answers are those of HQ.
import { createHash, randomUUID } from 'node:crypto'
import type { StoreClient } from '../../../protocol/frames/clients.ts'
import { idFromText } from '../../../protocol/ids.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { PEGKE_PAGE_ROWS, PEGKE_USERS_MAX } from '../../../protocol/limits.ts'
import type { Points } from '../../../protocol/numbers.ts'
import {
  historyRowOf,
  identityOf,
  pegkeTimeOf,
  pointsAnswer,
  userAnswer,
} from '../../../protocol/pegke/answers.ts'
import type { PegkeAnswer } from '../../../protocol/pegke/answers.ts'
import { soughtBy } from '../../../protocol/pegke/calls.ts'
import type { PegkeCallName, PegkeInput, PegkeMethod } from '../../../protocol/pegke/calls.ts'
import { codeAnswer, isAboutTheCode, noCode } from '../../../protocol/pegke/redeems.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import type { HistoryPage, MemberView, Receipt } from '../../till/answers.ts'
import type { Till, WriteCall } from '../../till/till.ts'
import { requestHash } from '../checks.ts'

/** A call of a merchant at this store, with its fields read. */
export interface StoreCall<N extends PegkeCallName> {
  readonly till: Till
  readonly client: StoreClient
  /** The header, '' without. */
  readonly key: string
  readonly method: PegkeMethod
  readonly input: PegkeInput<N>
}

type Operations = {
  readonly [N in PegkeCallName]: (call: StoreCall<N>) => Promise<Result<PegkeAnswer<N>>>
}

export const OPERATIONS: Operations = {
  authenticate: async ({ client }) =>
    accept({ username: client.name, created_at: pegkeTimeOf(client.created) }),
  give_points: givePoints,
  check_points: async ({ till, input }) => {
    const member = await memberBy(till, input.phone)
    return member.ok ? accept(pointsAnswer(member.value, member.value.status)) : member
  },
  check_history: checkHistory,
  my_offers: async ({ till }) => {
    const perks = await till.perks(undefined)
    if (!perks.ok) return perks
    const offers = perks.value.perks.map(({ id, title, points, available }) => ({
      id,
      title,
      points,
      available,
    }))
    return accept({ offers })
  },
  search_user: searchUser,
  validate_redeem: validateRedeem,
  store_history: storeHistory,
}

/** PG-5: the key a write counts under, and what is compared when it comes again. */
function writeCall(
  { client, key }: Pick<StoreCall<PegkeCallName>, 'client' | 'key'>,
  reference: string,
  q: PegkeCallName,
  said: object,
): Result<WriteCall> {
  if (reference !== '' && key !== '' && reference !== key)
    return refuse('input_invalid', 'The header Idempotency-Key and reference differ.', 'reference')
  const given = reference === '' ? key : reference
  const named = createHash('sha256').update(`${client.key} ${given}`).digest('base64url')
  return accept({
    terminal: client.key,
    key: `pegke-${given === '' ? randomUUID() : named}`,
    requestHash: requestHash('POST', `/pegke/${q}`, Buffer.from(JSON.stringify(said))),
  })
}

function receiptOf(body: Uint8Array): Receipt {
  // The till's own answer.
  return JSON.parse(Buffer.from(body).toString()) as Receipt
}

function memberBy(till: Till, phone: string): Promise<Result<MemberView>> {
  return till.findMember({ kind: 'phone', value: phone })
}

async function givePoints(call: StoreCall<'give_points'>): Promise<Result<PegkeAnswer<'give_points'>>> {
  const { phone, points, reference } = call.input
  const write = writeCall(call, reference, 'give_points', { phone, points })
  if (!write.ok) return write
  const input = {
    member: { kind: 'phone' as const, value: phone },
    points: points as Points,
    reason: 'Pegke',
  }
  const given = await call.till.write('grant', write.value, input)
  if (!given.ok) return given
  const { receipt, member, status } = receiptOf(given.value.body)
  return accept({
    success: true,
    id: receipt.id,
    phone,
    points_given: points,
    points: member?.balance ?? null,
    status,
  })
}

async function searchUser({
  till,
  input,
}: StoreCall<'search_user'>): Promise<Result<PegkeAnswer<'search_user'>>> {
  const sought = soughtBy(input)
  if (typeof sought === 'string')
    return accept({ users: till.membersNamed(sought, PEGKE_USERS_MAX).map(userAnswer) })
  const member = await till.findMember(sought)
  if (member.ok) return accept({ users: [userAnswer(member.value)] })
  return member.refusal.code === 'member_not_found' ? accept({ users: [] }) : member
}

interface NumberedPage {
  readonly facts: HistoryPage['facts']
  readonly next: number | null
}

/** PG-7: the till's history goes by place, Pegke's by number. What store and cloud settle between them (leases) is no merchant's (PG-16). */
function pageOf(till: Till, page: number, member?: string): Result<NumberedPage> {
  let before: string | undefined
  for (let number = 1; ; number++) {
    const found = till.history({
      limit: PEGKE_PAGE_ROWS,
      ...(member && { member }),
      ...(before && { before }),
    })
    if (!found.ok) return found
    const { facts, next } = found.value
    if (number === page)
      return accept({
        facts: facts.filter(({ kind }) => kind !== 'lease'),
        next: next === null ? null : page + 1,
      })
    if (next === null) return accept({ facts: [], next: null })
    before = next
  }
}

async function checkHistory({
  till,
  input,
}: StoreCall<'check_history'>): Promise<Result<PegkeAnswer<'check_history'>>> {
  const member = await memberBy(till, input.phone)
  if (!member.ok) return member
  const { id, name, balance } = member.value
  const found = pageOf(till, input.page, id)
  if (!found.ok) return found
  return accept({
    customer: { phone: input.phone, name, points: balance },
    page: input.page,
    next_page: found.value.next,
    history: found.value.facts.map((fact) => historyRowOf(fact, fact.status)),
  })
}

async function storeHistory({
  till,
  input,
}: StoreCall<'store_history'>): Promise<Result<PegkeAnswer<'store_history'>>> {
  const found = pageOf(till, input.page)
  if (!found.ok) return found
  const store = till.status().store.id
  const history = await Promise.all(
    found.value.facts.map(async (fact) => ({
      ...historyRowOf(fact, fact.status),
      phone: await phoneOfMember(till, fact.member),
      store,
    })),
  )
  return accept({ page: input.page, next_page: found.value.next, history })
}

async function phoneOfMember(till: Till, member: string | null): Promise<string | null> {
  const id = member === null ? undefined : idFromText<MemberId>(member)
  const found = id === undefined ? undefined : await till.member(id)
  return found?.ok === true ? identityOf(found.value, 'phone') : null
}

async function validateRedeem(
  call: StoreCall<'validate_redeem'>,
): Promise<Result<PegkeAnswer<'validate_redeem'>>> {
  const { till, method, input } = call
  const { code, reference } = input
  if (method === 'GET' || !input.use) return checkCode(till, input)
  const write = writeCall(call, reference, 'validate_redeem', { code })
  if (!write.ok) return write
  const used = await till.write('voucher_use', write.value, { code })
  if (used.ok) {
    const { voucher, status } = receiptOf(used.value.body)
    return accept({ valid: true, used: true, code, title: voucher?.title ?? null, status })
  }
  return isAboutTheCode(used.refusal.code) ? accept(noCode(code, used.refusal.code)) : used
}

/** PG-6: a store knows vouchers by their members. */
async function checkCode(
  till: Till,
  { code, phone }: PegkeInput<'validate_redeem'>,
): Promise<Result<PegkeAnswer<'validate_redeem'>>> {
  if (phone === '') return refuse('input_invalid', 'Send the customer’s number as phone.', 'phone')
  const member = await memberBy(till, phone)
  if (!member.ok) return member
  const held = member.value.vouchers.find((voucher) => voucher.code === code)
  return accept(codeAnswer(code, held))
}
