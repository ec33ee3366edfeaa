// Redemptions and voucher uses. Spending is decided once, by the cloud, which holds the points until the fact that carries the hold arrives.
// Settling a reservation spends nothing more, so it needs no link; one that nobody settles is cancelled by the edge itself.
import type { Basket, Fact, Redemption } from '../../protocol/facts.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import type { FactId, MemberId, RuleId } from '../../protocol/ids.ts'
import { NO_FACT, NO_MEMBER, idFromText, idText, seqOf } from '../../protocol/ids.ts'
import { AMOUNT_MAX, RESERVATION_MS_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import { REFUSALS } from '../../protocol/refusals.ts'
import type { HybridTime } from '../../protocol/time.ts'
import { amountOf } from '../../cloud/evaluation/earning/tenders.ts'
import { notGivenBack } from '../../cloud/evaluation/spending/redemptions.ts'
import { discountFor } from '../../cloud/evaluation/spending/money.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import type { SpendingQuestion } from './cloud-link.ts'
import { NOT_GIVEN_BACK } from './give-backs.ts'
import { nameMember, notKnownHere } from './naming.ts'
import type { InputOf } from './inputs.ts'
import { mentionsOf, ownFact } from './own-facts.ts'
import type { OpenFact, Plan, Prepare, Prepared, Write, WriteCall } from './plan.ts'
import { NO_NOTES, NO_PERK, refused } from './plan.ts'
import { basketOf } from './sales.ts'
import { nowOf } from './when.ts'

/** The cloud's decision, or why there is none (yet). */
function decided(
  books: Books,
  { call, said }: Write,
  member: MemberId,
  asked: Pick<SpendingQuestion, 'perk' | 'points' | 'basket' | 'voucher'>,
): Decision | Prepared {
  const { decision } = said
  if (decision === 'unreachable' || (decision === undefined && !books.link.live()))
    return refused(
      'authority_missing',
      'Points and vouchers can be spent again when the link to the cloud is up.',
    )
  if (decision === undefined) {
    const { at, offset } = nowOf(books)
    return { do: 'ask', members: [], spending: { key: call.key, member, at, offset, ...asked } }
  }
  if (decision.refused === null) return decision
  return refused(isRefusal(decision.refused) ? decision.refused : 'fault', decision.detail)
}

function isRefusal(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSALS, code)
}

export const prepareRedemption: Prepare<'redemption'> = (books, write) => {
  const { call, input, said } = write
  const who = nameMember(books, input.member, said)
  if (who.is === 'open') return who.prepared
  if (who.is === 'unknown') return notKnownHere()
  const { card } = who
  const { perk } = input
  const points = (input.points ?? null) as Points | null
  const basket = basketAsked(books, input)
  if (basket !== null && 'do' in basket) return basket
  const decision = decided(books, write, card.member, { perk, points, basket, voucher: null })
  if ('do' in decision) return decision
  const stage = input.capture === false ? 'reserved' : 'captured'
  const part = { stage, of: NO_FACT, perk, points: decision.points, hold: decision.hold } as const
  const amount = basket === null ? AMOUNT_MAX : amountOf(basket)
  const plan = redemption(books, call, card, part, amount, () => {
    if (stage === 'reserved')
      books.reservations.add(seqOf(plan.fact.id), books.clock.now() + RESERVATION_MS_MAX)
  })
  return { do: 'record', plan }
}

/** What is about to be paid for, as the terminal says it; null: it does not (E-SPEND-11). */
function basketAsked(
  books: Books,
  { basket, sale }: InputOf<'redemption'>,
): Basket | null | (Prepared & { do: 'refuse' }) {
  if (sale === undefined) {
    if (basket === undefined) return null
    const goods = basketOf(books, basket)
    return 'do' in goods ? goods : { lines: goods.lines, tenders: goods.tenders }
  }
  if (basket !== undefined)
    return refused('input_invalid', 'Say the basket or a sale that has it, not both.', '/sale')
  const id = idFromText<FactId>(sale)
  const fact = id === undefined ? undefined : ownFact(books, id)
  return fact?.kind === 'sale'
    ? { lines: fact.lines, tenders: fact.tenders }
    : refused('sale_not_found', 'This store made no such sale.', '/sale')
}

type RedemptionPart = Pick<Redemption, 'stage' | 'of' | 'perk' | 'points' | 'hold'>

function redemption(
  books: Books,
  call: WriteCall,
  card: Card,
  { stage, of, perk, points, hold }: RedemptionPart,
  amount: number,
  follow: () => void,
): Plan {
  const { at, claimed, offset } = nowOf(books)
  const fact: OpenFact = {
    kind: 'redemption',
    id: books.nextId(),
    at,
    claimed,
    offset,
    store: books.identity.store.id,
    terminal: call.terminal,
    key: call.key,
    program: books.versionAt(at),
    member: card.member,
    claim: null,
    promised: 0 as Points,
    confirmed: false,
    suspect: books.suspects(at),
    stage,
    of,
    perk,
    points,
    hold,
  }
  const id = idText(of === NO_FACT ? fact.id : of)
  const discount = discountOf(books, at, perk, points, amount)
  const extra = `,"redemption":{"id":"${id}","stage":"${stage}","perk":${perk},"points":${points},"discount":${discount}}`
  return { fact, card, notes: NO_NOTES, extra, perk, follow }
}

/** What points as money take off a basket of at most `amount` minor units (E-SPEND-9); null for any other perk. */
function discountOf(
  books: Books,
  at: HybridTime,
  perk: RuleId,
  points: number,
  amount: number,
): number | null {
  const money = books.programs.program(at)?.redeemPerks.get(perk)?.document.money
  return money === undefined ? null : discountFor(money, amount, points).discount
}

function settling(
  stage: 'captured' | 'cancelled',
): Prepare<'redemption_capture'> & Prepare<'redemption_cancel'> {
  return (books, { call, input }) => {
    const id = idFromText<FactId>(input.redemption)
    const first = id === undefined ? undefined : ownFact(books, id)
    if (id === undefined || first?.kind !== 'redemption' || first.of !== NO_FACT)
      return refused('redemption_not_found', 'This store made no such redemption.')
    const later = mentionsOf(books, id)
    const captured = first.stage === 'captured' || later.some((fact) => stageOf(fact) === 'captured')
    if (later.some((fact) => stageOf(fact) === 'cancelled') || (captured && stage === 'captured'))
      return refused('redemption_settled', 'This redemption was captured or cancelled before.')
    const card = books.cards.get(first.member)
    if (card === undefined) return notKnownHere()
    const why = captured ? notGivenBack(card.state, id) : null
    if (why !== null) return refused(why, NOT_GIVEN_BACK[why])
    const { perk, points, hold } = first
    const plan = redemption(books, call, card, { stage, of: id, perk, points, hold }, AMOUNT_MAX, () => {
      books.ledger.sequels.mention(id, seqOf(plan.fact.id))
      books.ledger.sequels.settle(seqOf(id))
    })
    return { do: 'record', plan }
  }
}

/** What a later fact made of a redemption: a void cancels it. */
function stageOf(fact: Fact): Redemption['stage'] | undefined {
  if (fact.kind === 'void') return 'cancelled'
  return fact.kind === 'redemption' ? fact.stage : undefined
}

export const prepareCapture = settling('captured')
export const prepareCancel = settling('cancelled')

export const prepareVoucherUse: Prepare<'voucher_use'> = (books, write) => {
  const { call, said } = write
  const code = write.input.code.trim().toUpperCase()
  const decision = decided(books, write, NO_MEMBER, { perk: null, points: null, basket: null, voucher: code })
  if ('do' in decision) return decision
  const member = decision.member
  // The voucher may be another store's member's: the answer shows whose it is when the cloud can still be asked.
  const named = nameMember(books, idText(member), said)
  if (named.is === 'open' && named.prepared.do === 'ask') return named.prepared
  const card = named.is === 'member' ? named.card : null
  const perk = decision.perk ?? NO_PERK
  const { at, claimed, offset } = nowOf(books)
  const fact: OpenFact = {
    kind: 'voucher_use',
    id: books.nextId(),
    at,
    claimed,
    offset,
    store: books.identity.store.id,
    terminal: call.terminal,
    key: call.key,
    program: books.versionAt(at),
    member,
    claim: null,
    promised: 0 as Points,
    confirmed: false,
    suspect: books.suspects(at),
    code,
    hold: decision.hold,
  }
  const title = decision.perk === null ? 'null' : `"${books.wording().escapedTitle(perk)}"`
  const extra = `,"voucher":{"code":${JSON.stringify(code)},"perk":${decision.perk ?? 'null'},"title":${title}}`
  return { do: 'record', plan: { fact, card, notes: NO_NOTES, extra, perk, follow: null } }
}
