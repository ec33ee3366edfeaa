// Hot: what sales of plain programs earn (E-EARN, E-BON). A sale's lines are added up per selection (selections.ts), then only the perks of touched
// selections are asked, most of them by arithmetic alone. Perks that have more to them, and whole sales where a bonus has, take the long way in gifts.ts,
// which also explains; test/property holds the two against each other. Budget: bench/evaluation.ts.
import type { Sale } from '../../../protocol/facts.ts'
import { MINUTE_MS, millisOf } from '../../../protocol/time.ts'
import { bonusPoints, failingOccasion, frequencyWindow } from './awards.ts'
import type { Bonus, Program } from '../compile.ts'
import { situationOf } from '../conditions/condition.ts'
import { countIn, setCount } from '../counts.ts'
import { POINTS } from '../document/metrics.ts'
import type { EffectBuffer } from '../effects.ts'
import { BONUS, COUNTED } from '../effects.ts'
import { elaborateRows, give, giveSale, weighRows } from './gifts.ts'
import { earnIn } from '../metrics/metrics.ts'
import type { PerkRow } from './standard-perks.ts'
import { givePerks, meetsConditions } from './standard-perks.ts'
import { APPLIES } from '../conditions/condition-numbers.ts'
import type { Occasion } from './occasions.ts'
import { occasionAt } from './occasions.ts'
import { fillBasket } from './selections.ts'
import type { MemberState } from '../state.ts'
import { NEVER, addPoints } from '../state.ts'

/** Points that a bonus's qualifying perks gave on this sale; `all` is what all standard perks gave. */
function qualifyingPoints(program: Program, bonus: Bonus, all: number): number {
  if (bonus.everyPerk) return all
  const { sale } = program.selections.basket
  const { rows } = bonus
  let points = 0
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]
    if (row !== undefined && row.sale === sale) points += row.points
  }
  return points
}

/** What a sale earns: effects and amounts. */
export function earnSale(program: Program, state: MemberState, sale: Sale, effects: EffectBuffer): void {
  if (program.elaborateBonuses) {
    giveSale(program, sale, situationOf(program, state, sale), effects)
    return
  }
  fillBasket(program.selections, sale)
  const rows = program.elaboratePerks ? elaborateRows(program) : NO_ROWS
  if (rows.length > 0) earnMixed(program, state, sale, rows, effects)
  else book(program, state, sale, earnPlainly(program, state, sale, 0, effects))
}

const NO_ROWS: readonly PerkRow[] = []

/** A sale that touches elaborate perks: all is weighed on the state before it, then booked. */
function earnMixed(
  program: Program,
  state: MemberState,
  sale: Sale,
  rows: readonly PerkRow[],
  effects: EffectBuffer,
): void {
  const at = situationOf(program, state, sale)
  const gifts = weighRows(program, rows, sale, at)
  let points = 0
  for (const { rule, amount } of gifts) if (rule.metric === POINTS) points += amount
  const plain = earnPlainly(program, state, sale, points, effects)
  give(program, gifts, at, sale, effects)
  book(program, state, sale, plain)
}

function book(program: Program, state: MemberState, sale: Sale, points: number): void {
  if (points === 0) return
  if (program.plainPoints) {
    state.lifetime += points
    addPoints(state, points, NEVER)
  } else earnIn(program, state, POINTS, points, sale)
}

/**
 * Effects of the plain perks and the bonuses on the sale in the basket; returns their points. `others`: points of the other perks. Which conditions
 * fail, only the long way says.
 */
function earnPlainly(
  program: Program,
  state: MemberState,
  sale: Sale,
  others: number,
  effects: EffectBuffer,
): number {
  const occasion = occasionAt(program, millisOf(sale.at) + sale.offset * MINUTE_MS)
  const points = givePerks(program, state, sale.store, occasion.day, effects)
  return sale.suspect
    ? points
    : points + earnBonuses(program, state, sale, points + others, occasion, effects)
}

function earnBonuses(
  program: Program,
  state: MemberState,
  { store }: Sale,
  total: number,
  { day, bonuses }: Occasion,
  effects: EffectBuffer,
): number {
  const { lifetime } = state
  let extra = 0
  for (let at = 0; at < bonuses.length; at++) {
    const bonus = bonuses[at]
    if (bonus === undefined || !meetsConditions(bonus, store, day, lifetime)) continue
    const base = qualifyingPoints(program, bonus, total)
    if (base === 0 || (bonus.requiredToEarn > 0 && !countSale(program, state, bonus, day, effects))) continue
    const points = bonusPoints(bonus, base)
    if (points < 1) continue
    extra += points
    effects.push(BONUS, bonus.id, 0, points, 0)
  }
  return extra
}

/** Counts a qualifying sale in the window of a frequency bonus (E-BON-4); whether it is the one that pays. */
function countSale(
  program: Program,
  state: MemberState,
  bonus: Bonus,
  day: number,
  effects: EffectBuffer,
): boolean {
  if (day < bonus.fromDay) return false
  const window = frequencyWindow(program, bonus, day)
  const count = countIn(state, bonus.id, window) + 1
  setCount(state, bonus.id, window, count)
  if (bonus.uncounts) effects.push(COUNTED, bonus.id, 0, 1, 0)
  return failingOccasion(bonus, day, 0, count) === APPLIES
}
