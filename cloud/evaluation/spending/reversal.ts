// Giving back: which points belong to which line of a sale, and how many of them a return or a void takes (E-RET). Works from the sale fact, its
// effects and the program it was evaluated under, so nothing about lines has to be remembered while selling.
import type { Fact, FactKind, Return, Sale, Void } from '../../../protocol/facts.ts'
import type { FactId } from '../../../protocol/ids.ts'
import { mulDiv, share } from '../../../protocol/numbers.ts'
import { millisOf } from '../../../protocol/time.ts'
import type { EarnPerk, Program } from '../compile.ts'
import type { Effect, EffectBuffer } from '../effects.ts'
import { GIVEN_BACK, REVERSE } from '../effects.ts'
import { giveUseBack } from './entitlements.ts'
import { dayOf, isMarked, isTooOld, mark, remembered } from './memory.ts'
import { firstOf, giveBack } from './redemptions.ts'
import { uncount } from '../earning/uncounting.ts'
import { takeBackIn } from '../metrics/metrics.ts'
import type { MemberState } from '../state.ts'

/** An earlier fact of the same member with what it came to. */
export interface PastFact {
  readonly fact: Fact
  /** Its effects as of now (corrections included). */
  readonly effects: readonly Effect[]
  /** The program it was evaluated under; null before the first version. */
  readonly program: Program | null
}

/** Where a return or void finds the fact it is about; undefined when it is not known (yet) (E-RET-6). */
export interface PastFacts {
  find(id: FactId): PastFact | undefined
}

/** What the fact gave of itself: not what time brought with it, such as a birthday's points. */
function earnedBy({ effects, program }: PastFact): Effect[] {
  return effects.filter(
    ({ kind, rule, of }) =>
      (kind === 'earn' && program?.birthdayPerks.every(({ id }) => id !== rule) !== false) ||
      (kind === 'bonus' && of === 0) ||
      kind === 'grant',
  )
}

/** Points of one effect of a sale per line (E-RET-1); adds up to the effect's amount. */
export function pointsByLine(sale: Sale, effect: Effect, past: PastFact): number[] {
  const amounts = sale.lines.map((line) => line.amount)
  const perk = past.program?.standardPerks.find(({ id }) => id === effect.rule)
  if (effect.kind === 'earn' && perk !== undefined) {
    const weights = sale.lines.map((line) =>
      matches(perk, line) ? (perk.award === 'per_item' ? line.quantity : line.amount) : 0,
    )
    if (weights.some((weight) => weight > 0)) return share(effect.amount, weights)
    return share(
      effect.amount,
      sale.lines.map((line) => (matches(perk, line) ? 1 : 0)),
    )
  }
  const bonus = past.program?.bonuses.find(({ id }) => id === effect.rule)
  if (effect.kind === 'bonus' && bonus !== undefined && bonus.percent > 0) {
    const qualifying = new Set<number>(bonus.rows.map(({ id }) => id))
    const qualifies = ({ rule, index }: Effect): boolean =>
      bonus.everyPerk ? index === bonus.metric : qualifying.has(rule)
    const weights = sale.lines.map(() => 0)
    for (const base of earnedBy(past)) {
      if (base.kind !== 'earn' || !qualifies(base)) continue
      for (const [index, points] of pointsByLine(sale, base, past).entries())
        weights[index] = (weights[index] ?? 0) + points
    }
    return share(effect.amount, weights)
  }
  return share(effect.amount, amounts)
}

function matches(perk: EarnPerk, line: Sale['lines'][number]): boolean {
  return (
    perk.everyLine ||
    perk.skus.has(line.sku) ||
    (line.category !== null && perk.categories.has(line.category))
  )
}

const STRIDE = 4

/** Quantity of a sale's line that returns have given back so far, in thousandths; undefined before the first. */
export function returnedQuantity(state: MemberState, sale: FactId, line: number): number | undefined {
  const { returned } = state
  for (let at = 0; at < returned.length; at += STRIDE) {
    if (returned[at] === sale && returned[at + 1] === line) return returned[at + 2]
  }
  return undefined
}

/** Every line was given back. */
function isWhole(state: MemberState, { id, lines }: Sale): boolean {
  return lines.every(({ quantity }, line) => (returnedQuantity(state, id, line) ?? -1) >= quantity)
}

function setReturned(state: MemberState, sale: Sale, line: number, quantity: number, on: number): void {
  const { returned } = state
  for (let at = 0; at < returned.length; at += STRIDE) {
    if (returned[at] === sale.id && returned[at + 1] === line) {
      returned[at + 2] = quantity
      return
    }
  }
  state.returned = remembered(returned, STRIDE, on).concat([sale.id, line, quantity, dayOf(sale)])
}

/**
 * Points of a line's share that have gone back once `quantity` of `sold` has been given back, cumulated (E-RET-2). A line sold with quantity
 * 0 is given back whole by its first return, so "nothing returned yet" (undefined) differs from 0.
 */
function takenOf(points: number, quantity: number | undefined, sold: number): number {
  if (quantity === undefined) return 0
  return quantity >= sold ? points : mulDiv(points, quantity, sold, 'floor')
}

/** Takes back what a return gives back, per metric, and remembers the quantities in the state. */
export function reverseReturn(
  program: Program | null,
  state: MemberState,
  fact: Return,
  past: PastFacts,
  effects: EffectBuffer,
): void {
  const on = dayOf(fact)
  const sales = new Set(fact.lines.map((line) => line.sale).filter((sale) => sale > 0))
  for (const id of sales) {
    const found = past.find(id)
    if (found === undefined || found.fact.kind !== 'sale' || isMarked(state.voided, id)) continue
    const sale = found.fact
    if (isTooOld(dayOf(sale), on)) continue
    const before = new Map<number, number | undefined>()
    const after = new Map<number, number>()
    for (const { sale: of, line, quantity } of fact.lines) {
      const sold = sale.lines[line]?.quantity
      if (of !== id || sold === undefined) continue
      const already = after.get(line) ?? returnedQuantity(state, id, line)
      if (!before.has(line)) before.set(line, already)
      after.set(line, Math.min(sold, (already ?? 0) + quantity))
    }
    for (const effect of earnedBy(found)) {
      const byLine = pointsByLine(sale, effect, found)
      let points = 0
      for (const [line, quantity] of after) {
        const sold = sale.lines[line]?.quantity ?? 0
        const ofLine = byLine[line] ?? 0
        points += takenOf(ofLine, quantity, sold) - takenOf(ofLine, before.get(line), sold)
      }
      reverse(program, state, effect, points, sale, effects)
    }
    const whole = isWhole(state, sale)
    for (const [line, quantity] of after) setReturned(state, sale, line, quantity, on)
    if (!whole && isWhole(state, sale)) uncount(state, found)
  }
}

function reverse(
  program: Program | null,
  state: MemberState,
  { rule, index: metric }: Effect,
  points: number,
  from: Fact,
  effects: EffectBuffer,
): void {
  if (points <= 0) return
  effects.push(REVERSE, rule, metric, -points, from.id)
  takeBackIn(program, state, metric, points, from.id, dayOf(from))
}

/** A void takes all that returns have not taken yet (E-RET-4), and gives a redemption back (E-SPEND-12). */
export function reverseVoid(
  program: Program | null,
  state: MemberState,
  fact: Void,
  past: PastFacts,
  effects: EffectBuffer,
): void {
  const found = past.find(fact.fact)
  if (found === undefined || isMarked(state.voided, fact.fact) || !voidable(found.fact)) return
  const on = dayOf(fact)
  if (isTooOld(dayOf(found.fact), on)) return
  if (found.fact.kind === 'redemption') {
    giveBack(state, firstOf(found.fact), fact, effects)
    return
  }
  if (found.fact.kind === 'voucher_use' && found.effects.some(isTooLate)) return
  state.voided = mark(state.voided, fact.fact, dayOf(found.fact), on)
  if (found.fact.kind === 'voucher_use') {
    if (found.effects.some(({ kind }) => kind === 'voucher_used'))
      giveUseBack(program, state, found.fact, millisOf(fact.at), effects)
    else effects.push(GIVEN_BACK, 0, 0, 1, fact.fact)
  }
  if (found.fact.kind !== 'sale' || !isWhole(state, found.fact)) uncount(state, found)
  for (const effect of earnedBy(found)) {
    let points = effect.amount
    if (found.fact.kind === 'sale') {
      const sale = found.fact
      for (const [line, ofLine] of pointsByLine(sale, effect, found).entries()) {
        const sold = sale.lines[line]?.quantity ?? 0
        points -= takenOf(ofLine, returnedQuantity(state, sale.id, line), sold)
      }
    }
    reverse(program, state, effect, points, found.fact, effects)
  }
}

/** A use of what was used up or over: it stays one (E-SPEND-5). */
function isTooLate({ kind }: Effect): boolean {
  return kind === 'voucher_reused' || kind === 'entitlement_conflict'
}

const VOIDABLE: readonly FactKind[] = ['sale', 'checkin', 'grant', 'activity', 'redemption', 'voucher_use']

export function voidable({ kind }: Fact): boolean {
  return VOIDABLE.includes(kind)
}
