// What a basket comes to, and what it was paid with.
import type { Basket } from '../../../protocol/facts.ts'

/** Minor units of its lines. */
export function amountOf({ lines }: Pick<Basket, 'lines'>): number {
  let amount = 0
  for (const line of lines) amount += line.amount
  return amount
}

/** Minor units that were paid with one of these tenders. */
export function paidWith({ tenders }: Pick<Basket, 'tenders'>, types: ReadonlySet<string>): number {
  let paid = 0
  for (const tender of tenders) if (types.has(tender.type)) paid += tender.amount
  return paid
}
