// What is given back whole, or voided, counts no longer for the frequency bonuses that counted it (E-BON-9). That it was counted is among its effects.
import { localDay, millisOf } from '../../../protocol/time.ts'
import type { Bonus } from '../compile.ts'
import { countIn, setCount } from '../counts.ts'
import type { PastFact } from '../spending/reversal.ts'
import type { MemberState } from '../state.ts'
import { frequencyWindow } from './awards.ts'

export function uncount(state: MemberState, { fact, effects, program }: PastFact): void {
  for (const { kind, rule } of effects) {
    if (kind !== 'counted' || program === null) continue
    const bonus = program.bonuses.find(({ id }) => id === rule)
    if (bonus === undefined) continue
    const window = frequencyWindow(program, bonus, localDay(millisOf(fact.at), fact.offset))
    const count = countIn(state, rule, window)
    if (count === 0) continue
    const paidWithIt = effects.some((effect) => effect.kind === 'bonus' && effect.rule === rule)
    setCount(state, rule, window, lowered(bonus, count, paidWithIt))
  }
}

/** One less, but never below what has paid, or it would pay once more; without the one that paid the next pays again. */
function lowered({ frequency, requiredToEarn: required }: Bonus, count: number, paidWithIt: boolean): number {
  const paid = frequency === 'FROM_DATE' ? count - (count % required) : count >= required ? required : 0
  if (paidWithIt && paid > 0) return paid - 1
  return Math.max(paid, count - 1)
}
