// What the evaluation would answer right after a fact, in the oracle's words (plain/decisions.ts): decisions on every redeem perk, what a quote offers.
import type { Program } from '../../cloud/evaluation/compile.ts'
import { evaluateClawback } from '../../cloud/evaluation/spending/clawback.ts'
import type { PastFacts } from '../../cloud/evaluation/spending/reversal.ts'
import { offersOn } from '../../cloud/evaluation/spending/offers.ts'
import { NOTHING_HELD, mayRedeem } from '../../cloud/evaluation/spending/spending.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import type { Fact, Return } from '../../protocol/facts.ts'
import { NAMED } from './plain/decisions.ts'

/** What clawback would answer right before a return, in the words of plain/clawback.ts. */
export function clawbackOfState(
  program: Program | null,
  state: MemberState,
  fact: Return,
  past: PastFacts,
): string[] {
  const { metrics, unused } = evaluateClawback(program, state, fact, past)
  return [
    ...metrics.map(
      ({ metric, amount, balance, missing }) => `${metric} takes ${amount} of ${balance}, ${missing} missing`,
    ),
    ...unused.map(({ perk, status }) => `unused ${perk} ${status}`),
  ]
}

export function answersOfState(program: Program | null, state: MemberState, fact: Fact): string[] {
  if (program === null) return []
  const { store, at, offset } = fact
  const basket = fact.kind === 'sale' ? fact : null
  const answers = program.document.redeem_perks.map(({ id, money }) => {
    const named = money === undefined ? null : NAMED
    const decided = mayRedeem(program, state, id, { store, at, offset, basket }, NOTHING_HELD, named)
    if (!decided.ok) return `${id}: ${decided.refusal.code}`
    const { points, discount } = decided.value
    return `${id}: ${discount === null ? points : `${points} for ${discount}`}`
  })
  if (fact.kind !== 'sale') return answers
  const offers = offersOn(program, state, { store, at, offset }, fact)
  return [
    ...answers,
    ...offers.map(({ perk, points, discount }) => `offer ${perk}: ${points} for ${discount}`),
  ]
}
