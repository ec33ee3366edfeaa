// What giving goods back would cost a member (E-CLAW-1): asked before the return is made, so that the merchant can choose what else to take back. Pure, and
// nothing is booked: the return is folded onto a copy, so the answer is what the fold will say.
import type { Return } from '../../../protocol/facts.ts'
import { millisOf } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import { POINTS } from '../document/metrics.ts'
import { EffectBuffer } from '../effects.ts'
import { UNUSED } from './entitlement-statuses.ts'
import { spendableIn } from '../metrics/metrics.ts'
import type { PastFacts } from './reversal.ts'
import type { Entitlement, MemberState } from '../state.ts'
import { copyState } from '../state.ts'
import { step } from '../step.ts'
import { advance, isTimed } from '../time/time.ts'

export interface MetricClawback {
  /** 0: points. */
  readonly metric: number
  /** What the return takes. */
  readonly amount: number
  /** What the member can spend before it. */
  readonly balance: number
  /** The deficit it leaves; 0: none. */
  readonly missing: number
}

export interface Clawback {
  readonly metrics: readonly MetricClawback[]
  /** What the member holds and has not used, the newest first: cancelling it is the merchant's choice. */
  readonly unused: readonly Entitlement[]
}

/** `plan`: the return as it would be made; `past` finds the sale it names. */
export function evaluateClawback(
  program: Program | null,
  state: MemberState,
  plan: Return,
  past: PastFacts,
): Clawback {
  const before = copyState(state)
  // The return itself brings the time that passes before it: another fact, in another store, might bring something else.
  if (isTimed(program, state, millisOf(plan.at))) advance(program, before, plan, new EffectBuffer())
  const after = copyState(state)
  const effects = new EffectBuffer()
  step(program, after, plan, effects, past)
  const taken = new Map<number, number>()
  for (const { kind, index, amount } of effects.read())
    if (kind === 'reverse') taken.set(index, (taken.get(index) ?? 0) - amount)
  return {
    metrics: [...taken]
      .filter(([, amount]) => amount > 0)
      .sort(([a], [b]) => a - b)
      .map(([metric, amount]) => ({
        metric,
        amount,
        balance: spendableIn(before, metric),
        missing: deficitOf(after, metric),
      })),
    unused: before.entitlements.filter(({ status }) => UNUSED.includes(status)).toReversed(),
  }
}

/** What is missing of a metric. */
export function deficitOf(state: MemberState, metric: number): number {
  return Math.max(0, -spendableIn(state, metric))
}

/** All deficits, by metric. */
export function deficitsOf(state: MemberState): { readonly metric: number; readonly deficit: number }[] {
  return [POINTS, ...(state.more?.accounts ?? []).map(({ metric }) => metric)]
    .map((metric) => ({ metric, deficit: deficitOf(state, metric) }))
    .filter(({ deficit }) => deficit > 0)
    .sort((a, b) => a.metric - b.metric)
}
