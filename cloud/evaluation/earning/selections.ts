// Hot: which lines of a sale a perk looks at (E-EARN-2). A selection is a set of skus and categories; perks with the same one share its sums, so a
// sale's lines are added up once per selection they touch, whatever the number of perks. Working memory is fields of objects, not typed arrays: V8
// reads a field in two instructions, and an element, which it must find neither detached nor out of bounds, in eight. Budget: bench/evaluation.ts.
import type { Sale } from '../../../protocol/facts.ts'
import type { EarnPerkDocument } from '../document/earning.ts'
import { findNamed, nameTableOf } from './name-table.ts'
import type { NameTable } from './name-table.ts'
import type { PerkRow } from './standard-perks.ts'

export interface Selection {
  /** The sale, and the line of it, that were added last: sums of an earlier sale count for nothing, so nothing is cleared between sales. */
  sale: number
  line: number
  /** Minor units; only of the sale at hand. */
  amount: number
  /** Thousandths; only of the sale at hand. */
  quantity: number
  /** The first of the rows, from which each leads to the next: an array between them is two more misses where there are thousands of perks. */
  first: PerkRow | null
  /** Of a single sku or category: selections of several that it lies in too; null: none. */
  wider: Selection[] | null
  /** Of a single sku or category; empty: it is none. */
  name: string
  nextAlike: Selection | null
  /** Standard perks that look at it, in the document's order: plain ones, and those that gifts.ts weighs. */
  readonly rows: PerkRow[]
  /** Null: none. */
  elaborate: PerkRow[] | null
}

export interface Selections {
  readonly everyLine: Selection
  /** The selection of each perk that was compiled. */
  readonly ofPerk: readonly Selection[]
  /** The selection of just this sku or category; there is one for each that some perk names. */
  readonly bySku: NameTable<Selection>
  readonly byCategory: NameTable<Selection>
  /** Working memory of the sale at hand. */
  readonly basket: Basket
}

export interface Basket {
  sale: number
  touchedCount: number
  /** In the order of the lines; every line comes last. */
  readonly touched: Selection[]
}

export function compileSelections(perks: readonly EarnPerkDocument[]): Selections {
  const everyLine = newSelection()
  const known = new Map<string, Selection>([[selectionText({}), everyLine]])
  const bySku = new Map<string, Selection>()
  const byCategory = new Map<string, Selection>()
  const selectionOf = (chosen: Chosen): Selection => {
    const text = selectionText(chosen)
    const made = known.get(text) ?? newSelection()
    known.set(text, made)
    return made
  }
  const listIn = (
    selections: Map<string, Selection>,
    name: string,
    single: Chosen,
    wider: Selection,
  ): void => {
    const own = selectionOf(single)
    own.name = name
    selections.set(name, own)
    if (own !== wider && own.wider?.includes(wider) !== true) (own.wider ??= []).push(wider)
  }
  const ofPerk = perks.map((perk) => {
    const selection = selectionOf(perk)
    for (const sku of perk.skus ?? []) listIn(bySku, sku, { skus: [sku] }, selection)
    for (const category of perk.categories ?? [])
      listIn(byCategory, category, { categories: [category] }, selection)
    return selection
  })
  const touched = Array.from(known, () => everyLine)
  return {
    everyLine,
    ofPerk,
    bySku: nameTableOf([...bySku.values()]),
    byCategory: nameTableOf([...byCategory.values()]),
    basket: { sale: 0, touchedCount: 0, touched },
  }
}

function newSelection(): Selection {
  return {
    sale: 0,
    line: 0,
    amount: 0,
    quantity: 0,
    first: null,
    wider: null,
    name: '',
    nextAlike: null,
    rows: [],
    elaborate: null,
  }
}

type Chosen = Pick<EarnPerkDocument, 'skus' | 'categories'>

function selectionText({ skus = [], categories = [] }: Chosen): string {
  return JSON.stringify([[...new Set(skus)].toSorted(), [...new Set(categories)].toSorted()])
}

/** Adds the sale's lines up per selection; the sums hold until the next sale. */
export function fillBasket(selections: Selections, { lines }: Sale): void {
  const { everyLine, bySku, byCategory, basket } = selections
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
    if (skus) {
      const selection = findNamed(bySku, line.sku)
      if (selection !== null) addUp(basket, selection, index, line.amount, line.quantity)
    }
    if (categories && line.category !== null) {
      const selection = findNamed(byCategory, line.category)
      if (selection !== null) addUp(basket, selection, index, line.amount, line.quantity)
    }
  }
  everyLine.sale = basket.sale
  everyLine.amount = amount
  everyLine.quantity = quantity
  basket.touched[basket.touchedCount++] = everyLine
}

/** A line counts once, though its sku and its category may both lie in the selection. */
function addUp(basket: Basket, selection: Selection, line: number, amount: number, quantity: number): void {
  const { wider } = selection
  addTo(basket, selection, line, amount, quantity)
  if (wider === null) return
  for (let at = 0; at < wider.length; at++) {
    const other = wider[at]
    if (other !== undefined) addTo(basket, other, line, amount, quantity)
  }
}

function addTo(basket: Basket, selection: Selection, line: number, amount: number, quantity: number): void {
  const { sale } = basket
  if (selection.sale !== sale) {
    selection.sale = sale
    selection.line = line
    selection.amount = amount
    selection.quantity = quantity
    basket.touched[basket.touchedCount++] = selection
  } else if (selection.line !== line) {
    selection.line = line
    selection.amount += amount
    selection.quantity += quantity
  }
}

export function isTouched({ sale }: Basket, selection: Selection): boolean {
  return selection.sale === sale
}
