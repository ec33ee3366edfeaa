// Spending while the cloud cannot be asked: out of leases, then at the merchant's risk, else not at all, with a reason a cashier can read.
// The member must be allowed what is asked by all this store knows, as online; the leases say how much of that nobody else can spend meanwhile. What is
// decided here is written with the fact, in its transaction: the leases' rest and the risk that was taken.
import type { Program } from '../../cloud/evaluation/compile.ts'
import { POINTS } from '../../cloud/evaluation/document/metrics.ts'
import type { Risk, RightNeeded } from '../../cloud/evaluation/spending/offline.ts'
import { rightsOf } from '../../cloud/evaluation/spending/offline.ts'
import { NOTHING_HELD, mayRedeem, mayUse } from '../../cloud/evaluation/spending/spending.ts'
import { stateAt } from '../../cloud/evaluation/time/time.ts'
import type { Basket } from '../../protocol/facts.ts'
import type { MemberId, RuleId, FactId } from '../../protocol/ids.ts'
import type { LeaseSubject, Right } from '../../protocol/leases.ts'
import { LEASE_MARGIN_MS } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { Refusal, Result } from '../../protocol/result.ts'
import { accept, refuse } from '../../protocol/result.ts'
import { hybridTime, localDay, millisOf, wallClockText, zoneOffset } from '../../protocol/time.ts'
import type { KeptLease } from '../ledger/leases.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import type { When } from './when.ts'
import { whenNow } from './when.ts'

/** Under what a spending goes ahead, and what it takes. */
export interface Leave {
  readonly hold: number
  readonly rights: readonly Right[]
  /** Points at risk; null: it is not at risk. */
  readonly risk: Points | null
  readonly points: Points
  readonly member: MemberId
  readonly perk: RuleId | null
}

interface Asked {
  readonly perk: RuleId
  readonly points: number | null
  readonly basket: Basket | null
}

/** What of a lease can be spent now; 0 where it is over, asked back, or the node does not know what time it is. */
export function usable(books: Books, lease: KeptLease): number {
  if (books.clock.suspect || books.clock.now() >= lease.expires - LEASE_MARGIN_MS) return 0
  return lease.recall > lease.answered ? 0 : lease.granted - lease.spent - lease.returned
}

/** The most one redemption may take of a lease: what was said when it was granted, and what the program says now. */
export function capOf(books: Books, lease: KeptLease): number {
  const most = books.programNow()?.offline.redemptionMax ?? 0
  return lease.subject === 'points' ? Math.min(lease.cap, most) : lease.cap
}

export function redeemOffline(
  books: Books,
  card: Card,
  { perk, points: named, basket }: Asked,
): Result<Leave> {
  const when = offlineWhen(books)
  const program = when === undefined ? null : books.programs.program(when.at)
  const found = program?.redeemPerks.get(perk)
  if (when === undefined || program === null) return refuse('program_missing', 'No program is in force.')
  const place = { store: books.identity.store.id, at: when.at, offset: when.offset, basket }
  const state = stateAt(program, card.state, card.member, millisOf(when.at), when.offset)
  const decided = mayRedeem(program, state, perk, place, NOTHING_HELD, named)
  if (!decided.ok || found === undefined)
    return decided.ok ? refuse('perk_not_found', 'No such perk.') : decided
  const { points, metric } = decided.value
  const covered = cover(books, rightsOf(found, card.member, points))
  const { rights, short } = covered
  const leave = { hold: 0, rights, points: points as Points, member: card.member, perk }
  if (short.length === 0) return accept({ ...leave, risk: null })
  const missing = short.reduce((sum, { subject, amount }) => (subject === 'points' ? sum + amount : sum), 0)
  return metric === POINTS && mayRisk(books, card.member, missing, program.offline.risk)
    ? accept({ ...leave, risk: missing as Points })
    : { ok: false, refusal: covered.refusal ?? nothingHere() }
}

/** A voucher leased to this store, or issued by it and not told to anybody yet. */
export function useOffline(books: Books, code: string): Result<Leave> {
  const when = offlineWhen(books)
  const program = when === undefined ? null : books.programs.program(when.at)
  const lease = books.ledger.leases.ofCode(code)
  const issued = books.ledger.leases.issuer(code)
  const member =
    lease?.member ?? issued?.member ?? (program === null ? undefined : holderOf(books, program, code))
  const card = member === undefined ? undefined : books.cards.get(member)
  if (card === undefined || when === undefined) return { ok: false, refusal: nothingHere() }
  const state = stateAt(program, card.state, card.member, millisOf(when.at), when.offset)
  const decided = mayUse(program, state, code, when)
  if (!decided.ok) return decided
  const leave = { hold: 0, points: 0 as Points, member: card.member, perk: decided.value.perk }
  if (issued !== undefined && issued.seq > books.link.sentUpTo())
    return accept({ ...leave, rights: [], risk: null })
  if (lease !== undefined && usable(books, lease) > 0)
    return accept({ ...leave, rights: [{ lease: lease.lease, amount: 1 as Points }], risk: null })
  if (program !== null && mayRisk(books, card.member, 0, program.offline.risk))
    return accept({ ...leave, rights: [], risk: 0 as Points })
  return { ok: false, refusal: lease === undefined ? nothingHere() : overText(books, lease) }
}

/** Whose a voucher is that was never lent to this store, where the merchant risks its use. */
function holderOf({ ledger, cards }: Books, { offline }: Program, code: string): MemberId | undefined {
  if (offline.risk.usesPerOutage === 0) return undefined
  const member = ledger.members.withText(code)
  const card = member === undefined ? undefined : cards.get(member)
  return card?.state.entitlements.some((voucher) => voucher.code === code) === true ? card.member : undefined
}

/** What a spending is decided by: a time that is suspect lets nothing expire that had not by the time that certainly has come (CLK-5). */
function offlineWhen(books: Books): When | undefined {
  const when = whenNow(books, undefined)
  return when === undefined || !books.suspects(when.at)
    ? when
    : { ...when, at: hybridTime(books.clock.least()) }
}

interface Cover {
  readonly rights: readonly Right[]
  /** What no lease covers. */
  readonly short: readonly RightNeeded[]
  /** Why not, of the first that is short. */
  readonly refusal: Refusal | undefined
}

function cover(books: Books, needed: readonly RightNeeded[]): Cover {
  const rights: Right[] = []
  const short: RightNeeded[] = []
  let refusal: Refusal | undefined
  for (const need of needed) {
    const leases = books.ledger.leases.of(need.member, need.subject, need.item)
    const best = leases.find((lease) => usable(books, lease) > 0)
    const can = best === undefined ? 0 : Math.min(usable(books, best), capOf(books, best), need.amount)
    if (best !== undefined && can > 0) rights.push({ lease: best.lease, amount: can as Points })
    if (can === need.amount) continue
    short.push({ ...need, amount: need.amount - can })
    const [last] = leases
    refusal ??=
      best === undefined ? (last === undefined ? nothingHere() : overText(books, last)) : lessText(can, need)
  }
  return { rights, short, refusal }
}

const LATER = 'It can be spent again when the link to the cloud is up.'

function nothingHere(): Refusal {
  return refuse(
    'authority_missing',
    `The store is offline, and nothing of this is kept here to be spent. ${LATER}`,
  ).refusal
}

function lessText(can: number, { amount }: RightNeeded): Refusal {
  return refuse(
    'lease_exhausted',
    `The store is offline: at most ${can} of this member can be spent here at once, and this takes ${amount}. Take ${can} or less, or wait for the link to the cloud.`,
  ).refusal
}

/** In words that name what is used up. */
const USED_UP: Readonly<Record<LeaseSubject, string>> = {
  points: 'all of this member that could be spent here was spent',
  uses: 'this member has redeemed it here as often as can be without the cloud',
  voucher: 'this voucher is not kept here any more',
  budget: "this store's part of what is given of it was given",
}

function overText(books: Books, lease: KeptLease): Refusal {
  const { store } = books.identity
  const end = lease.expires - LEASE_MARGIN_MS
  if (books.clock.suspect)
    return refuse(
      'lease_expired',
      'The store is offline, and its clock cannot be trusted: nobody knows whether this may still be spent here. The clock is set when the link to the cloud is up; try again then.',
    ).refusal
  return books.clock.now() >= end
    ? refuse(
        'lease_expired',
        `The store is offline; this could be spent here until ${wallClockText(end, zoneOffset(store.zone, end))}. ${LATER}`,
      ).refusal
    : refuse('lease_exhausted', `The store is offline, and ${USED_UP[lease.subject]}. ${LATER}`).refusal
}

/** Whether the merchant's limits allow one more spending at risk, of so many points; the day is the one it would be booked on. */
function mayRisk(books: Books, member: MemberId, points: number, risk: Risk): boolean {
  const when = whenNow(books, undefined)
  if (risk.usesPerOutage === 0 || when === undefined) return false
  const day = localDay(millisOf(when.at), when.offset)
  const taken = books.ledger.leases.risked(member, day)
  return (
    taken.outageUses < risk.usesPerOutage &&
    taken.memberPoints + points <= risk.perMember &&
    taken.outagePoints + points <= risk.perOutage &&
    taken.dayPoints + points <= risk.perStore
  )
}

/** In the transaction of the spending's fact. */
export function takeLeave(
  books: Books,
  fact: FactId,
  { rights, risk, member }: Leave,
  when: Pick<When, 'at' | 'offset'>,
): void {
  const { leases } = books.ledger
  for (const { lease, amount } of rights) leases.spend(lease, amount)
  if (risk !== null) leases.risk(fact, member, risk, localDay(millisOf(when.at), when.offset))
}

/** What a cancellation may put back: leases that still last. The rest goes to the member's balance alone. */
export function lasting(books: Books, rights: readonly Right[]): Right[] {
  return rights.filter(({ lease }) => {
    const kept = books.ledger.leases.one(lease)
    return (
      kept !== undefined &&
      !books.clock.suspect &&
      kept.recall <= kept.answered &&
      books.clock.now() < kept.expires - LEASE_MARGIN_MS
    )
  })
}
