// Lines and payments of a sale, as perks and conditions ask for them (E-EARN-2, E-COND-2).
// A sale has a basket, and so has a question about a redemption where one is said.
import type { ConditionDocument } from '../../../cloud/evaluation/document/conditions.ts'
import type { Basket, Fact, SaleLine } from '../../../protocol/facts.ts'

export function basketOf(fact: Fact): Basket | undefined {
  if (fact.kind === 'sale') return fact
  return 'basket' in fact ? ((fact.basket as Basket | null) ?? undefined) : undefined
}

export function amountOf({ lines }: Pick<Basket, 'lines'>): number {
  return lines.reduce((sum, { amount }) => sum + amount, 0)
}

export function basketHolds(
  fact: Fact,
  asked: Extract<ConditionDocument, { basket: unknown }>['basket'],
): boolean {
  const lines = basketOf(fact)?.lines.filter((line) => matches(asked, line))
  if (lines === undefined) return false
  const amount = lines.reduce((sum, line) => sum + line.amount, 0)
  const quantity = lines.reduce((sum, line) => sum + line.quantity, 0)
  return lines.length > 0 && amount >= (asked.amount ?? 0) && quantity >= (asked.quantity ?? 0)
}

export function matches(
  asked: { readonly skus?: readonly string[]; readonly categories?: readonly string[] },
  { sku, category }: SaleLine,
): boolean {
  if (asked.skus === undefined && asked.categories === undefined) return true
  if (asked.skus?.includes(sku) === true) return true
  return category !== null && asked.categories?.includes(category) === true
}

export function paidWith(
  tenders: readonly { readonly type: string; readonly amount: number }[],
  types: readonly string[],
): number {
  return tenders.reduce((sum, { type, amount }) => sum + (types.includes(type) ? amount : 0), 0)
}
