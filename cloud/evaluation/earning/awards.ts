// Hot: what perks and bonuses give, and when a bonus's occasion has come: the arithmetic that the short way of plain programs (earning.ts) and the
// long way (gifts.ts) share. Budget: bench/evaluation.ts.
import { POINTS_MAX } from '../../../protocol/limits.ts'
import { mulDiv } from '../../../protocol/numbers.ts'
import { monthOfDay, weekOfDay } from '../../../protocol/time.ts'
import type { Bonus, EarnPerk, Program } from '../compile.ts'
import { APPLIES, FREQUENCY, FROM_DATE, SCHEDULE } from '../conditions/condition-numbers.ts'
import { inSlots } from '../time/slots.ts'

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

/** Quotients of integers below this round down exactly: a double's a / b reaches the next integer only where a >= 2^53 - b. Halves cost one bit. */
const PLAIN_MAX = 2 ** 51

export function bonusPoints(bonus: Bonus, base: number): number {
  if (bonus.fixed > 0) return bonus.fixed
  const product = base * bonus.percent
  const points = product < PLAIN_MAX ? Math.floor(product / 100) : mulDiv(base, bonus.percent, 100, 'floor')
  return points < POINTS_MAX ? points : POINTS_MAX
}

/** The window a frequency bonus counts in, as a number that differs between windows. */
export function frequencyWindow(program: Program, bonus: Bonus, day: number): number {
  if (bonus.frequency === 'WEEKLY') return weekOfDay(day)
  if (bonus.frequency === 'FROM_DATE') return bonus.fromDay
  const { scratch } = program
  if (scratch.day !== day) {
    scratch.day = day
    scratch.month = monthOfDay(day)
  }
  return scratch.month
}

/** Whether a bonus's own kind of occasion has come; `minute` of the week, `count` of the frequency with this sale. */
export function failingOccasion(bonus: Bonus, day: number, minute: number, count: number): number {
  if (bonus.type === 'TIME') return inSlots(bonus.slots, minute) ? APPLIES : SCHEDULE
  if (bonus.type === 'FREQUENCY') {
    if (day < bonus.fromDay) return FROM_DATE
    const paid =
      bonus.frequency === 'FROM_DATE' ? count % bonus.requiredToEarn === 0 : count === bonus.requiredToEarn
    return paid ? APPLIES : FREQUENCY
  }
  return APPLIES
}
