// Points as money (E-SPEND-9): how much discount an amount of points is, and how many points a discount takes. Both round so that the discount is
// never worth more than the points that pay for it.
import { mulDiv } from '../../../protocol/numbers.ts'
import type { PseudoCurrencyDocument } from '../document/spending.ts'

export interface Discount {
  /** Minor units of the currency. */
  readonly discount: number
  /** What it takes, in the metric's smallest unit. */
  readonly points: number
}

/** The most discount on a basket of `amount` minor units that `available` points pay for, and exactly the points it uses. */
export function discountFor(money: PseudoCurrencyDocument, amount: number, available: number): Discount {
  const most = Math.max(0, Math.min(amount, money.maximum ?? amount))
  // Beyond 2^53 where one point is worth a fortune; what is more than the basket needs no number.
  const worth = (BigInt(Math.max(0, available)) * BigInt(money.money)) / BigInt(money.points)
  const discount = worth < BigInt(most) ? Number(worth) : most
  return { discount, points: mulDiv(discount, money.points, money.money, 'ceil') }
}

/** The fewest points that are worth anything. */
export function leastPoints(money: PseudoCurrencyDocument): number {
  return mulDiv(1, money.points, money.money, 'ceil')
}
