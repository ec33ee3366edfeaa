// Lines and payments of a sale, as perks and conditions ask for them (E-EARN-2, E-COND-2).
// Only a sale has a basket.
import type { ConditionDocument } from '../../../cloud/evaluation/document/conditions.ts'
import type { Fact, SaleLine } from '../../../protocol/facts.ts'

export function basketHolds(
  fact: Fact,
  asked: Extract<ConditionDocument, { basket: unknown }>['basket'],
): boolean {
  if (fact.kind !== 'sale') return false
  const lines = fact.lines.filter((line) => matches(asked, line))
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
