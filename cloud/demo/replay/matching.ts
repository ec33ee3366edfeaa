// Finds what a return line gives back: the same customer's earlier purchases of the same stock code, the most recent first, as far as
// they have quantity left. One return line may spread over several purchases; what no purchase covers goes back without a sale.
// The money is the return's own, shared over its parts by quantity, so that the parts add up to what the customer got.
import { share } from '../../../protocol/numbers.ts'

export interface MatchedLine<S> {
  /** Null: no earlier purchase is known (no receipt). */
  readonly sale: S | null
  /** Index of the line in that sale. */
  readonly line: number
  readonly sku: string
  /** Thousandths. */
  readonly quantity: number
  /** Pence. */
  readonly amount: number
}

interface Purchase<S> {
  readonly sale: S
  readonly line: number
  left: number
}

export class ReturnMatcher<S> {
  /** By customer and sku, the most recent last; only what will be given back at all. Emptied purchases are popped. */
  readonly #purchases = new Map<string, Map<string, Purchase<S>[]>>()

  /** Says before the first purchase what the customer will give back: nothing else needs to be kept. */
  expect(customer: string, lines: readonly { readonly sku: string }[]): void {
    let bySku = this.#purchases.get(customer)
    if (bySku === undefined) this.#purchases.set(customer, (bySku = new Map()))
    for (const { sku } of lines) bySku.set(sku, [])
  }

  bought(customer: string, sale: S, lines: readonly { readonly sku: string; readonly quantity: number }[]): void {
    const bySku = this.#purchases.get(customer)
    if (bySku === undefined) return
    for (const [line, { sku, quantity }] of lines.entries()) bySku.get(sku)?.push({ sale, line, left: quantity })
  }

  /** At most `partsMax` parts (at least 1); what does not fit into them counts as without a purchase. A guest has no purchases. */
  giveBack(
    customer: string | null,
    line: { readonly sku: string; readonly quantity: number; readonly amount: number },
    partsMax: number,
  ): MatchedLine<S>[] {
    const purchases = customer === null ? undefined : this.#purchases.get(customer)?.get(line.sku)
    const found: { sale: S | null; line: number; quantity: number }[] = []
    let left = line.quantity
    while (left > 0 && purchases !== undefined && found.length < partsMax - 1) {
      const purchase = purchases.at(-1)
      if (purchase === undefined) break
      const quantity = Math.min(left, purchase.left)
      found.push({ sale: purchase.sale, line: purchase.line, quantity })
      purchase.left -= quantity
      left -= quantity
      if (purchase.left === 0) purchases.pop()
    }
    if (left > 0) found.push({ sale: null, line: 0, quantity: left })
    const amounts = share(
      line.amount,
      found.map(({ quantity }) => quantity),
    )
    return found.map((part, index) => ({ ...part, sku: line.sku, amount: amounts[index] ?? 0 }))
  }
}
