// Who gets which leases: members x stores -> leases (U-6). Pure. A member's share is split over the stores it is likely in; nothing is granted that
// is not there, nothing to a store out of reach, and nothing that could not pay for anything. A lease is topped up when it has fallen well below its
// target, and renewed when half of its time is over, so that a member who comes every day costs a fact a day, not one a visit.
import { NO_MEMBER } from '../../../protocol/ids.ts'
import type { MemberId, Origin, StoreId } from '../../../protocol/ids.ts'
import { LEASES_MEMBER_PERKS_MAX, LEASES_MEMBER_VOUCHERS_MAX } from '../../../protocol/limits.ts'
import { availableOf, outstandingOf } from '../../../protocol/leases.ts'
import type { LeaseSubject } from '../../../protocol/leases.ts'
import { share } from '../../../protocol/numbers.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { Program, RedeemPerk } from '../../evaluation/compile.ts'
import { spendableIn } from '../../evaluation/metrics/metrics.ts'
import { USABLE } from '../../evaluation/spending/entitlement-statuses.ts'
import { liveOf } from '../../evaluation/spending/entitlements.ts'
import { standingOf } from '../../evaluation/spending/limits.ts'
import { isLimited } from '../../evaluation/spending/offline.ts'
import { leastNamed } from '../../evaluation/spending/offers.ts'
import { reserved } from '../../evaluation/spending/redemptions.ts'
import { statusAt } from '../../evaluation/spending/spending.ts'
import type { MemberState } from '../../evaluation/state.ts'
import type { LeaseRow } from '../../store/lease-port.ts'
import type { StoreCount } from '../../store/port.ts'
import { countOf, leasedOf } from '../budgets.ts'
import { booksOf, outstandingIn } from './member-books.ts'
import type { Claims } from './member-books.ts'

/** A store the member is likely in; the likeliest first. */
export interface Place {
  readonly store: StoreId
  /** Of the ledger that is in reach; null: none is. */
  readonly origin: Origin | null
}

/** What is granted: so much more, at these terms. */
export interface Wish {
  readonly origin: Origin
  readonly store: StoreId
  readonly subject: LeaseSubject
  readonly member: MemberId
  readonly item: number
  readonly code: string | null
  readonly amount: number
  readonly cap: number
  readonly expires: Millis
}

export interface MemberCase {
  readonly program: Program
  readonly member: MemberId
  /** As of now. */
  readonly state: MemberState
  readonly claims: Claims
  readonly places: readonly Place[]
  readonly now: number
  /** Local day in the first place. */
  readonly day: number
}

/** How much of a metric each place should have. */
export interface Shares {
  /** In all stores together. */
  readonly leasable: number
  /** By place. */
  readonly targets: readonly number[]
}

/** The first place is twice as likely as the others. */
const WEIGHTS = [2, 1] as const

type Reached = Place & { readonly origin: Origin }

function reached({ places }: MemberCase): Reached[] {
  return places.filter((place): place is Reached => place.origin !== null)
}

export function leasesFor(one: MemberCase): Wish[] {
  const { program, places } = one
  if (program.offline.sharePercent === 0 || places.length === 0) return []
  const wishes = [...metricsSpent(program)].flatMap(([metric, least]) => ofMetric(one, metric, least))
  return program.offline.entitlements ? [...wishes, ...ofPerks(one), ...ofVouchers(one)] : wishes
}

/** Metrics that buy something, with the least that does. */
export function metricsSpent(program: Program): Map<number, number> {
  const least = new Map<number, number>()
  for (const perk of program.redeemPerks.values()) {
    const price = leastNamed(perk) ?? perk.points
    if (!perk.active || price === 0 || price > program.offline.redemptionMax) continue
    least.set(perk.metric, Math.min(least.get(perk.metric) ?? Infinity, price))
  }
  return least
}

export function sharesOf({ program, state, places }: MemberCase, metric: number, least: number): Shares {
  const { sharePercent, totalMax } = program.offline
  const leasable = Math.floor((Math.max(0, spendableIn(state, metric)) * sharePercent) / 100)
  return { leasable, targets: targetsOf(leasable, places.length, least, totalMax) }
}

/** What of a metric may be leased beyond what is. */
export function restOf({ program, state, claims }: MemberCase, metric: number, leasable: number): number {
  return Math.min(
    leasable - outstandingIn(claims.leases, 'points', metric),
    availableOf(booksOf(program, state, claims, metric)),
  )
}

function ofMetric(one: MemberCase, metric: number, least: number): Wish[] {
  const { places } = one
  const { leasable, targets } = sharesOf(one, metric, least)
  let rest = restOf(one, metric, leasable)
  const wishes: Wish[] = []
  for (const [index, place] of places.entries()) {
    const target = targets[index] ?? 0
    if (place.origin === null || target < least) continue
    const wish = wishOf(one, { ...place, origin: place.origin }, 'points', metric, null, target, rest)
    if (wish === undefined) continue
    rest -= wish.amount
    wishes.push(wish)
  }
  return wishes
}

/** The share split over as many of the places as still get enough to pay for something. */
function targetsOf(leasable: number, count: number, least: number, most: number): number[] {
  for (let places = count; places > 0; places--) {
    const weights = Array.from({ length: places }, (_, index) => WEIGHTS[Math.min(index, 1)] ?? 1)
    const targets = share(leasable, weights).map((part) => Math.min(part, most))
    if ((targets.at(-1) ?? 0) >= least) return targets
  }
  return []
}

/** Undefined: as it should be. `rest`: what may be granted at all. */
function wishOf(
  { program, member, claims, now }: MemberCase,
  { store, origin }: Reached,
  subject: LeaseSubject,
  item: number,
  code: string | null,
  target: number,
  rest: number,
): Wish | undefined {
  const { leaseMs, redemptionMax } = program.offline
  const live = claims.leases.find(
    (lease) =>
      lease.origin === origin &&
      lease.member === member &&
      lease.subject === subject &&
      lease.item === item &&
      lease.code === code &&
      lease.expires > now,
  )
  if (live !== undefined && live.recall > live.answered) return undefined
  const have = live === undefined ? 0 : outstandingOf(live)
  const amount = Math.max(0, Math.min(target - have, rest))
  const low = amount * 4 >= target && amount > 0
  const old = live !== undefined && live.expires - now < leaseMs / 2 && have + amount > 0
  if (!low && !old) return undefined
  return {
    origin,
    store,
    subject,
    member,
    item,
    code,
    amount,
    cap: subject === 'points' ? redemptionMax : 1,
    expires: (now + leaseMs) as Millis,
  }
}

/** Limited perks: one redemption, in one store. */
function ofPerks(one: MemberCase): Wish[] {
  const [first] = reached(one)
  if (first === undefined) return []
  const { program, claims, state } = one
  const perks = [...program.redeemPerks.values()]
    .filter(
      (perk) =>
        perk.active &&
        isLimited(perk) &&
        (leastNamed(perk) ?? perk.points) <= spendableIn(state, perk.metric),
    )
    .slice(0, LEASES_MEMBER_PERKS_MAX)
  return perks.flatMap((perk) => {
    const held = claims.holds.filter((hold) => hold.perk === perk.id && hold.voucher === null).length
    const free = usesFree(one, perk, held + outstandingIn(claims.leases, 'uses', perk.id))
    return wishOf(one, first, 'uses', perk.id, null, 1, free) ?? []
  })
}

function usesFree({ state, day }: MemberCase, perk: RedeemPerk, taken: number): number {
  const most = perk.document.voucher?.per_member
  const places =
    most === undefined ? Infinity : most - liveOf(state, perk.id) - reserved(state, day, perk.id) - taken
  return Math.min(standingOf(perk, state, day, taken).remaining ?? Infinity, places)
}

/** Entitlements: all of its uses, to one store. */
function ofVouchers(one: MemberCase): Wish[] {
  const [first] = reached(one)
  if (first === undefined) return []
  const { state, claims, now } = one
  return state.entitlements
    .filter((voucher) => USABLE.includes(statusAt(voucher, now)))
    .slice(0, LEASES_MEMBER_VOUCHERS_MAX)
    .flatMap(({ perk, code, uses }) => {
      const held = claims.holds.filter(({ voucher }) => voucher === code).length
      const elsewhere = claims.leases.some(
        (lease) => lease.code === code && lease.origin !== first.origin && outstandingOf(lease) > 0,
      )
      if (elsewhere) return []
      const free = uses - held - outstandingIn(claims.leases, 'voucher', perk, code)
      return wishOf(one, first, 'voucher', perk, code, uses, free) ?? []
    })
}

export interface BudgetCase {
  readonly program: Program
  readonly perk: RedeemPerk
  /** By store: redemptions that count, open decisions among them. */
  readonly used: readonly StoreCount[]
  readonly leases: readonly LeaseRow[]
  readonly reached: readonly Reached[]
  readonly now: number
}

/** Where a perk's budget stands; Infinity: there is no such bound. */
export interface BudgetFigures {
  /** Not redeemed and not leased, below 0 where the budget was made smaller: of all, and of what a store may redeem. */
  readonly free: number
  readonly freeIn: (store: StoreId) => number
  /** How many a store should have leased. */
  readonly targetIn: (store: StoreId) => number
}

export function budgetFigures({ program, perk, used, leases, reached: stores }: BudgetCase): BudgetFigures {
  const { total = Infinity, per_store: perStore = Infinity } = perk.document.budget ?? {}
  const usedIn = byStore(used)
  const leasedIn = byStore(leasedOf(leases))
  const part = (all: number, among: number): number =>
    all === Infinity
      ? Infinity
      : Math.floor((Math.max(0, all) * program.offline.sharePercent) / 100 / Math.max(1, among))
  const left = total - countOf(used)
  return {
    free: left - countOf(leasedOf(leases)),
    freeIn: (store) => perStore - usedIn(store) - leasedIn(store),
    targetIn: (store) =>
      Math.min(BUDGET_LEASE_MAX, part(left, stores.length), part(perStore - usedIn(store), 1)),
  }
}

/** Added up once: there may be thousands of stores. */
function byStore(rows: readonly StoreCount[]): (store: StoreId) => number {
  const counts = new Map<StoreId, number>()
  for (const { store, count } of rows) counts.set(store, (counts.get(store) ?? 0) + count)
  return (store) => counts.get(store) ?? 0
}

/** A part of what is left of a perk's budget, alike to every store in reach. */
export function budgetLeasesFor(one: BudgetCase): Wish[] {
  const { program, perk, leases, reached: stores, now } = one
  const { sharePercent, leaseMs } = program.offline
  if (perk.document.budget === undefined || !perk.active || sharePercent === 0) return []
  const { free, freeIn, targetIn } = budgetFigures(one)
  const lasting = new Map(leases.filter(({ expires }) => expires > now).map((lease) => [lease.origin, lease]))
  let rest = free
  return stores.flatMap(({ store, origin }) => {
    const live = lasting.get(origin)
    if (live !== undefined && live.recall > live.answered) return []
    const have = live === undefined ? 0 : outstandingOf(live)
    const target = targetIn(store)
    const amount = Math.max(0, Math.min(target - have, rest, freeIn(store)))
    const low = amount * 2 >= target && amount > 0
    const old = live !== undefined && live.expires - now < leaseMs / 2 && have + amount > 0
    if (!low && !old) return []
    rest -= amount
    return {
      origin,
      store,
      subject: 'budget',
      member: NO_MEMBER,
      item: perk.id,
      code: null,
      amount,
      cap: 1,
      expires: (now + leaseMs) as Millis,
    } satisfies Wish
  })
}

/** Redemptions of one budget that a store may hold. */
const BUDGET_LEASE_MAX = 1_000
