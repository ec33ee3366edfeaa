// Deciding spendings and uses: `mayRedeem` and `mayUse` are asked once, where the authority is (E-SPEND-1, E-ENT-4). What was decided is booked in
// redemptions.ts and entitlements.ts, whatever the balance is by then (E-SPEND-3).
import type { Basket } from '../../../protocol/facts.ts'
import type { RuleId, StoreId } from '../../../protocol/ids.ts'
import { AMOUNT_MAX, ENTITLEMENTS_LIVE_MAX } from '../../../protocol/limits.ts'
import type { Result } from '../../../protocol/result.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { RefusalCode } from '../../../protocol/refusals.ts'
import { localMinuteOfWeek, millisOf } from '../../../protocol/time.ts'
import type { HybridTime, ZoneOffset } from '../../../protocol/time.ts'
import type { Program, RedeemPerk } from '../compile.ts'
import { dayOfDate } from '../check/dates.ts'
import type { Situation } from '../conditions/condition.ts'
import { firstFailing, situationAt } from '../conditions/condition.ts'
import { POINTS } from '../document/metrics.ts'
import { USABLE } from './entitlement-statuses.ts'
import type { EntitlementStatus } from './entitlement-statuses.ts'
import { isLive, liveCount, liveOf } from './entitlements.ts'
import { limitText, standingOf } from './limits.ts'
import { amountOf } from '../earning/tenders.ts'
import { spendableIn } from '../metrics/metrics.ts'
import { discountFor, leastPoints } from './money.ts'
import { reserved } from './redemptions.ts'
import { CONDITIONS } from '../conditions/condition-numbers.ts'
import { failingRule } from '../conditions/rule-conditions.ts'
import type { ConditionName } from '../conditions/condition-numbers.ts'
import { inSlots } from '../time/slots.ts'
import type { Entitlement, MemberState } from '../state.ts'

/** Where and when a spending is asked for, and on what. */
export interface SpendingPlace {
  readonly store: StoreId
  readonly at: HybridTime
  readonly offset: ZoneOffset
  /** What is about to be paid for; left out or null: not said (E-SPEND-11). */
  readonly basket?: Basket | null
}

/** What other open decisions of the authority have taken already, not yet in the fold, and what it counts of all members. */
export interface Held {
  /** Of the perk's metric. */
  readonly points: number
  /** Redemptions of this very perk. */
  readonly uses: number
  /** Redemptions of this perk by all members that were not cancelled, open decisions included: everywhere, and in this store (E-SPEND-7). */
  readonly budgetUsed?: number
  readonly budgetUsedHere?: number
}

export const NOTHING_HELD: Held = { points: 0, uses: 0 }

/** What a redemption that is allowed takes. */
export interface Redeemable {
  readonly metric: number
  readonly points: number
  /** Minor units of discount, for points as money; null for any other perk. */
  readonly discount: number | null
}

const REFUSAL_OF: Partial<Record<ConditionName, RefusalCode>> = {
  status: 'perk_not_active',
  dates: 'perk_not_active',
  store: 'perk_not_here',
  required_tier: 'tier_insufficient',
  attributes: 'condition_unmet',
  when: 'condition_unmet',
}

/** Decides a redemption (E-SPEND-1). `named`: the points a redemption of points as money names, null for any other perk (E-SPEND-9). */
export function mayRedeem(
  program: Program,
  state: MemberState,
  perk: RuleId,
  place: SpendingPlace,
  held: Held,
  named: number | null = null,
): Result<Redeemable> {
  const found = program.redeemPerks.get(perk)
  if (found === undefined) return refuse('perk_not_found', `The program has no redeem perk ${perk}`, 'perk')
  const { store, at, offset, basket = null } = place
  const situation = situationAt(program, state, { kind: 'redemption', store, basket }, millisOf(at), offset)
  return (
    unmet(found, situation) ??
    notHereNow(found, situation) ??
    usedUp(found, situation, held) ??
    priceOf(found, spendableIn(state, found.metric) - held.points, named, basket)
  )
}

type Refused = ReturnType<typeof refuse>

/** Status, dates, store, tier, attributes, `when`. */
function unmet(perk: RedeemPerk, situation: Situation): Refused | undefined {
  const failing = CONDITIONS[failingRule(perk, situation)] ?? 'applies'
  const code = REFUSAL_OF[failing]
  if (code === undefined) return undefined
  const { title } = perk.document
  const reason = failing === 'when' && perk.when !== null ? firstFailing(perk.when, situation) : null
  if (reason === null)
    return refuse(code, `"${title}" cannot be redeemed here now: its condition "${failing}" does not hold`)
  const { leaf, actual, required } = reason
  return refuse(
    code,
    `"${title}" cannot be redeemed here now: its ${leaf} must be ${required}, it is ${actual}`,
  )
}

/** The end of what it issues, home store and schedule. */
function notHereNow(perk: RedeemPerk, { state, fact, day, minute }: Situation): Refused | undefined {
  const { title, home_store_only: homeOnly, voucher } = perk.document
  const last = dayOfDate(voucher?.until ?? '')
  if (last !== undefined && last < day)
    return refuse('perk_not_active', `What "${title}" gives could be used until ${voucher?.until}`)
  const home = state.more?.profile.homeStore ?? 0
  if (homeOnly === true && (home === 0 || home !== fact.store))
    return refuse('perk_not_here', `"${title}" is redeemed in the member's home store only`)
  if (perk.slots !== null && !inSlots(perk.slots, minute))
    return refuse('perk_not_active', `"${title}" cannot be redeemed at this time of the week`)
  return undefined
}

/** The member's limit, what one member may hold, and the budget of all. */
function usedUp(perk: RedeemPerk, { state, day, fact }: Situation, held: Held): Refused | undefined {
  const { title, limit, voucher, budget } = perk.document
  if (limit !== undefined) {
    const { remaining, againOn } = standingOf(perk, state, day, held.uses)
    if (remaining === 0)
      return refuse(
        'limit_reached',
        `"${title}" can be redeemed ${limitText(limit)}${againOn === null ? '' : `, again from ${againOn}`}`,
      )
  }
  const most = voucher?.per_member
  if (most !== undefined && liveOf(state, perk.id) + reserved(state, day, perk.id) + held.uses >= most)
    return refuse('limit_reached', `A member can hold ${most} of "${title}" at a time`)
  if (voucher !== undefined && liveCount(state) + reserved(state, day) + held.uses >= ENTITLEMENTS_LIVE_MAX)
    return refuse('limit_reached', `A member can hold ${ENTITLEMENTS_LIVE_MAX} vouchers at a time`)
  if (budget?.total !== undefined && (held.budgetUsed ?? 0) >= budget.total)
    return refuse('budget_spent', `All ${budget.total} of "${title}" have been redeemed`)
  if (budget?.per_store !== undefined && (held.budgetUsedHere ?? 0) >= budget.per_store)
    return refuse(
      'budget_spent',
      `All ${budget.per_store} of "${title}" for store ${fact.store} have been redeemed`,
    )
  return undefined
}

function priceOf(
  perk: RedeemPerk,
  have: number,
  named: number | null,
  basket: Basket | null,
): Result<Redeemable> {
  const { metric, document } = perk
  const { title, money } = document
  const missing = (cost: number): Refused =>
    refuse(
      'points_insufficient',
      `"${title}" costs ${cost} ${nounOf(metric)}, ${Math.max(0, have)} are available`,
    )
  if (money === undefined) {
    if (named !== null)
      return refuse('input_invalid', `"${title}" has a price of its own; name no points`, 'points')
    return have < perk.points ? missing(perk.points) : accept({ metric, points: perk.points, discount: null })
  }
  const least = leastPoints(money)
  if (named === null || named < least)
    return refuse('input_invalid', `"${title}" needs the points to take: at least ${least}`, 'points')
  if (have < named) return missing(named)
  return accept({ metric, ...discountFor(money, basket === null ? AMOUNT_MAX : amountOf(basket), named) })
}

function nounOf(metric: number): string {
  return metric === POINTS ? 'points' : `of metric ${metric}`
}

/** What an entitlement is at an instant: what is live ends at its time, whether or not a fact has brought that time (E-ENT-3). */
export function statusAt(one: Entitlement, ms: number): EntitlementStatus {
  return one.expires > 0 && ms >= one.expires && isLive(one) ? 'expired' : one.status
}

/** Decides the use of an entitlement (E-ENT-4). `program`: in force then; null before the first. */
export function mayUse(
  program: Program | null,
  state: MemberState,
  code: string,
  { at, offset }: Omit<SpendingPlace, 'store'>,
): Result<Entitlement> {
  const one = state.entitlements.find((known) => known.code === code)
  if (one === undefined) return refuse('voucher_not_found', 'No voucher has this code', 'code')
  const ms = millisOf(at)
  const status = statusAt(one, ms)
  if (status === 'used' || status === 'fulfilled')
    return refuse('voucher_used', 'This voucher was used before')
  if (status === 'expired')
    return refuse(
      'voucher_expired',
      one.expires === 0
        ? 'This voucher has expired'
        : `This voucher was valid until ${new Date(one.expires - 1).toISOString()}`,
    )
  if (!USABLE.includes(status)) return refuse('voucher_not_usable', `This voucher is ${status}`)
  if (ms < one.from)
    return refuse('voucher_not_now', `This voucher can be used from ${new Date(one.from).toISOString()}`)
  const slots = program?.redeemPerks.get(one.perk)?.useSlots ?? null
  if (slots !== null && !inSlots(slots, localMinuteOfWeek(ms, offset)))
    return refuse('voucher_not_now', 'This voucher cannot be used at this time of the week')
  return accept(one)
}
