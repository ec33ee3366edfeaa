// Returns and voids. What this store sold is checked against the sale: the line, the quantity that is left, the amount. What another store
// sold is taken down as it was said, and the cloud decides. Points go back to where they came from: the sale's member.
import type { Fact, ReturnLine, Sale, SaleLine } from '../../protocol/facts.ts'
import type { FactId } from '../../protocol/ids.ts'
import { NO_FACT, idFromText, originOf } from '../../protocol/ids.ts'
import { AMOUNT_MAX, GIVE_BACK_DAYS_MAX } from '../../protocol/limits.ts'
import type { Money, Quantity } from '../../protocol/numbers.ts'
import { firstOf, notGivenBack } from '../../cloud/evaluation/spending/redemptions.ts'
import { dayOf, isMarked, isTooOld } from '../../cloud/evaluation/spending/memory.ts'
import { returnedQuantity, voidable } from '../../cloud/evaluation/spending/reversal.ts'
import type { Note } from './answers.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import { headerOf } from './fact-header.ts'
import type { ReturnInput } from './inputs.ts'
import { countedId, mentionsOf, ownFact } from './own-facts.ts'
import type { OpenFact, Prepare, Prepared } from './plan.ts'
import { NO_NOTES, NO_PERK, badTime, refused } from './plan.ts'
import type { Payee } from './sales.ts'
import { GUEST, UNKNOWN, amountTooLarge, badQuantity, payeeOf, quantityOf } from './sales.ts'
import { nowOf, whenOf } from './when.ts'

type Refused = Prepared & { do: 'refuse' }
type ReturnLineInput = ReturnInput['lines'][number]

const ELSEWHERE: readonly Note[] = ['sale_elsewhere']

/** A sale of this store with what came back of it so far: by line, in thousandths; a line of quantity 0 is in it once it was given back. */
interface Sold {
  readonly sale: Sale
  readonly returned: Map<number, number>
}

export const prepareReturn: Prepare<'return'> = (books, write) => {
  const { call, input } = write
  const sales = salesOf(books, input.lines)
  if (!(sales instanceof Map)) return sales
  const payee = payeeOfReturn(books, write, sales)
  if ('open' in payee) return payee.open
  if (payee.card !== null) countElsewhere(payee.card, sales)
  const lines: ReturnLine[] = []
  let total = 0
  let elsewhere = false
  for (const [index, line] of input.lines.entries()) {
    const checked = returnLine(books, line, index, sales)
    if ('do' in checked) return checked
    lines.push(checked)
    total += checked.amount
    elsewhere ||= checked.sale > 0 && !sales.has(checked.sale)
  }
  if (total > AMOUNT_MAX) return amountTooLarge(books)
  const when = whenOf(books, input.occurred_at)
  if (when === undefined) return badTime()
  const fact: OpenFact = {
    kind: 'return',
    ...headerOf(books, call, when, payee),
    amount: total as Money,
    lines,
  }
  const notes = elsewhere ? [...payee.notes, ...ELSEWHERE] : payee.notes
  const follow = (): void => {
    for (const sale of sales.keys()) books.ledger.sequels.mention(sale, fact.id)
  }
  return { do: 'record', plan: { fact, card: payee.card, notes, extra: '', perk: NO_PERK, follow } }
}

/** The own sales that a return names, each with what came back of it. */
function salesOf(books: Books, lines: readonly ReturnLineInput[]): Map<FactId, Sold> | Refused {
  const sales = new Map<FactId, Sold>()
  for (const [index, { sale: text }] of lines.entries()) {
    if (text === null) continue
    const named = idFromText<FactId>(text)
    const id = named && countedId(books, named)
    const param = `/lines/${index}/sale`
    if (id === undefined) return refused('sale_not_found', 'This is no id of a sale.', param)
    if (sales.has(id)) continue
    const sale = ownFact(books, id)
    // Of an earlier life it may be a sale that was lost and has not been sent back yet.
    if (sale === undefined && originOf(id) !== books.identity.origin) continue
    if (sale?.kind !== 'sale') return refused('sale_not_found', 'This store made no such sale.', param)
    const later = mentionsOf(books, id)
    if (later.some(({ kind }) => kind === 'void'))
      return refused('already_voided', 'This sale was voided: nothing of it is left to return.', param)
    sales.set(id, { sale, returned: returnedBy(id, later) })
  }
  return sales
}

function returnedBy(id: FactId, later: readonly Fact[]): Map<number, number> {
  const returned = new Map<number, number>()
  for (const fact of later) {
    if (fact.kind !== 'return') continue
    for (const { sale, line, quantity } of fact.lines)
      if (sale === id) returned.set(line, (returned.get(line) ?? 0) + quantity)
  }
  return returned
}

/** One return is for one member: the one its sales belong to. Guests' sales give points to nobody and go with any. */
function payeeOfReturn(
  books: Books,
  { input, said }: Parameters<typeof prepareReturn>[1],
  sales: ReadonlyMap<FactId, Sold>,
): Payee | { readonly open: Prepared } {
  let payee: Payee | { readonly open: Prepared } = payeeOf(books, input.member, said)
  if ('open' in payee) return payee
  for (const { sale } of sales.values()) {
    const owner = ownerOf(books, sale)
    if (owner === GUEST) continue
    if (payee === GUEST) payee = owner
    else if (owner.member > 0 && payee.member !== owner.member)
      return {
        open: refused('input_invalid', 'The lines belong to sales of different members.', '/lines'),
      }
  }
  return payee
}

/** Other stores may have taken lines back too: the member's state knows. */
function countElsewhere({ state }: Card, sales: ReadonlyMap<FactId, Sold>): void {
  for (const { sale, returned } of sales.values()) {
    for (const line of sale.lines.keys()) {
      const known = returnedQuantity(state, sale.id, line)
      if (known !== undefined) returned.set(line, Math.max(known, returned.get(line) ?? 0))
    }
  }
}

/** Whose points an own fact moved. */
function ownerOf(books: Books, { member, claim }: Fact): Payee {
  if (member === 0 && claim === null) return GUEST
  const card = member === 0 ? undefined : books.cards.get(member)
  return card === undefined
    ? { card: null, member, claim, notes: UNKNOWN }
    : { card, member, claim: null, notes: NO_NOTES }
}

function returnLine(
  books: Books,
  line: ReturnLineInput,
  index: number,
  sales: ReadonlyMap<FactId, Sold>,
): ReturnLine | Refused {
  const quantity = quantityOf(line.quantity)
  if (quantity === undefined) return badQuantity(index)
  const amount = line.amount
  const named = line.sale === null ? NO_FACT : (idFromText<FactId>(line.sale) ?? NO_FACT)
  const sale = countedId(books, named)
  const sold = sales.get(sale)
  if (sold !== undefined) return soldLine(books, sold, line, index)
  if (line.sku === undefined)
    return refused(
      'input_invalid',
      'Say which article: this store has no sale to look it up in.',
      `/lines/${index}/sku`,
    )
  if (sale > 0 && line.line === undefined)
    return refused('input_invalid', "Say which line of the other store's sale.", `/lines/${index}/line`)
  return { sale, line: line.line ?? 0, sku: line.sku, quantity, amount }
}

/** checks a line against the sale, and counts it as given back for the lines after it. */
function soldLine(
  books: Books,
  { sale, returned }: Sold,
  input: ReturnLineInput,
  index: number,
): ReturnLine | Refused {
  const left = (at: number, line: SaleLine): number => line.quantity - (returned.get(at) ?? 0)
  const open = (at: number, line: SaleLine): boolean =>
    line.quantity === 0 ? !returned.has(at) : left(at, line) > 0
  const bySku = sale.lines.findIndex((line, at) => line.sku === input.sku && open(at, line))
  const at = input.line ?? (bySku >= 0 ? bySku : sale.lines.findIndex(({ sku }) => sku === input.sku))
  const line = sale.lines[at]
  if (line === undefined || (input.sku !== undefined && input.sku !== line.sku))
    return refused(
      'sale_line_unknown',
      input.line === undefined && input.sku === undefined
        ? 'Say which line of the sale, or which article.'
        : 'The sale has no such line with this article.',
      `/lines/${index}`,
    )
  const asked =
    line.quantity === 0 && input.quantity === undefined ? (0 as Quantity) : quantityOf(input.quantity)
  const rest = left(at, line)
  if (asked === undefined || asked > rest || !open(at, line))
    return refused(
      'quantity_over_sold',
      `Of ${line.quantity / 1000} sold, ${Math.max(0, rest) / 1000} can still be given back.`,
      `/lines/${index}/quantity`,
    )
  const worth = amountOf(line, asked)
  if (input.amount > worth) {
    const wording = books.wording()
    return refused(
      'amount_mismatch',
      `At most ${wording.amount(worth)} was paid for this; ${wording.amount(input.amount)} cannot be given back.`,
      `/lines/${index}/amount`,
    )
  }
  returned.set(at, (returned.get(at) ?? 0) + asked)
  return { sale: sale.id, line: at, sku: line.sku, quantity: asked, amount: input.amount }
}

/** What was paid for so much of a line, rounded up. The product can pass 2^53. */
function amountOf({ amount, quantity }: SaleLine, part: number): number {
  if (part >= quantity) return amount
  const sold = BigInt(quantity)
  return Number((BigInt(amount) * BigInt(part) + sold - 1n) / sold)
}

/** Why a redemption is not given back (E-SPEND-12). */
export const NOT_GIVEN_BACK = {
  redemption_not_found: 'The member has no such redemption.',
  redemption_settled: 'This redemption was cancelled before.',
  voucher_used: 'What it was redeemed for has been used, or is on its way.',
} as const

export const prepareVoid: Prepare<'void'> = (books, { call, input }) => {
  const named = idFromText<FactId>(input.fact)
  if (named === undefined) return refused('fact_not_found', 'This is no id of a fact.', '/fact')
  const voided = countedId(books, named)
  const own = originOf(voided) === books.identity.origin || ownFact(books, voided) !== undefined
  const open = own ? notVoidable(books, voided) : undefined
  if (open !== undefined) return open
  const fact = own ? ownFact(books, voided) : undefined
  // Whose points another store's fact moved is for the cloud to find out: the void names the fact.
  const payee = fact === undefined ? GUEST : ownerOf(books, fact)
  if (payee.card !== null && isMarked(payee.card.state.voided, voided)) return alreadyVoided()
  const redemption = fact?.kind === 'redemption' ? firstOf(fact) : NO_FACT
  const why = redemption > 0 && payee.card !== null ? notGivenBack(payee.card.state, redemption) : null
  if (why !== null) return refused(why, NOT_GIVEN_BACK[why], '/fact')
  const when = nowOf(books)
  const record: OpenFact = {
    kind: 'void',
    ...headerOf(books, call, when, payee),
    fact: voided,
    reason: input.reason ?? '',
  }
  const notes = own ? payee.notes : [...payee.notes, ...ELSEWHERE]
  const follow = (): void => {
    books.ledger.sequels.mention(voided, record.id)
    if (redemption === NO_FACT) return
    if (redemption !== voided) books.ledger.sequels.mention(redemption, record.id)
    books.ledger.sequels.settle(redemption)
  }
  return { do: 'record', plan: { fact: record, card: payee.card, notes, extra: '', perk: NO_PERK, follow } }
}

function notVoidable(books: Books, id: FactId): Refused | undefined {
  const fact = ownFact(books, id)
  if (fact === undefined) return refused('fact_not_found', 'This store recorded no such fact.', '/fact')
  if (!voidable(fact))
    return refused(
      'void_not_possible',
      'Only sales, check-ins, grants, redemptions and uses of vouchers can be voided.',
      '/fact',
    )
  if (isTooOld(dayOf(fact), dayOf(nowOf(books))))
    return refused(
      'void_not_possible',
      `This is more than ${GIVE_BACK_DAYS_MAX} days old and can be given back no longer.`,
      '/fact',
    )
  return mentionsOf(books, id).some(({ kind }) => kind === 'void') ? alreadyVoided() : undefined
}

function alreadyVoided(): Refused {
  return refused('already_voided', 'This was voided before.', '/fact')
}
