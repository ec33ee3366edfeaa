// Hot: which lines of a sale a perk looks at (E-EARN-2). A selection is a set of skus and categories; perks with the same one share its sums, so a
// sale's lines are added up once per selection they touch, whatever the number of perks. Selection 0 is every line. Budget: bench/evaluation.ts.
import type { Sale } from '../../../protocol/facts.ts'
import type { EarnPerkDocument } from '../document/earning.ts'

const EVERY_LINE = 0

/** Sums of a selection lie side by side: the sale and the line they belong to (so nothing is cleared between sales), then what its lines come to. */
const SUM_STRIDE = 4
const SUM_LINE = 1
const SUM_AMOUNT = 2
const SUM_QUANTITY = 3

export interface Selections {
  /** The selection of each perk that was compiled. */
  readonly ofPerk: readonly number[]
  readonly count: number
  /** The selection a sku or category lies in; below 0, where it lies in several, the complement of its place in `several`. */
  readonly bySku: ReadonlyMap<string, number>
  readonly byCategory: ReadonlyMap<string, number>
  readonly several: readonly Int32Array[]
  /** Working memory of the sale at hand. */
  readonly basket: Basket
}

interface Basket {
  sale: number
  line: number
  touchedCount: number
  /** In the order of the lines; every line comes last. */
  readonly touched: Int32Array
  readonly sums: Float64Array
}

export function compileSelections(perks: readonly EarnPerkDocument[]): Selections {
  const known = new Map<string, number>([[selectionText({}), EVERY_LINE]])
  const skus = new Map<string, Set<number>>()
  const categories = new Map<string, Set<number>>()
  const ofPerk = perks.map((perk) => {
    const text = selectionText(perk)
    const selection = known.get(text) ?? known.size
    known.set(text, selection)
    for (const sku of perk.skus ?? []) listIn(skus, sku, selection)
    for (const category of perk.categories ?? []) listIn(categories, category, selection)
    return selection
  })
  const several: Int32Array[] = []
  const placed = (selections: ReadonlySet<number>): number => {
    const [only = EVERY_LINE] = selections
    return selections.size === 1 ? only : ~(several.push(Int32Array.from(selections)) - 1)
  }
  const index = (lists: ReadonlyMap<string, ReadonlySet<number>>): Map<string, number> =>
    new Map([...lists].map(([name, selections]) => [name, placed(selections)]))
  return {
    ofPerk,
    count: known.size,
    bySku: index(skus),
    byCategory: index(categories),
    several,
    basket: {
      sale: 0,
      line: 0,
      touchedCount: 0,
      touched: new Int32Array(known.size),
      sums: new Float64Array(known.size * SUM_STRIDE),
    },
  }
}

function selectionText({
  skus = [],
  categories = [],
}: Pick<EarnPerkDocument, 'skus' | 'categories'>): string {
  return JSON.stringify([[...new Set(skus)].toSorted(), [...new Set(categories)].toSorted()])
}

function listIn(lists: Map<string, Set<number>>, name: string, selection: number): void {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, new Set([selection]))
  else list.add(selection)
}

/** Adds the sale's lines up per selection; the sums hold until the next sale. */
export function fillBasket(selections: Selections, sale: Sale): void {
  const { bySku, byCategory, basket } = selections
  const { lines } = sale
  const skus = bySku.size > 0
  const categories = byCategory.size > 0
  basket.sale += 1
  basket.touchedCount = 0
  let amount = 0
  let quantity = 0
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]
    if (line === undefined) continue
    amount += line.amount
    quantity += line.quantity
    basket.line += 1
    if (skus) {
      const of = bySku.get(line.sku)
      if (of !== undefined) addSelected(selections, of, line.amount, line.quantity)
    }
    if (categories && line.category !== null) {
      const of = byCategory.get(line.category)
      if (of !== undefined) addSelected(selections, of, line.amount, line.quantity)
    }
  }
  basket.line += 1
  addUp(basket, EVERY_LINE, amount, quantity)
}

function addSelected(selections: Selections, of: number, amount: number, quantity: number): void {
  const { basket } = selections
  if (of >= 0) {
    addUp(basket, of, amount, quantity)
    return
  }
  const several = selections.several[~of]
  if (several === undefined) return
  for (let at = 0; at < several.length; at++) addUp(basket, several[at] ?? 0, amount, quantity)
}

/** A line counts once, though its sku and its category may both lie in the selection. */
function addUp(basket: Basket, selection: number, amount: number, quantity: number): void {
  const { sums } = basket
  const base = selection * SUM_STRIDE
  if (sums[base] !== basket.sale) {
    sums[base] = basket.sale
    sums[base + SUM_LINE] = basket.line
    sums[base + SUM_AMOUNT] = amount
    sums[base + SUM_QUANTITY] = quantity
    basket.touched[basket.touchedCount++] = selection
  } else if (sums[base + SUM_LINE] !== basket.line) {
    sums[base + SUM_LINE] = basket.line
    sums[base + SUM_AMOUNT] = (sums[base + SUM_AMOUNT] ?? 0) + amount
    sums[base + SUM_QUANTITY] = (sums[base + SUM_QUANTITY] ?? 0) + quantity
  }
}

export function isTouched({ sums, sale }: Basket, selection: number): boolean {
  return sums[selection * SUM_STRIDE] === sale
}

/** Minor units of the selection's lines; only where it is touched. */
export function amountOf({ sums }: Basket, selection: number): number {
  return sums[selection * SUM_STRIDE + SUM_AMOUNT] ?? 0
}

/** Thousandths; only where it is touched. */
export function quantityOf({ sums }: Basket, selection: number): number {
  return sums[selection * SUM_STRIDE + SUM_QUANTITY] ?? 0
}
