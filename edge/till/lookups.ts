// Reading: members, quotes, history, status. Nothing here writes, and a quote folds onto a copy.
import type { Program } from '../../cloud/evaluation/compile.ts'
import { POINTS } from '../../cloud/evaluation/document/metrics.ts'
import { EffectBuffer } from '../../cloud/evaluation/effects.ts'
import type { Considered } from '../../cloud/evaluation/explanation/explain.ts'
import { explainReactions } from '../../cloud/evaluation/explanation/reactions.ts'
import { explain } from '../../cloud/evaluation/explanation/explain.ts'
import { statusWord } from '../../cloud/evaluation/spending/entitlement-statuses.ts'
import { offersOn } from '../../cloud/evaluation/spending/offers.ts'
import { statusAt } from '../../cloud/evaluation/spending/spending.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { copyState, newState, spendable } from '../../cloud/evaluation/state.ts'
import { stateAt } from '../../cloud/evaluation/time/time.ts'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Sale } from '../../protocol/facts.ts'
import type { FactId, MemberId, RuleId } from '../../protocol/ids.ts'
import { NO_MEMBER, idFromText, idText, originOf } from '../../protocol/ids.ts'
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../../protocol/limits.ts'
import { nameWords } from '../../protocol/names.ts'
import type { Result } from '../../protocol/result.ts'
import { accept, refuse } from '../../protocol/result.ts'
import { millisOf } from '../../protocol/time.ts'
import type { FactRow } from '../ledger/fact-statements.ts'
import { acknowledgedIn, hasLife } from '../ledger/places.ts'
import type { HistoryPage, MemberView, Quote, Status, StatusWord } from './answers.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import { offlineView } from './offline-view.ts'
import type { HistoryQuery, MemberReference, QuoteInput } from './inputs.ts'
import { findCard } from './naming.ts'
import type { Payee } from './sales.ts'
import { GUEST, UNKNOWN, basketOf, saleFact } from './sales.ts'
import type { When } from './when.ts'
import { whenNow } from './when.ts'
import type { Wording } from './wording.ts'
import { timeText } from './wording.ts'

export async function memberView(books: Books, reference: MemberReference): Promise<Result<MemberView>> {
  const found = await findCard(books, reference)
  return found.ok ? accept(viewOf(books, found.value)) : found
}

/** Whoever this store has met and is called so, by id. */
export function membersNamed(books: Books, name: string, limit: number): MemberView[] {
  const words = nameWords(name)
  const found = words.length === 0 ? [] : books.ledger.members.named(words, limit)
  return found.flatMap((member) => {
    const card = books.cards.get(member)
    return card === undefined ? [] : [viewOf(books, card)]
  })
}

function viewOf(books: Books, card: Card): MemberView {
  const { state } = card
  const now = books.clock.now()
  const program = books.programNow()
  const wording = books.wordings.of(program)
  const row = books.ledger.members.find(card.member)
  const next = program?.tiers.find(({ point_floor = 0 }) => point_floor > state.lifetime)
  return {
    id: idText(card.member),
    name: row?.name ?? null,
    identities: [...(row?.identities ?? [])],
    tier: tierOf(books, state.tier),
    balance: spendable(state),
    lifetime: state.lifetime,
    spent: state.spent,
    goodwill: state.goodwill,
    next_tier:
      next === undefined
        ? null
        : {
            id: next.id,
            name: next.name,
            point_floor: next.point_floor ?? 0,
            missing: (next.point_floor ?? 0) - state.lifetime,
          },
    vouchers: state.entitlements.map((one) => ({
      code: one.code,
      perk: one.perk,
      title: wording.title(one.perk),
      status: statusWord(statusAt(one, now)),
      uses_left: one.uses,
      usable_from: one.from === 0 ? null : timeText(one.from),
      expires_at: one.expires === 0 ? null : timeText(one.expires),
      ...externalOf(program, one.perk),
    })),
    offline: offlineView(books, card.member),
    status: statusOf(books, card),
    as_of: card.known ? books.asOf() : null,
  }
}

function externalOf(
  program: Program | null,
  perk: RuleId,
): Pick<MemberView['vouchers'][number], 'external_code' | 'external_url'> {
  const { external_code: code = null, external_url: url = null } =
    program?.redeemPerks.get(perk)?.document.voucher ?? {}
  return { external_code: code, external_url: url }
}

/** The card's state once time has come to the moment asked about. */
export function stateNow(program: Program, { state, member }: Card, { at, offset }: When): MemberState {
  return stateAt(program, state, member, millisOf(at), offset)
}

export function statusOf(books: Books, card: Card | null): StatusWord {
  return books.fresh() && (card === null || card.known) ? 'confirmed' : 'provisional'
}

function tierOf(books: Books, tier: number): { id: number; name: string } | null {
  return tier === 0 ? null : { id: tier, name: books.wording().title(tier) }
}

/** What a sale would earn, and why or why not. */
export async function quote(books: Books, input: QuoteInput): Promise<Result<Quote>> {
  const payee = await quotedPayee(books, input)
  if (!payee.ok) return payee
  const basket = basketOf(books, input)
  if ('do' in basket) return { ok: false, refusal: basket.refusal }
  const when = whenNow(books, input.occurred_at)
  if (when === undefined) return refuse('input_invalid', 'This is no time there is.', '/occurred_at')
  const { card, notes } = payee.value
  const sale = saleFact(books, 'quote', 'quote', payee.value, when, basket) as Sale
  const program = books.programs.program(sale.at)
  const before = card === null ? newState() : card.state
  const considered = program === null ? [] : explain(program, before, sale)
  const effects = new EffectBuffer()
  const after = card === null ? before : books.cards.foldOnto(copyState(before), card.member, sale, effects)
  const wording = books.wordings.of(program)
  const all = effects.read()
  return accept({
    points: effects.ownPoints(),
    entries: all
      .filter(({ kind }) => kind === 'earn' || kind === 'bonus')
      .map(({ kind, rule, index, amount }) => ({
        kind,
        rule,
        title: wording.title(rule),
        points: amount,
        ...(index === 0 ? {} : { metric: index }),
      })),
    program: books.programTold(sale.at),
    considered: card === null ? considered.map((rule) => forNobody(rule, wording)) : considered,
    reactions:
      card === null || program === null ? [] : explainReactions(program, before, sale, books.cards.past),
    tier: card === null ? null : tierOf(books, before.tier),
    tier_after: card === null ? null : tierOf(books, after.tier),
    vouchers: all
      .filter(({ kind }) => kind === 'voucher_issued')
      .map(({ rule }) => ({ perk: rule, title: wording.title(rule) })),
    offers:
      card === null || program === null ? [] : offersOn(program, stateNow(program, card, when), sale, sale),
    status: notes.length > 0 ? 'provisional' : statusOf(books, card),
    as_of: card === null || card.known ? books.asOf() : null,
  })
}

async function quotedPayee(books: Books, { member }: QuoteInput): Promise<Result<Payee>> {
  if (member === undefined) return accept(GUEST)
  const found = await findCard(books, member)
  if (found.ok) {
    const card = found.value
    return accept({ card, member: card.member, claim: null, notes: [] })
  }
  // Whoever cannot be asked about gets a sale without points for now, so that is the quote.
  return found.refusal.code === 'member_unreachable' ? accept({ ...GUEST, notes: UNKNOWN }) : found
}

/** E-EARN-5: what would apply needs a member first. */
export function forNobody(rule: Considered, wording: Wording): Quote['considered'][number] {
  if (!rule.applied) return rule
  return {
    ...rule,
    applied: false,
    points: 0,
    condition: 'member',
    actual: 'no member',
    required: 'a member',
    hint: `with a member this sale earns ${rule.points} ${wording.unit(rule.metric ?? POINTS)} here`,
  }
}

export function history(books: Books, query: HistoryQuery): Result<HistoryPage> {
  const limit = Math.min(query.limit ?? PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)
  const before = query.before === undefined ? undefined : idFromText<FactId>(query.before)
  const { ledger } = books
  if (query.before !== undefined && (before === undefined || !hasLife(ledger, originOf(before))))
    return refuse('input_invalid', 'This is no id of a fact of this store.', 'before')
  const end = before ?? ledger.nextId()
  const member = query.member === undefined ? undefined : idFromText<MemberId>(query.member)
  if (query.member !== undefined && member === undefined)
    return refuse('input_invalid', 'This is no member id.', 'member')
  const own = member === undefined ? counted(books, end, limit + 1) : thread(books, member, end, limit + 1)
  const lost = ledger.lives.tailBefore(end, member ?? NO_MEMBER, limit + 1)
  const rows = lost.length === 0 ? own : [...own, ...lost].sort((a, b) => b.id - a.id)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const acknowledged = acknowledgedIn(ledger)
  return accept({
    facts: page.map((row) => factView(books, row, acknowledged)),
    next: rows.length > limit && last !== undefined ? idText(last.id) : null,
  })
}

export function programStatus(books: Books): Status['program'] {
  const found = books.programs.inForce(books.now())
  if (found === undefined) return null
  const { name, currency, currency_digits } = found.program.document
  return { version: found.record.version, name, currency, currency_digits }
}

type HistoryRow = Pick<FactRow, 'id' | 'member' | 'bytes'>

/** Facts before an id that count under their own, newest first. */
function counted({ ledger }: Books, end: FactId, limit: number): HistoryRow[] {
  const rows: HistoryRow[] = []
  for (let before = end; rows.length < limit;) {
    const found = ledger.before(before, limit)
    rows.push(...found.filter(({ id }) => ledger.lives.again(id) === undefined))
    const last = found.at(-1)
    if (last === undefined || found.length < limit) break
    before = last.id
  }
  return rows.slice(0, limit)
}

/** The member's. */
function thread({ ledger }: Books, member: MemberId, end: FactId, limit: number): HistoryRow[] {
  const rows: HistoryRow[] = []
  const known = ledger.ofId(end)
  let id = known?.member === member ? known.previous : ledger.threads.last(member)
  while (id > 0 && rows.length < limit) {
    const row = ledger.ofId(id)
    if (row === undefined) break
    if (row.id < end && ledger.lives.again(id) === undefined) rows.push(row)
    id = row.previous
  }
  return rows
}

function factView(
  books: Books,
  row: HistoryRow,
  acknowledged: (id: FactId) => boolean,
): HistoryPage['facts'][number] {
  const fact = decodeStoredFact(row.bytes)
  const correction = books.ledger.sequels.correctionOf(fact.id)
  return {
    id: idText(fact.id),
    kind: fact.kind,
    at: timeText(millisOf(fact.at)),
    terminal: fact.terminal,
    member: row.member === 0 ? null : idText(row.member),
    amount: fact.kind === 'sale' || fact.kind === 'return' ? fact.amount : null,
    points: correction === undefined ? fact.promised : correction.points + correction.goodwill,
    // The cloud has it, or it was answered as confirmed.
    status: fact.confirmed || acknowledged(row.id) ? 'confirmed' : 'provisional',
  }
}
