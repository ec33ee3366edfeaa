// Redemptions and voucher uses. Spending is decided once: by the cloud, which holds the points until the fact that carries the hold arrives; where it
// is out of reach by what it leased to this store (offline.ts). Settling a reservation spends nothing more, so it needs no link; one that nobody settles
// is cancelled by the edge itself.
import { authorityOf } from '../../protocol/facts.ts'
import type { Basket, Fact, Redemption } from '../../protocol/facts.ts'
import type { FactId, MemberId, RuleId } from '../../protocol/ids.ts'
import { NO_FACT, NO_MEMBER, idFromText, idText } from '../../protocol/ids.ts'
import { AMOUNT_MAX, RESERVATION_MS_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import { REFUSALS } from '../../protocol/refusals.ts'
import type { Result } from '../../protocol/result.ts'
import type { HybridTime } from '../../protocol/time.ts'
import { amountOf } from '../../cloud/evaluation/earning/tenders.ts'
import { notGivenBack } from '../../cloud/evaluation/spending/redemptions.ts'
import { discountFor } from '../../cloud/evaluation/spending/money.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import type { SpendingQuestion } from './cloud-link.ts'
import { headerOf } from './fact-header.ts'
import { NOT_GIVEN_BACK } from './give-backs.ts'
import { nameMember, notKnownHere } from './naming.ts'
import type { InputOf } from './inputs.ts'
import type { Leave } from './offline.ts'
import { lasting, redeemOffline, takeLeave, useOffline } from './offline.ts'
import { countedId, mentionsOf, ownFact } from './own-facts.ts'
import type { OpenFact, Plan, Prepare, Prepared, Write, WriteCall } from './plan.ts'
import { NO_NOTES, NO_PERK, refused } from './plan.ts'
import { basketOf } from './sales.ts'
import { nowOf } from './when.ts'

/** The leave to spend, or why there is none (yet). `offline` decides where the cloud cannot be asked. */
function leaveFor(
  books: Books,
  { call, said }: Write,
  member: MemberId,
  asked: Pick<SpendingQuestion, 'perk' | 'points' | 'basket' | 'voucher'>,
  offline: () => Result<Leave>,
): Leave | Prepared {
  const { decision } = said
  if (decision === 'unreachable' || (decision === undefined && !books.link.live())) {
    const leave = offline()
    return leave.ok ? leave.value : { do: 'refuse', refusal: leave.refusal }
  }
  if (decision === undefined) {
    const { at, offset } = nowOf(books)
    return { do: 'ask', members: [], spending: { key: call.key, member, at, offset, ...asked } }
  }
  if (decision.refused === null) return { ...decision, rights: [], risk: null }
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
  const { perk } = input
  const points = (input.points ?? null) as Points | null
  const basket = basketAsked(books, input)
  if (basket !== null && 'do' in basket) return basket
  const leave = leaveFor(books, write, who.card.member, { perk, points, basket, voucher: null }, () =>
    redeemOffline(books, who.card, { perk, points, basket }),
  )
  if ('do' in leave) return leave
  // Decided for whom the identity named then; the cloud may have given it to another since (M-4).
  const decided = leave.member === who.card.member ? who : nameMember(books, idText(leave.member), said)
  if (decided.is === 'open') return decided.prepared
  if (decided.is === 'unknown') return notKnownHere()
  const { card } = decided
  const stage = input.capture === false ? ('reserved' as const) : ('captured' as const)
  const { hold, rights, risk } = leave
  const part = { stage, of: NO_FACT, perk, points: leave.points, hold, rights: [...rights], risk }
  const amount = basket === null ? AMOUNT_MAX : amountOf(basket)
  const plan = redemption(books, call, card, part, amount, () => {
    takeLeave(books, plan.fact.id, leave, plan.fact)
    if (stage === 'reserved') books.reservations.add(plan.fact.id, books.clock.now() + RESERVATION_MS_MAX)
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

type RedemptionPart = Pick<Redemption, 'stage' | 'of' | 'perk' | 'points' | 'hold' | 'rights' | 'risk'>

function redemption(
  books: Books,
  call: WriteCall,
  card: Card,
  part: RedemptionPart,
  amount: number,
  follow: () => void,
): Plan {
  const when = nowOf(books)
  const fact: OpenFact = {
    kind: 'redemption',
    ...headerOf(books, call, when, { member: card.member, claim: null }),
    ...part,
  }
  const { stage, of, perk, points } = part
  const id = idText(of === NO_FACT ? fact.id : of)
  const discount = discountOf(books, when.at, perk, points, amount)
  const extra = `,"redemption":{"id":"${id}","stage":"${stage}","perk":${perk},"points":${points},"discount":${discount},"authority":"${authorityOf(part)}"}`
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
    const named = idFromText<FactId>(input.redemption)
    const id = named && countedId(books, named)
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
    // What is captured was spent when it was reserved. Only a reservation is sure to be given back wherever its facts are folded.
    const rights = stage === 'captured' || captured ? [] : lasting(books, first.rights)
    const risk = stage === 'captured' ? first.risk : null
    const part = { stage, of: id, perk, points, hold, rights, risk }
    const plan = redemption(books, call, card, part, AMOUNT_MAX, () => {
      for (const { lease, amount } of rights) books.ledger.leases.spend(lease, -amount)
      books.ledger.sequels.mention(id, plan.fact.id)
      books.ledger.sequels.settle(id)
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
  const question = { perk: null, points: null, basket: null, voucher: code }
  const leave = leaveFor(books, write, NO_MEMBER, question, () => useOffline(books, code))
  if ('do' in leave) return leave
  const { member, hold, rights, risk } = leave
  // The voucher may be another store's member's: the answer shows whose it is when the cloud can still be asked.
  const named = nameMember(books, idText(member), said)
  if (named.is === 'open' && named.prepared.do === 'ask') return named.prepared
  const card = named.is === 'member' ? named.card : null
  const perk = leave.perk ?? NO_PERK
  const when = nowOf(books)
  const fact: OpenFact = {
    kind: 'voucher_use',
    ...headerOf(books, call, when, { member, claim: null }),
    code,
    hold,
    rights: [...rights],
    risk,
  }
  const title = leave.perk === null ? 'null' : `"${books.wording().escapedTitle(perk)}"`
  const extra = `,"voucher":{"code":${JSON.stringify(code)},"perk":${leave.perk ?? 'null'},"title":${title},"authority":"${authorityOf(leave)}"}`
  const follow = (): void => takeLeave(books, fact.id, leave, fact)
  return { do: 'record', plan: { fact, card, notes: NO_NOTES, extra, perk, follow } }
}
