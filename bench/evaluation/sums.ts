// What rule engines are given of a sale: the sums per selection of categories, worked out before anything is timed, for they have no sums of their own.
import type { Sale } from '../../protocol/facts.ts'
import { DAY_MS, millisOf } from '../../protocol/time.ts'
import type { PlainPerk } from './input.ts'
import { LIFETIME } from './input.ts'

/** `C1_C8` names the selection of these categories, and `amount_C1_C8` its sum. */
export function selectionOf({ categories }: PlainPerk): string {
  return categories.join('_')
}

/** `day`, `lifetime`, and for every selection the sale touches `amount_…` (minor units) and `quantity_…` (thousandths). */
export function sumsOf(perks: readonly PlainPerk[], sales: readonly Sale[]): Record<string, number>[] {
  const selections = new Map<string, Set<string>>()
  for (const perk of perks) {
    for (const category of perk.categories)
      selections.set(category, (selections.get(category) ?? new Set()).add(selectionOf(perk)))
  }
  return sales.map((sale) => {
    const sums: Record<string, number> = { day: Math.floor(millisOf(sale.at) / DAY_MS), lifetime: LIFETIME }
    for (const { category, amount, quantity } of sale.lines) {
      for (const selection of selections.get(category ?? '') ?? []) {
        sums[`amount_${selection}`] = (sums[`amount_${selection}`] ?? 0) + amount
        sums[`quantity_${selection}`] = (sums[`quantity_${selection}`] ?? 0) + quantity
      }
    }
    return sums
  })
}
