// Deciding spendings and uses: `mayRedeem` and `mayUse` are asked once, where the authority is (E-SPEND-1, E-ENT-4). What was decided is booked in
// redemptions.ts and entitlements.ts, whatever the balance is by then (E-SPEND-3).
import type { Basket } from '../../../protocol/facts.ts'
import type { RuleId, StoreId } from '../../../protocol/ids.ts'
import { AMOUNT_MAX } from '../../../protocol/limits.ts'
import type { Result } from '../../../protocol/result.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { RefusalCode } from '../../../protocol/refusals.ts'
import { localMinuteOfWeek, millisOf } from '../../../protocol/time.ts'
import type { HybridTime, ZoneOffset } from '../../../protocol/time.ts'
import type { Program, RedeemPerk } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import { firstFailing, situationAt } from '../conditions/condition.ts'
import { POINTS } from '../document/metrics.ts'
import { USABLE } from './entitlement-statuses.ts'
import type { EntitlementStatus } from './entitlement-statuses.ts'
import { isLive } from './entitlements.ts'
import { amountOf } from '../earning/tenders.ts'
import { spendableIn } from '../metrics/metrics.ts'
import { discountFor, leastPoints } from './money.ts'
import type { Held, RedeemQuestion } from './redeem-conditions.ts'
import { REDEEM_CONDITIONS } from './redeem-conditions.ts'
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
    barred({ perk: found, at: situation, held }) ??
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

/** The end of what it issues, home store, schedule, the member's limit, what one member may hold, and the budget of all. */
function barred(question: RedeemQuestion): Refused | undefined {
  const failing = REDEEM_CONDITIONS.find(
    (condition) => condition.isAsked(question.perk) && !condition.holds(question),
  )
  return failing && refuse(failing.code, failing.detail(question))
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
