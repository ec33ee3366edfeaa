// Hot: what standard perks give on a sale of a plain program, from rows of numbers. Nearly all that programs ask of a perk is a few comparisons and
// floor((sum * by + add) / unit) * times; a row holds just these, so that asking the perks of a sale is arithmetic over memory that lies side by side,
// however many perks there are. What a row cannot say (stores, once a day, halves to the even neighbour) is asked of the perk itself.
// Budget: bench/evaluation.ts.
import { POINTS_MAX as POINTS_MAX_OF_PROTOCOL } from '../../../protocol/limits.ts'
import type { Rounding } from '../../../protocol/numbers.ts'
import { unreachable } from '../../../protocol/result.ts'
import { pointsOf } from './awards.ts'
import type { Conditions, EarnPerk, Program } from '../compile.ts'
import type { EffectBuffer } from '../effects.ts'
import { EARN } from '../effects.ts'
import { amountOf, quantityOf } from './selections.ts'
import type { MemberState } from '../state.ts'
import { countIn, setCounter } from '../state.ts'

// V8 folds a module's own constants into the machine code and loads imported ones on every use.
const POINTS_MAX: number = POINTS_MAX_OF_PROTOCOL
/** Quotients of integers below this round down exactly: a double's a / b reaches the next integer only where a >= 2^53 - b. Halves cost one bit. */
const PLAIN_MAX = 2 ** 51

const STRIDE = 11
const START_DAY = 0
const END_DAY = 1
const TIER_FLOOR = 2
const MINIMUM = 3
/** 1: the sum is the quantity, not the amount. */
const PIECES = 4
const BY = 5
const ADD = 6
/** 0: the perk has more to it than a row. */
const UNIT = 7
const TIMES = 8
const ID = 9
/** 1: some bonus looks at this perk's points. */
const LISTED = 10

/** One row per perk; `listed`: places of the perks that bonuses name. */
export function rowsOf(perks: readonly EarnPerk[], listed: ReadonlySet<number>): Float64Array {
  const rows = new Float64Array(perks.length * STRIDE)
  for (const [place, perk] of perks.entries())
    rows.set([...askedOf(perk), ...awardOf(perk), perk.id, listed.has(place) ? 1 : 0], place * STRIDE)
  return rows
}

function askedOf({ startDay, endDay, tierFloor, minimumAmount }: EarnPerk): number[] {
  return [startDay, endDay, tierFloor > 0 ? tierFloor : -Infinity, minimumAmount]
}

/** PIECES to TIMES. */
function awardOf(perk: EarnPerk): number[] {
  const { award, points, unit, rounding } = perk
  const add = addedForRounding(rounding, unit)
  if (!perk.active || perk.stores !== null || perk.oncePerDay || !Number.isInteger(add))
    return [0, 0, 0, 0, 0]
  switch (award) {
    case 'per_currency_unit':
      return [0, points, add, unit, 1]
    case 'per_item':
      return [1, 1, 0, 1000, points]
    case 'fixed':
      return [0, 0, 1, 1, points]
    default:
      return unreachable(award)
  }
}

/** What makes rounding down another rounding (of results below 1, which give nothing, only that they are below matters); NaN: nothing does. */
function addedForRounding(rounding: Rounding, unit: number): number {
  switch (rounding) {
    case 'floor':
      return 0
    case 'ceil':
      return unit - 1
    case 'half_up':
      return unit / 2
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

/** Points of a perk that is more than a row of numbers, on the sale in the basket, which touches its selection; 0: a condition fails. */
function perkPoints(program: Program, place: number, state: MemberState, store: number, day: number): number {
  const perk = program.standardPerks[place]
  if (perk === undefined || !meetsConditions(perk, store, day, state.lifetime)) return 0
  const { basket } = program.selections
  const amount = amountOf(basket, perk.selection)
  if (amount < perk.minimumAmount) return 0
  if (perk.oncePerDay && countIn(state, perk.id, day) > 0) return 0
  const points = pointsOf(perk, amount, quantityOf(basket, perk.selection))
  if (points < 1) return 0
  if (perk.oncePerDay) setCounter(state, perk.id, day, 1)
  return points
}

/** Remembers what a standard perk gave on the sale in the basket, for the bonuses that look at chosen perks. */
function keepPoints(program: Program, index: number, points: number): void {
  const { given } = program.scratch
  given[index * 2] = program.selections.basket.sale
  given[index * 2 + 1] = points
}

/** What the standard perks give on the sale in the basket: effects; returns their points. */
export function givePerks(
  program: Program,
  state: MemberState,
  store: number,
  day: number,
  effects: EffectBuffer,
): number {
  const { perkStarts, perkRows: rows } = program
  const { basket } = program.selections
  const { touched, touchedCount } = basket
  const { lifetime } = state
  let total = 0
  for (let at = 0; at < touchedCount; at++) {
    const selection = touched[at] ?? 0
    const end = perkStarts[selection + 1] ?? 0
    const amount = amountOf(basket, selection)
    const quantity = quantityOf(basket, selection)
    for (let place = perkStarts[selection] ?? 0; place < end; place++) {
      const row = place * STRIDE
      const unit = rows[row + UNIT] ?? 0
      const sum = (rows[row + PIECES] ?? 0) === 0 ? amount : quantity
      const product = sum * (rows[row + BY] ?? 0) + (rows[row + ADD] ?? 0)
      let points = 0
      if (unit > 0 && product < PLAIN_MAX) {
        if (day < (rows[row + START_DAY] ?? 0) || day > (rows[row + END_DAY] ?? 0)) continue
        if (lifetime < (rows[row + TIER_FLOOR] ?? 0) || amount < (rows[row + MINIMUM] ?? 0)) continue
        points = Math.floor(product / unit) * (rows[row + TIMES] ?? 0)
        if (points > POINTS_MAX) points = POINTS_MAX
      } else points = perkPoints(program, place, state, store, day)
      if (points < 1) continue
      total += points
      effects.push(EARN, rows[row + ID] ?? 0, 0, points, 0)
      if (rows[row + LISTED] === 1) keepPoints(program, place, points)
    }
  }
  return total
}
