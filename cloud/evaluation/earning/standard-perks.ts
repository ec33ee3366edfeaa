// Hot: what standard perks give on a sale of a plain program. Nearly all that programs ask of a perk is a few comparisons and
// floor((amount * byAmount + quantity * byQuantity + add) / unit) * times; a row holds just these, as integers of 32 bits, so that asking the perks of a
// sale is arithmetic, whatever kinds of awards they have. What a row cannot say (stores, halves to the even neighbour) is asked of the perk itself.
// Budget: bench/evaluation.ts.
import { POINTS_MAX as POINTS_MAX_OF_PROTOCOL } from '../../../protocol/limits.ts'
import type { Rounding } from '../../../protocol/numbers.ts'
import { unreachable } from '../../../protocol/result.ts'
import { pointsOf } from './awards.ts'
import type { Conditions, EarnPerk, Program } from '../compile.ts'
import { countIn, setCount } from '../counts.ts'
import type { EffectBuffer } from '../effects.ts'
import { EARN as EARN_OF_EFFECTS } from '../effects.ts'
import type { MemberState } from '../state.ts'

// V8 folds a module's own constants into the machine code and loads imported ones on every use.
const POINTS_MAX: number = POINTS_MAX_OF_PROTOCOL
const EARN: number = EARN_OF_EFFECTS

/** Differences of integers below this fit 32 bits, and products with what a row multiplies by stay exact. */
const SMALL_MAX = 2 ** 30
/** A perk whose arithmetic leaves 32 bits with sales below this (minor units, thousandths) is no row: it would keep all others from larger sales. */
const LARGEST_SALE_MIN = 2 ** 20

/** A standard perk as numbers. The first five are what must be reached; no condition: something that always is. */
interface PlainNumbers {
  /** Of `minimum_amount` and what it takes to give a point. */
  readonly amountMin: number
  readonly quantityMin: number
  readonly tierFloor: number
  readonly startDay: number
  readonly endDay: number
  readonly byAmount: number
  readonly byQuantity: number
  readonly add: number
  /** 0: the perk has more to it than a row. */
  readonly unit: number
  readonly times: number
}

export interface PerkRow extends PlainNumbers {
  readonly id: number
  readonly once: boolean
  /** Working memory: the sale (as the basket counts them) on which it was asked last, and what it gave. */
  sale: number
  points: number
  /** The next plain row of its selection. */
  next: PerkRow | null
  readonly perk: EarnPerk
}

const NO_NUMBERS: PlainNumbers = {
  amountMin: 0,
  quantityMin: 0,
  tierFloor: 0,
  startDay: 0,
  endDay: 0,
  byAmount: 0,
  byQuantity: 0,
  add: 0,
  unit: 0,
  times: 0,
}

/** Every field is named: what a spread adds to a literal V8 keeps in a second object, and thousands of rows do not fit the cache twice. */
export function rowOf(perk: EarnPerk): PerkRow {
  const numbers = numbersOf(perk)
  return {
    amountMin: numbers.amountMin,
    quantityMin: numbers.quantityMin,
    tierFloor: numbers.tierFloor,
    startDay: numbers.startDay,
    endDay: numbers.endDay,
    byAmount: numbers.byAmount,
    byQuantity: numbers.byQuantity,
    add: numbers.add,
    unit: numbers.unit,
    times: numbers.times,
    id: perk.id,
    once: perk.oncePerDay,
    sale: 0,
    points: 0,
    next: null,
    perk,
  }
}

function numbersOf(perk: EarnPerk): PlainNumbers {
  const { startDay, endDay, tierFloor, minimumAmount, active, stores } = perk
  const [least, quantityMin, byAmount, byQuantity, add, unit, times] = awardOf(perk)
  const numbers = {
    amountMin: Math.max(minimumAmount, least),
    quantityMin,
    tierFloor: tierFloor > 0 ? tierFloor : -SMALL_MAX,
    startDay,
    endDay,
    byAmount,
    byQuantity,
    add,
    unit,
    times,
  }
  const fits = [...Object.values(numbers), perk.id].every(
    (number) => Number.isInteger(number) && Math.abs(number) <= SMALL_MAX,
  )
  const plain = fits && active && stores === null && largestOf(numbers) >= LARGEST_SALE_MIN
  return plain ? numbers : NO_NUMBERS
}

/** Up to such an amount and quantity all a row works out fits 32 bits, and it gives at most POINTS_MAX. */
function largestOf({ byAmount, byQuantity, add, unit, times }: PlainNumbers): number {
  const by = Math.max(byAmount, byQuantity)
  if (by === 0) return SMALL_MAX
  const sumMax = Math.min(2 * POINTS_MAX, Math.floor(POINTS_MAX / times) * unit)
  return Math.min(SMALL_MAX, Math.floor((sumMax - add) / by))
}

/** Sales up to such an amount and quantity are asked of rows, larger ones of the perks themselves. */
export function largestSale(rows: readonly PerkRow[]): number {
  return rows.reduce((largest, row) => Math.min(largest, largestOf(row)), SMALL_MAX)
}

type AwardNumbers = readonly [
  least: number,
  quantityMin: number,
  byAmount: number,
  byQuantity: number,
  add: number,
  unit: number,
  times: number,
]

function awardOf({ award, points, unit, rounding }: EarnPerk): AwardNumbers {
  switch (award) {
    case 'per_currency_unit': {
      // Twice of everything, so that halves are integers.
      const add = addedForRounding(rounding, unit)
      return [Math.ceil((2 * unit - add) / (2 * points)), 0, 2 * points, 0, add, 2 * unit, 1]
    }
    case 'per_item':
      return [0, 1000, 0, 1, 0, 1000, points]
    case 'fixed':
      return [0, 0, 0, 0, 1, 1, points]
    default:
      return unreachable(award)
  }
}

/** What, in halves, makes rounding down another rounding (of results below 1 only that they are below matters); NaN: nothing does. */
function addedForRounding(rounding: Rounding, unit: number): number {
  switch (rounding) {
    case 'floor':
      return 0
    case 'ceil':
      return 2 * unit - 2
    case 'half_up':
      return unit
    case 'half_even':
      return NaN
    default:
      return unreachable(rounding)
  }
}

/** The conditions that rules of plain programs have. */
export function meetsConditions(rule: Conditions, store: number, day: number, lifetime: number): boolean {
  if (rule.unconditional) return true
  if (!rule.active || day < rule.startDay || day > rule.endDay) return false
  if (rule.stores !== null && !rule.stores.has(store as never)) return false
  return lifetime >= rule.tierFloor || rule.tierFloor === 0
}

/** Points of a perk that is more than a row, on the sale in the basket, which touches its selection; 0: a condition fails. */
function perkPoints(perk: EarnPerk, lifetime: number, store: number, day: number): number {
  const { amount, quantity } = perk.selection
  if (!meetsConditions(perk, store, day, lifetime) || amount < perk.minimumAmount) return 0
  return pointsOf(perk, amount, quantity)
}

/** Whether the perk, which would give something, gives it for the first time this day; and remembers it. */
function isFirstOn(state: MemberState, perk: number, day: number): boolean {
  if (countIn(state, perk, day) > 0) return false
  setCount(state, perk, day, 1)
  return true
}

/** What the standard perks give on the sale in the basket: effects; returns their points. */
export function givePerks(
  { selections, largestPlainSale }: Program,
  state: MemberState,
  store: number,
  day: number,
  effects: EffectBuffer,
): number {
  const { touched, touchedCount, sale } = selections.basket
  const { amount: all, quantity: pieces } = selections.everyLine
  const { lifetime } = state
  const plain = all <= largestPlainSale && pieces <= largestPlainSale && Math.abs(lifetime) < SMALL_MAX
  const reached = plain ? lifetime | 0 : 0
  const on = day | 0
  let total = 0
  for (let at = 0; at < touchedCount; at++) {
    const selection = touched[at]
    if (selection === undefined) continue
    const amount = selection.amount | 0
    const quantity = selection.quantity | 0
    for (let row = selection.first; row !== null; row = row.next) {
      if (!plain || row.unit === 0) {
        total += giveAlone(row, sale, state, store, day, effects)
        continue
      }
      // No branch on the conditions: which of them fails is no two perks' alike, and a processor guesses it badly. What is missed gives 0.
      const missed =
        (amount - row.amountMin) |
        (quantity - row.quantityMin) |
        (reached - row.tierFloor) |
        (on - row.startDay) |
        (row.endDay - on)
      const sum = (Math.imul(amount, row.byAmount) + Math.imul(quantity, row.byQuantity) + row.add) | 0
      const points = Math.imul((sum / row.unit) | 0, row.times) & ~(missed >> 31)
      if (row.once && points > 0 && !isFirstOn(state, row.id, day)) continue
      total += points
      row.sale = sale
      row.points = points
      effects.pushIf((missed >>> 31) ^ 1, EARN, row.id, 0, points, 0)
    }
  }
  return total
}

/** What a perk gives that is more than a row, or on a sale that is too large for rows. */
function giveAlone(
  row: PerkRow,
  sale: number,
  state: MemberState,
  store: number,
  day: number,
  effects: EffectBuffer,
): number {
  const points = perkPoints(row.perk, state.lifetime, store, day)
  if (points < 1 || (row.once && !isFirstOn(state, row.id, day))) return 0
  row.sale = sale
  row.points = points
  effects.push(EARN, row.id, 0, points, 0)
  return points
}
