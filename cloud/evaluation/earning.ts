// Hot: earn perks and bonuses of sales, check-ins and enrolments (E-EARN, E-BON). Lines are matched through index maps into per-perk sums; a
// condition that fails is a number, so that explaining (explain.ts) asks the very same functions. Budget: bench/evaluation.ts.
import type { Checkin, Enrolment, Sale } from '../../protocol/facts.ts'
import { POINTS_MAX } from '../../protocol/limits.ts'
import { mulDiv } from '../../protocol/numbers.ts'
import { localDay, localMinuteOfWeek, millisOf, monthOfDay, weekOfDay } from '../../protocol/time.ts'
import { SUM_AMOUNT, SUM_LINE, SUM_POINTS, SUM_QUANTITY, SUM_STRIDE } from './compile.ts'
import type { Bonus, Conditions, EarnPerk, Program, Scratch } from './compile.ts'
import type { EffectBuffer } from './effects.ts'
import { BONUS, EARN } from './effects.ts'
import type { MemberState } from './state.ts'
import { countIn, setCounter } from './state.ts'

/** Why a perk or bonus does not apply, in the order the conditions are tested; 0 is "applies". */
export const CONDITIONS = [
  'applies',
  'status',
  'dates',
  'store',
  'required_tier',
  'no_matching_line',
  'minimum_amount',
  'once_per_day',
  'points',
  'qualifying_points',
  'schedule',
  'from_date',
  'frequency',
] as const
export type Condition = (typeof CONDITIONS)[number]
export const APPLIES = 0
const STATUS = 1
const DATES = 2
const STORE = 3
const TIER = 4
const NO_LINE = 5
const MINIMUM = 6
const ONCE = 7
export const NO_POINTS = 8
const NOT_QUALIFYING = 9
const SCHEDULE = 10
const FROM_DATE = 11
export const FREQUENCY = 12

/** The conditions every kind of rule shares. */
export function failingCondition(rule: Conditions, store: number, day: number, lifetime: number): number {
  if (rule.unconditional) return APPLIES
  if (!rule.active) return STATUS
  if (day < rule.startDay || day > rule.endDay) return DATES
  if (rule.stores !== null && !rule.stores.has(store as never)) return STORE
  if (lifetime < rule.tierFloor) return TIER
  return APPLIES
}

/** Sums the sale's lines per standard perk into the program's scratch (E-EARN-2). */
export function matchLines(program: Program, sale: Sale): void {
  const { scratch, bySku, byCategory, everyLinePerks } = program
  const stamp = ++scratch.sale
  scratch.touched = 0
  const { lines } = sale
  const skus = bySku.size > 0
  let amount = 0
  let quantity = 0
  let mark = scratch.line
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]
    if (line === undefined) continue
    amount += line.amount
    quantity += line.quantity
    mark += 1
    if (skus) {
      const ofSku = bySku.get(line.sku)
      if (ofSku !== undefined) addLine(scratch, ofSku, stamp, mark, line.amount, line.quantity)
    }
    if (line.category === null) continue
    const ofCategory = byCategory.get(line.category)
    if (ofCategory !== undefined) addLine(scratch, ofCategory, stamp, mark, line.amount, line.quantity)
  }
  scratch.line = mark
  // A perk for every line gets the whole basket at once.
  addLine(scratch, everyLinePerks, stamp, mark + 1, amount, quantity)
  scratch.line = mark + 1
}

function addLine(
  scratch: Scratch,
  perks: Int32Array,
  stamp: number,
  mark: number,
  amount: number,
  quantity: number,
): void {
  const { sums, touchedPerks } = scratch
  for (let at = 0; at < perks.length; at++) {
    const perk = perks[at] ?? 0
    const base = perk * SUM_STRIDE
    if (sums[base] !== stamp) {
      sums[base] = stamp
      sums[base + SUM_LINE] = mark
      sums[base + SUM_AMOUNT] = amount
      sums[base + SUM_QUANTITY] = quantity
      sums[base + SUM_POINTS] = 0
      touchedPerks[scratch.touched++] = perk
    } else if (sums[base + SUM_LINE] !== mark) {
      sums[base + SUM_LINE] = mark
      sums[base + SUM_AMOUNT] = (sums[base + SUM_AMOUNT] ?? 0) + amount
      sums[base + SUM_QUANTITY] = (sums[base + SUM_QUANTITY] ?? 0) + quantity
    }
  }
}

/** Points of a perk over an amount (minor units) and a quantity (thousandths), before any condition (E-EARN-1, E-EARN-7). */
export function pointsOf(perk: EarnPerk, amount: number, quantity: number): number {
  switch (perk.award) {
    case 'per_currency_unit':
      return Math.min(POINTS_MAX, mulDiv(amount, perk.points, perk.unit, perk.rounding))
    case 'per_item':
      return Math.min(POINTS_MAX, Math.floor(quantity / 1000) * perk.points)
    default:
      return perk.points
  }
}

/** First failing condition of a standard perk, after `matchLines`; where it applies, its points are in the scratch. */
export function failingStandard(
  program: Program,
  index: number,
  perk: EarnPerk,
  state: MemberState,
  store: number,
  day: number,
): number {
  const general = failingCondition(perk, store, day, state.lifetime)
  if (general !== APPLIES) return general
  const { sale, sums } = program.scratch
  const base = index * SUM_STRIDE
  if (sums[base] !== sale) return NO_LINE
  const amount = sums[base + SUM_AMOUNT] ?? 0
  if (amount < perk.minimumAmount) return MINIMUM
  if (perk.oncePerDay && countIn(state, perk.id, day) > 0) return ONCE
  const points = pointsOf(perk, amount, sums[base + SUM_QUANTITY] ?? 0)
  if (points < 1) return NO_POINTS
  sums[base + SUM_POINTS] = points
  return APPLIES
}

/** What a standard perk's matching lines come to on the sale at hand, and the points they gave. */
export function matchedSums(program: Program, index: number): { amount: number; points: number } {
  const { sale, sums } = program.scratch
  const base = index * SUM_STRIDE
  if (sums[base] !== sale) return { amount: 0, points: 0 }
  return { amount: sums[base + SUM_AMOUNT] ?? 0, points: sums[base + SUM_POINTS] ?? 0 }
}

/** Points that a bonus's qualifying perks gave on this sale; `all` is what all standard perks gave. */
export function qualifyingPoints(program: Program, bonus: Bonus, all: number): number {
  if (bonus.everyPerk) return all
  const { sale, sums } = program.scratch
  const { perks } = bonus
  let points = 0
  for (let at = 0; at < perks.length; at++) {
    const base = (perks[at] ?? 0) * SUM_STRIDE
    if (sums[base] === sale) points += sums[base + SUM_POINTS] ?? 0
  }
  return points
}

/** The window a frequency bonus counts in, as a number that differs between windows. */
export function frequencyWindow(bonus: Bonus, day: number): number {
  return bonus.frequency === 'WEEKLY'
    ? weekOfDay(day)
    : bonus.frequency === 'MONTHLY'
      ? monthOfDay(day)
      : bonus.fromDay
}

/** First failing condition of a bonus; `count` is the frequency count with this sale. */
export function failingBonus(
  bonus: Bonus,
  base: number,
  store: number,
  day: number,
  minute: number,
  lifetime: number,
  count: number,
): number {
  const general = failingCondition(bonus, store, day, lifetime)
  if (general !== APPLIES) return general
  if (base < 1) return NOT_QUALIFYING
  if (bonus.type === 'TIME') {
    const { slots } = bonus
    for (let at = 0; at < slots.length; at += 2) {
      if (minute >= (slots[at] ?? 0) && minute < (slots[at + 1] ?? 0)) return APPLIES
    }
    return SCHEDULE
  }
  if (bonus.type === 'FREQUENCY') {
    if (day < bonus.fromDay) return FROM_DATE
    const paid =
      bonus.frequency === 'FROM_DATE' ? count % bonus.requiredToEarn === 0 : count === bonus.requiredToEarn
    return paid ? APPLIES : FREQUENCY
  }
  return APPLIES
}

export function bonusPoints(bonus: Bonus, base: number): number {
  return bonus.fixed > 0 ? bonus.fixed : Math.min(POINTS_MAX, mulDiv(base, bonus.percent, 100, 'floor'))
}

/** Does this sale count for the bonus's window? The conditions other than the count hold. */
export function countsForFrequency(failing: number): boolean {
  return failing === APPLIES || failing === FREQUENCY
}

/** Earn effects of a sale; returns the points. The caller adds them to the state. */
export function earnSale(program: Program, state: MemberState, sale: Sale, effects: EffectBuffer): number {
  matchLines(program, sale)
  const { scratch, standardPerks, bonuses } = program
  const { touched, touchedPerks, sums } = scratch
  const ms = millisOf(sale.at)
  const day = localDay(ms, sale.offset)
  let total = 0
  for (let at = 0; at < touched; at++) {
    const index = touchedPerks[at] ?? 0
    const perk = standardPerks[index]
    if (perk === undefined || failingStandard(program, index, perk, state, sale.store, day) !== APPLIES)
      continue
    const points = sums[index * SUM_STRIDE + SUM_POINTS] ?? 0
    total += points
    effects.push(EARN, perk.id, 0, points, 0)
    if (perk.oncePerDay) setCounter(state, perk.id, day, 1)
  }
  if (total === 0 || bonuses.length === 0) return total
  const minute = localMinuteOfWeek(ms, sale.offset)
  let extra = 0
  for (let at = 0; at < bonuses.length; at++) {
    const bonus = bonuses[at]
    if (bonus === undefined) continue
    const base = qualifyingPoints(program, bonus, total)
    if (base === 0) continue
    let count = 0
    let window = 0
    if (bonus.type === 'FREQUENCY') {
      window = frequencyWindow(bonus, day)
      count = countIn(state, bonus.id, window) + 1
    }
    const failing = failingBonus(bonus, base, sale.store, day, minute, state.lifetime, count)
    if (count > 0 && countsForFrequency(failing)) setCounter(state, bonus.id, window, count)
    if (failing !== APPLIES) continue
    const points = bonusPoints(bonus, base)
    if (points < 1) continue
    extra += points
    effects.push(BONUS, bonus.id, 0, points, 0)
  }
  return total + extra
}

/** First failing condition of a check-in or registration perk, which has no basket. */
export function failingEvent(perk: EarnPerk, state: MemberState, store: number, day: number): number {
  const general = failingCondition(perk, store, day, state.lifetime)
  if (general !== APPLIES) return general
  return perk.oncePerDay && countIn(state, perk.id, day) > 0 ? ONCE : APPLIES
}

/** Earn effects of a check-in or an enrolment; returns the points. */
export function earnEvent(
  perks: readonly EarnPerk[],
  state: MemberState,
  fact: Checkin | Enrolment,
  effects: EffectBuffer,
): number {
  const day = localDay(millisOf(fact.at), fact.offset)
  let total = 0
  for (const perk of perks) {
    if (failingEvent(perk, state, fact.store, day) !== APPLIES) continue
    total += perk.points
    effects.push(EARN, perk.id, 0, perk.points, 0)
    if (perk.oncePerDay) setCounter(state, perk.id, day, 1)
  }
  return total
}
