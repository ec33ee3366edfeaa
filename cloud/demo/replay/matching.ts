// Finds what a return line gives back: the same customer's earlier purchases of the same stock code, the most recent first, as far as
// they have quantity left and cost at least what is given back for it (a store refuses to give back more than was paid). One return line
// may spread over several purchases; what no purchase covers goes back without a sale.
// The money is the return's own, split by quantity as the parts are found, so that the parts add up to what the customer got.

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
  readonly quantity: number
  readonly amount: number
  left: number
}

interface Bought {
  readonly sku: string
  readonly quantity: number
  readonly amount: number
}

export class ReturnMatcher<S> {
  /** By customer and sku, the most recent last; only what will be given back at all. Emptied purchases are popped. */
  readonly #purchases = new Map<string, Map<string, Purchase<S>[]>>()

  /** Says before the first purchase what the customer will give back: nothing else needs to be kept. */
  expect(customer: string, lines: readonly { readonly sku: string }[]): void {
    const bySku = this.#purchases.get(customer) ?? new Map<string, Purchase<S>[]>()
    this.#purchases.set(customer, bySku)
    for (const { sku } of lines) bySku.set(sku, [])
  }

  bought(customer: string, sale: S, lines: readonly Bought[]): void {
    const bySku = this.#purchases.get(customer)
    if (bySku === undefined) return
    for (const [line, { sku, quantity, amount }] of lines.entries())
      bySku.get(sku)?.push({ sale, line, quantity, amount, left: quantity })
  }

  /** At most `partsMax` parts (at least 1); what does not fit into them counts as without a purchase. A guest has no purchases. */
  giveBack(customer: string | null, line: Bought, partsMax: number): MatchedLine<S>[] {
    const purchases = customer === null ? [] : (this.#purchases.get(customer)?.get(line.sku) ?? [])
    const parts: MatchedLine<S>[] = []
    let [left, money] = [line.quantity, line.amount]
    for (
      let index = purchases.length - 1;
      index >= 0 && left > 0 && parts.length < partsMax - 1;
      index -= 1
    ) {
      const purchase = purchases[index]
      if (purchase === undefined) continue
      const quantity = Math.min(left, purchase.left)
      const amount = partOf(money, quantity, left)
      if (amount > partOf(purchase.amount, quantity, purchase.quantity, 'up')) continue
      parts.push({ sale: purchase.sale, line: purchase.line, sku: line.sku, quantity, amount })
      purchase.left -= quantity
      left -= quantity
      money -= amount
      if (purchase.left === 0) purchases.splice(index, 1)
    }
    if (left > 0) parts.push({ sale: null, line: 0, sku: line.sku, quantity: left, amount: money })
    return parts
  }
}

/** `amount * part / whole`, rounded down, or up. The product can pass 2^53. */
function partOf(amount: number, part: number, whole: number, rounding: 'down' | 'up' = 'down'): number {
  const up = rounding === 'up' ? BigInt(whole) - 1n : 0n
  return Number((BigInt(amount) * BigInt(part) + up) / BigInt(whole))
}
