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

/** A standard perk as numbers. The first five are what must be reached; no condition: something that always is. */
export interface PerkRow {
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
  readonly id: number
  readonly once: boolean
  readonly perk: EarnPerk
  /** Working memory: the sale (as the basket counts them) on which it gave something last, and what. */
  sale: number
  points: number
  /** The next plain row of its selection. */
  next: PerkRow | null
}

export function rowOf(perk: EarnPerk): PerkRow {
  const { id, startDay, endDay, tierFloor, minimumAmount, active, stores, oncePerDay } = perk
  const [least, quantityMin, byAmount, byQuantity, add, unit, times] = awardOf(perk)
  const row = {
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
    id,
  }
  const fits = Object.values(row).every((number) => Number.isInteger(number) && Math.abs(number) <= SMALL_MAX)
  const plain = fits && active && stores === null
  const nothing = Object.fromEntries(Object.keys(row).map((name) => [name, 0])) as typeof row
  return { ...(plain ? row : { ...nothing, id }), once: oncePerDay, perk, sale: 0, points: 0, next: null }
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
  { selections }: Program,
  state: MemberState,
  store: number,
  day: number,
  effects: EffectBuffer,
): number {
  const { touched, touchedCount, sale } = selections.basket
  const { amount: all, quantity: pieces } = selections.everyLine
  const { lifetime } = state
  const small = isSmall(all) && isSmall(pieces) && isSmall(lifetime)
  const reached = small ? lifetime | 0 : 0
  let total = 0
  for (let at = 0; at < touchedCount; at++) {
    const selection = touched[at]
    if (selection === undefined) continue
    const amount = selection.amount | 0
    const quantity = selection.quantity | 0
    for (let row = selection.first; row !== null; row = row.next) {
      let points = 0
      if (small && row.unit > 0) {
        // One branch for all conditions: which of them fails is no two perks' alike, and a processor guesses it badly.
        const missed =
          (amount - row.amountMin) |
          (quantity - row.quantityMin) |
          (reached - row.tierFloor) |
          (day - row.startDay) |
          (row.endDay - day)
        if (missed < 0) continue
        const sum = amount * row.byAmount + quantity * row.byQuantity + row.add
        points = Math.floor(sum / row.unit) * row.times
        if (points > POINTS_MAX) points = POINTS_MAX
      } else points = perkPoints(row.perk, lifetime, store, day)
      if (points < 1 || (row.once && !isFirstOn(state, row.id, day))) continue
      // At most POINTS_MAX, and so an integer of 32 bits.
      const given = points | 0
      total += given
      row.sale = sale
      row.points = given
      effects.push(EARN, row.id, 0, given, 0)
    }
  }
  return total
}

function isSmall(value: number): boolean {
  return value < SMALL_MAX && value > -SMALL_MAX
}
