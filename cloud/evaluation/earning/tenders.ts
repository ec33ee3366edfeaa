// What a sale was paid with.
import type { Sale } from '../../../protocol/facts.ts'

/** Minor units of a sale that were paid with one of these tenders. */
export function paidWith({ tenders }: Sale, types: ReadonlySet<string>): number {
  let paid = 0
  for (const tender of tenders) if (types.has(tender.type)) paid += tender.amount
  return paid
}
