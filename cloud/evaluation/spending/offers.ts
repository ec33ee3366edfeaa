// What a member could redeem on a basket right now: points as money, and what a terminal should redeem by itself (E-SPEND-9, E-SPEND-10). Only told:
// the redemption itself is decided by the authority, which also knows what other tills have taken.
import type { Basket } from '../../../protocol/facts.ts'
import type { RuleId } from '../../../protocol/ids.ts'
import type { Program, RedeemPerk } from '../compile.ts'
import { amountOf } from '../earning/tenders.ts'
import { spendableIn } from '../metrics/metrics.ts'
import { discountFor, leastPoints } from './money.ts'
import type { SpendingPlace } from './spending.ts'
import { mayRedeem } from './spending.ts'
import type { MemberState } from '../state.ts'

export interface Offer {
  readonly perk: RuleId
  readonly title: string
  /** In the perk's metric. */
  readonly points: number
  readonly metric: number
  /** Minor units off the basket, for points as money; null for any other perk. */
  readonly discount: number | null
  /** The terminal redeems it without being asked. */
  readonly auto: boolean
}

/**
 * Perks of points as money and perks with the method AUTO that `mayRedeem` would allow, in the document's order. What is redeemed by itself leaves
 * less points, and less of the basket to pay, to those after it; what waits to be asked for leaves both.
 */
export function offersOn(
  program: Program,
  state: MemberState,
  place: Omit<SpendingPlace, 'basket'>,
  basket: Basket,
): Offer[] {
  const offers: Offer[] = []
  const taken = new Map<number, number>()
  let rest = amountOf(basket)
  for (const perk of program.redeemPerks.values()) {
    const { id, metric, document } = perk
    const { title, money, method } = document
    const auto = method === 'AUTO'
    if (money === undefined && !auto) continue
    const held = { points: taken.get(metric) ?? 0, uses: 0 }
    const offered =
      money === undefined ? null : discountFor(money, rest, spendableIn(state, metric) - held.points)
    const decided = mayRedeem(program, state, id, { ...place, basket }, held, offered?.points ?? null)
    if (!decided.ok) continue
    const { points } = decided.value
    // On what is left to pay: the decision looks at the whole basket.
    const discount = offered?.discount ?? null
    offers.push({ perk: id, title, points, metric, discount, auto })
    if (!auto) continue
    taken.set(metric, held.points + points)
    rest -= discount ?? 0
  }
  return offers
}

/** The points one must name to ask whether a perk could be redeemed at all; null where it has a price of its own. */
export function leastNamed({ document: { money } }: RedeemPerk): number | null {
  return money === undefined ? null : leastPoints(money)
}
