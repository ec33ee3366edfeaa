// Activities: what a perk names that is no sale, counted in pieces (E-EARN-14). A negative quantity takes back what so many pieces would have given.
import type { Activity } from '../../../protocol/facts.ts'
import { POINTS_MAX } from '../../../protocol/limits.ts'
import { mulDiv } from '../../../protocol/numbers.ts'
import type { EarnPerk, Program } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import type { EffectBuffer } from '../effects.ts'
import { PROGRESS, REVERSE } from '../effects.ts'
import type { BonusGift, Gift, Gifts } from './gifts.ts'
import { giveBonuses, giveWithBonuses, noteUsed, weighOnce, withBonuses } from './gifts.ts'
import { settleGifts } from './groups.ts'
import { countLess } from './uncounting.ts'
import { takeBackIn } from '../metrics/metrics.ts'
import { APPLIES } from '../conditions/condition-numbers.ts'

/** What the activity would give, or why not, and the bonuses on it. Caps and groups cut no progress: it is no amount, but pieces. */
export function weighActivity(program: Program, perk: EarnPerk, fact: Activity, at: Situation): Gifts {
  if (isProgress(perk)) return withBonuses(program, [weighOnce(perk, fact.quantity, at)], at)
  const gift = weighOnce(perk, amountOfPieces(perk, fact), at)
  settleGifts([gift], at.state, at.day)
  return withBonuses(program, [gift], at)
}

export function bookActivity(program: Program, fact: Activity, at: Situation, effects: EffectBuffer): void {
  const perk = program.activityPerks.get(fact.perk)
  if (perk === undefined) return
  if (fact.quantity < 0) {
    takeBack(program, perk, fact, at, effects)
    return
  }
  const gifts = weighActivity(program, perk, fact, at)
  if (!isProgress(perk)) giveWithBonuses(program, gifts, at, fact, effects)
  else if (gifts.perks[0]?.failing === APPLIES) {
    effects.push(PROGRESS, perk.id, 0, fact.quantity, 0)
    noteUsed(program, at.state, perk, at.day)
    giveBonuses(program, gifts.bonuses, at, fact, effects)
  }
}

function isProgress({ document }: EarnPerk): boolean {
  return document.type === 'PROGRESS_ACTIVITY'
}

/** Asks no conditions: what was given under others must not stay. */
function takeBack(
  program: Program,
  perk: EarnPerk,
  fact: Activity,
  at: Situation,
  effects: EffectBuffer,
): void {
  const { state, day } = at
  const amount = isProgress(perk) ? -fact.quantity : amountOfPieces(perk, fact)
  if (amount === 0) return
  const given: Gift = { rule: perk, failing: APPLIES, amount, measured: amount }
  const { bonuses } = withBonuses(program, [given], at)
  if (isProgress(perk)) effects.push(PROGRESS, perk.id, 0, fact.quantity, 0)
  else {
    effects.push(REVERSE, perk.id, perk.metric, -amount, 0)
    takeBackIn(program, state, perk.metric, amount, 0, day)
  }
  for (const bonus of bonuses) takeBonusBack(program, bonus, at, effects)
}

/** What the same pieces would bring now of a bonus of the time; of a frequency one of what it counts (E-BON-10). */
function takeBonusBack(
  program: Program,
  { rule, failing, amount, count }: BonusGift,
  { state, day }: Situation,
  effects: EffectBuffer,
): void {
  if (rule.type === 'FREQUENCY') {
    if (count > 0 && rule.uncounts) countLess(program, state, rule, day, false)
    return
  }
  if (failing !== APPLIES) return
  effects.push(REVERSE, rule.id, rule.metric, -amount, 0)
  takeBackIn(program, state, rule.metric, amount, 0, day)
}

/** What the activity's pieces are worth, without their sign. */
function amountOfPieces({ award, points, unit, rounding }: EarnPerk, { quantity, amount }: Activity): number {
  const pieces = Math.abs(quantity)
  if (award !== 'per_currency_unit') return Math.min(POINTS_MAX, points * pieces)
  if (amount === null) return 0
  // Pieces times money may pass what mulDiv gives exactly; it is then far above the maximum.
  const about = (amount * pieces * points) / unit
  return about > 2 * POINTS_MAX
    ? POINTS_MAX
    : Math.min(POINTS_MAX, mulDiv(amount * pieces, points, unit, rounding))
}
