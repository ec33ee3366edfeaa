// What is given back whole, or voided, counts no longer for the frequency bonuses that counted it (E-BON-9). That it was counted is among its effects.
import { localDay, millisOf } from '../../../protocol/time.ts'
import type { Bonus, Program } from '../compile.ts'
import { countIn, setCount } from '../counts.ts'
import type { PastFact } from '../spending/reversal.ts'
import type { MemberState } from '../state.ts'
import { frequencyWindow } from './awards.ts'

/** One that counted is taken back at some day: the window of that day counts one less (E-BON-9, E-BON-10). */
export function countLess(
  program: Program,
  state: MemberState,
  bonus: Bonus,
  day: number,
  paidWithIt: boolean,
): void {
  const window = frequencyWindow(program, bonus, day)
  const count = countIn(state, bonus.id, window)
  if (count > 0) setCount(state, bonus.id, window, lowered(bonus, count, paidWithIt))
}

export function uncount(state: MemberState, { fact, effects, program }: PastFact): void {
  for (const { kind, rule, of } of effects) {
    // What a birthday counted, with which the fact came, stays.
    if (kind !== 'counted' || of !== 0 || program === null) continue
    const bonus = program.bonuses.find(({ id }) => id === rule)
    if (bonus === undefined) continue
    const paidWithIt = effects.some(
      (effect) => effect.kind === 'bonus' && effect.rule === rule && effect.of === 0,
    )
    countLess(program, state, bonus, localDay(millisOf(fact.at), fact.offset), paidWithIt)
  }
}

/** One less, but never below what has paid, or it would pay once more; without the one that paid the next pays again. */
function lowered({ frequency, requiredToEarn: required }: Bonus, count: number, paidWithIt: boolean): number {
  const paid = frequency === 'FROM_DATE' ? count - (count % required) : count >= required ? required : 0
  if (paidWithIt && paid > 0) return paid - 1
  return Math.max(paid, count - 1)
}
