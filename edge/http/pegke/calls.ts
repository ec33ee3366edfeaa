// Pegke's calls (PG): each is a few steps through the till, and its answer. Rules of the store are the till's.
import { randomUUID } from 'node:crypto'
import { decodeStoredFact } from '../../../protocol/codec.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { idFromText } from '../../../protocol/ids.ts'
import { PEGKE_PAGE_ROWS } from '../../../protocol/limits.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Refusal, Result } from '../../../protocol/result.ts'
import { millisOf } from '../../../protocol/time.ts'
import type { HistoryPage, MemberView, Receipt } from '../../till/answers.ts'
import type { Till } from '../../till/till.ts'
import { readKey, requestHash } from '../checks.ts'
import type { Form } from '../form.ts'
import { phoneOf, readIdentity, readPage, readPhone, readPoints, readUse } from './inputs.ts'
import { givenView, historyRow, offersView, pegkeTimeOf, pointsView, userView } from './objects.ts'

export interface PegkeCall {
  readonly till: Till
  /** When the store's first record was made, in ms; undefined before it. */
  readonly since: number | undefined
  readonly terminal: string
  readonly form: Form
  /** The header, '' without. */
  readonly key: string
  readonly method: 'GET' | 'POST'
}

type Answer = Promise<Result<unknown>>

export const PEGKE_CALLS = {
  authenticate: async ({ terminal, since, till }: PegkeCall): Answer =>
    accept({ username: terminal, created_at: pegkeTimeOf(since ?? till.clock.now()) }),
  give_points: givePoints,
  check_points: checkPoints,
  check_history: checkHistory,
  my_offers: async ({ till }: PegkeCall): Answer => {
    const perks = await till.perks(undefined)
    return perks.ok ? accept(offersView(perks.value)) : perks
  },
  search_user: searchUser,
  validate_redeem: validateRedeem,
  store_history: storeHistory,
} as const

export type PegkeCallName = keyof typeof PEGKE_CALLS

/** PG-5: the key a write counts under, and what is compared when it comes again. */
function writeCall(
  call: PegkeCall,
  q: PegkeCallName,
  said: object,
): Result<{ key: string; requestHash: Uint8Array; terminal: string }> {
  const reference = call.form.reference
  const given = call.key !== '' || reference !== undefined
  const key = given ? readKey(call.key, { id: reference }) : accept(`pegke-${randomUUID()}`)
  if (!key.ok) return key
  const body = Buffer.from(JSON.stringify(said))
  return accept({
    terminal: call.terminal,
    key: key.value,
    requestHash: requestHash('POST', `/pegke/${q}`, body),
  })
}

function receiptOf(body: Uint8Array): Receipt {
  // The till's own answer.
  return JSON.parse(Buffer.from(body).toString()) as Receipt
}

async function givePoints(call: PegkeCall): Answer {
  if (call.method === 'GET') return refuse('method_unknown', 'Points are given by POST.')
  const phone = readPhone(call.form)
  if (!phone.ok) return phone
  const points = readPoints(call.form)
  if (!points.ok) return points
  const said = { phone: phone.value.value, points: points.value }
  const write = writeCall(call, 'give_points', said)
  if (!write.ok) return write
  const input = { member: phone.value, points: points.value as never, reason: 'Pegke' }
  const given = await call.till.write('grant', write.value, input)
  return given.ok ? accept(givenView(phone.value.value, points.value, receiptOf(given.value.body))) : given
}

async function memberBy(call: PegkeCall, read: typeof readPhone): Promise<Result<MemberView>> {
  const identity = read(call.form)
  return identity.ok ? call.till.findMember(identity.value) : identity
}

async function checkPoints(call: PegkeCall): Answer {
  const member = await memberBy(call, readPhone)
  return member.ok ? accept(pointsView(member.value)) : member
}

async function searchUser(call: PegkeCall): Answer {
  const member = await memberBy(call, readIdentity)
  if (member.ok) return accept({ users: [userView(member.value)] })
  return member.refusal.code === 'member_not_found' ? accept({ users: [] }) : member
}

/** PG-7: the till's history goes by place, Pegke's by number. */
function pageOf(
  till: Till,
  page: number,
  member?: string,
): Result<{ facts: HistoryPage['facts']; next: number | null }> {
  let before: string | undefined
  for (let number = 1; ; number++) {
    const found = till.history({
      limit: PEGKE_PAGE_ROWS,
      ...(member && { member }),
      ...(before && { before }),
    })
    if (!found.ok) return found
    const { facts, next } = found.value
    if (number === page) return accept({ facts, next: next === null ? null : page + 1 })
    if (next === null) return accept({ facts: [], next: null })
    before = next
  }
}

async function checkHistory(call: PegkeCall): Answer {
  const page = readPage(call.form)
  if (!page.ok) return page
  const member = await memberBy(call, readPhone)
  if (!member.ok) return member
  const { id, name, balance } = member.value
  const found = pageOf(call.till, page.value, id)
  if (!found.ok) return found
  return accept({
    customer: { phone: phoneOf(call.form), name, points: balance },
    page: page.value,
    next_page: found.value.next,
    history: found.value.facts.map(historyRow),
  })
}

async function storeHistory({ till, form }: PegkeCall): Answer {
  const page = readPage(form)
  if (!page.ok) return page
  const found = pageOf(till, page.value)
  if (!found.ok) return found
  const history = await Promise.all(
    found.value.facts.map(async (fact) => ({
      ...historyRow(fact),
      phone: await phoneOfMember(till, fact.member),
    })),
  )
  return accept({ page: page.value, next_page: found.value.next, history })
}

async function phoneOfMember(till: Till, member: string | null): Promise<string | null> {
  const id = member === null ? undefined : idFromText<MemberId>(member)
  const found = id === undefined ? undefined : await till.member(id)
  return found?.ok === true
    ? (found.value.identities.find(({ kind }) => kind === 'phone')?.value ?? null)
    : null
}

/** Refusals that say something about the code and not about the call (PG-6). */
const ABOUT_THE_CODE: ReadonlySet<Refusal['code']> = new Set([
  'voucher_not_found',
  'voucher_used',
  'voucher_not_usable',
  'voucher_expired',
] as const satisfies readonly Refusal['code'][])

async function validateRedeem(call: PegkeCall): Answer {
  const code = (call.form.code ?? '').trim().toUpperCase()
  if (code.length < 4 || code.length > 32)
    return refuse('input_invalid', 'Send the code to validate.', 'code')
  if (call.method === 'GET' || !readUse(call.form)) return checkCode(call, code)
  const write = writeCall(call, 'validate_redeem', { code })
  if (!write.ok) return write
  const used = await call.till.write('voucher_use', write.value, { code })
  if (used.ok) {
    const { voucher, status } = receiptOf(used.value.body)
    return accept({ valid: true, used: true, code, title: voucher?.title ?? null, status })
  }
  if (!ABOUT_THE_CODE.has(used.refusal.code)) return used
  return accept({ valid: false, used: false, code, title: null, status: used.refusal.code })
}

async function checkCode(call: PegkeCall, code: string): Answer {
  const member = await memberBy(call, readPhone)
  if (!member.ok) return member
  const held = member.value.vouchers.find((voucher) => voucher.code === code)
  if (held === undefined)
    return accept({ valid: false, used: false, code, title: null, status: 'voucher_not_found' })
  const valid = held.uses_left > 0 && USABLE.has(held.status)
  return accept({ valid, used: false, code, title: held.title, status: held.status.toLowerCase() })
}

const USABLE: ReadonlySet<string> = new Set(['UNUSED', 'ISSUED', 'CLIPPED'])

/** When the first of the facts in a ledger's bytes was made. */
export function madeAt(bytes: Uint8Array): number {
  return millisOf(decodeStoredFact(bytes).at)
}
