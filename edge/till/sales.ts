// Sales, check-ins and grants: what earns. A member who is not known here and cannot be asked about does not stop a sale or a check-in; the fact
// carries the claim and the cloud ties it to its member later. A grant does not wait like that: it would be a promise to nobody.
// Hot: prepareSale. Budget: 3 microseconds.
import { POINTS } from '../../cloud/evaluation/document/metrics.ts'
import type { Identity, SaleLine, Tender } from '../../protocol/facts.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import { AMOUNT_MAX } from '../../protocol/limits.ts'
import type { Money, Points, Quantity } from '../../protocol/numbers.ts'
import { QUANTITY_UNIT } from '../../protocol/numbers.ts'
import type { Note } from './answers.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import { headerOf } from './fact-header.ts'
import type { BasketInput, MemberReference } from './inputs.ts'
import { nameMember, notKnownHere } from './naming.ts'
import type { CloudSaid, OpenFact, Prepare, Prepared } from './plan.ts'
import { NO_NOTES, NO_PERK, badTime, refused } from './plan.ts'
import type { When } from './when.ts'
import { nowOf, whenOf } from './when.ts'

export const UNKNOWN: readonly Note[] = ['member_unknown']

/** Who an earning fact is for. */
export interface Payee {
  readonly card: Card | null
  readonly member: MemberId
  readonly claim: Identity | null
  readonly notes: readonly Note[]
}

export const GUEST: Payee = { card: null, member: NO_MEMBER, claim: null, notes: NO_NOTES }

/** The payee, or why there is none yet. */
export function payeeOf(
  books: Books,
  reference: MemberReference | undefined,
  said: CloudSaid,
): Payee | { readonly open: Prepared } {
  if (reference === undefined) return GUEST
  const named = nameMember(books, reference, said)
  switch (named.is) {
    case 'member':
      return knownPayee(books, named.card)
    case 'unknown':
      return { card: null, member: named.member, claim: named.claim, notes: UNKNOWN }
    case 'open':
      return { open: named.prepared }
  }
}

/**
 * P-LIFE-8: who was enrolled in a life that is over, and of whom the cloud has not told yet, goes by an id that may be somebody else's there: the fact
 * names the identity instead.
 */
function knownPayee({ ledger }: Books, card: Card): Payee {
  const { member } = card
  const claim = ledger.lives.mayNameAnother(member) ? ledger.members.find(member)?.identities[0] : undefined
  return claim === undefined
    ? { card, member, claim: null, notes: NO_NOTES }
    : { card, member: NO_MEMBER, claim, notes: UNKNOWN }
}

/** A basket that was checked. */
export interface Goods {
  readonly lines: SaleLine[]
  readonly tenders: Tender[]
  readonly amount: number
}

/** Thousandths; undefined with more than three decimals. */
export function quantityOf(pieces: number | undefined): Quantity | undefined {
  if (pieces === undefined) return QUANTITY_UNIT
  const exact = pieces * QUANTITY_UNIT
  const quantity = Math.round(exact)
  return Math.abs(exact - quantity) < 0.001 ? (quantity as Quantity) : undefined
}

export function badQuantity(index: number): Prepared & { do: 'refuse' } {
  return refused('input_invalid', 'A quantity has at most three decimals.', `/lines/${index}/quantity`)
}

export function amountTooLarge(books: Books): Prepared & { do: 'refuse' } {
  return refused(
    'input_invalid',
    `The lines come to more than ${books.wording().amount(AMOUNT_MAX)}.`,
    '/lines',
  )
}

export function basketOf(books: Books, input: BasketInput): Goods | (Prepared & { do: 'refuse' }) {
  const lines: SaleLine[] = []
  let total = 0
  for (let index = 0; index < input.lines.length; index++) {
    const line = input.lines[index]
    if (line === undefined) continue
    const quantity = quantityOf(line.quantity)
    if (quantity === undefined) return badQuantity(index)
    total += line.amount
    lines.push({ sku: line.sku, category: line.category ?? null, quantity, amount: line.amount })
  }
  if (total > AMOUNT_MAX) return amountTooLarge(books)
  const tenders: Tender[] = []
  let paid = 0
  for (const { type, amount } of input.tenders ?? []) {
    paid += amount
    tenders.push({ type, amount })
  }
  if (tenders.length > 0 && paid !== total) {
    const wording = books.wording()
    return refused(
      'amount_mismatch',
      `The lines come to ${wording.amount(total)}, the tenders to ${wording.amount(paid)}.`,
      '/tenders',
    )
  }
  return { lines, tenders, amount: total }
}

/** The fact of a sale; also what a quote evaluates. */
export function saleFact(
  books: Books,
  terminal: string,
  key: string,
  payee: Payee,
  { at, claimed, offset }: When,
  { lines, tenders, amount }: Goods,
): OpenFact & { kind: 'sale' } {
  return {
    kind: 'sale',
    id: books.nextId(),
    at,
    claimed,
    offset,
    store: books.identity.store.id,
    terminal,
    key,
    program: books.versionAt(at),
    member: payee.member,
    claim: payee.claim,
    promised: 0 as Points,
    confirmed: false,
    suspect: books.suspects(at),
    amount: amount as Money,
    lines,
    tenders,
  }
}

export const prepareSale: Prepare<'sale'> = (books, { call, input, said }) => {
  const payee = payeeOf(books, input.member, said)
  if ('open' in payee) return payee.open
  const basket = basketOf(books, input)
  if ('do' in basket) return basket
  const when = whenOf(books, input.occurred_at)
  if (when === undefined) return badTime()
  const fact = saleFact(books, call.terminal, call.key, payee, when, basket)
  return {
    do: 'record',
    plan: { fact, card: payee.card, notes: payee.notes, extra: '', perk: NO_PERK, follow: null },
  }
}

export const prepareCheckin: Prepare<'checkin'> = (books, { call, input, said }) => {
  const payee = payeeOf(books, input.member, said)
  if ('open' in payee) return payee.open
  const when = whenOf(books, input.occurred_at)
  if (when === undefined) return badTime()
  const fact: OpenFact = {
    kind: 'checkin',
    ...headerOf(books, call, when, payee),
  }
  return {
    do: 'record',
    plan: { fact, card: payee.card, notes: payee.notes, extra: '', perk: NO_PERK, follow: null },
  }
}

export const prepareGrant: Prepare<'grant'> = (books, { call, input, said }) => {
  const payee = payeeOf(books, input.member, said)
  if ('open' in payee) return payee.open
  if (payee.card === null) return notKnownHere()
  const when = nowOf(books)
  const program = books.programs.program(when.at)
  if (program === null) return refused('program_missing', 'Without a program there is nothing to give.')
  const { metric = POINTS, points } = input
  const most = program.metrics.get(metric)?.grantMax
  if (most === undefined)
    return refused('metric_not_found', `The program has no metric ${metric}.`, '/metric')
  if (points > most)
    return refused(
      'grant_over_limit',
      `One grant gives at most ${most} ${books.wordings.of(program).unit(metric)}.`,
      '/points',
    )
  const fact: OpenFact = {
    kind: 'grant',
    ...headerOf(books, call, when, payee),
    metric,
    points: points as Points,
    reason: input.reason ?? '',
  }
  return {
    do: 'record',
    plan: { fact, card: payee.card, notes: NO_NOTES, extra: '', perk: NO_PERK, follow: null },
  }
}
