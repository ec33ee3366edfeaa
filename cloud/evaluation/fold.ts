// The fold of one member's facts in canonical order (E-FOLD-1). Keeps what each fact came to while it runs, because returns and voids look back;
// what lies before the fold's start is asked of `earlier`.
import { compareCanonical } from '../../protocol/facts.ts'
import type { CanonicalPlace, Fact } from '../../protocol/facts.ts'
import type { FactId } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import type { Effect } from './effects.ts'
import { EffectBuffer } from './effects.ts'
import type { Programs } from './programs.ts'
import type { PastFact, PastFacts } from './spending/reversal.ts'
import type { MemberState } from './state.ts'
import { step } from './step.ts'

export const NOTHING_EARLIER: PastFacts = { find: () => undefined }

/** One buffer serves every fold: folding is synchronous, and what is read out of it are copies. */
const buffer = new EffectBuffer()

/**
 * Folds `facts` (any order, no fact twice) onto `state`, which must stand before all of them. `onFact` gets each fact with its effects, in
 * canonical order, and which of them are its own.
 */
export function foldFacts(
  programs: Programs,
  state: MemberState,
  facts: readonly Fact[],
  earlier: PastFacts,
  onFact?: (fact: Fact, effects: readonly Effect[], state: MemberState, own: EffectBuffer['own']) => void,
): void {
  const folded = new PastOfFold()
  let now: CanonicalPlace | null = null
  // `earlier` may know facts that come later in the canonical order, from a fold before this one: those have not happened yet (E-FOLD-1).
  const past: PastFacts = {
    find(id) {
      const found = folded.find(id) ?? earlier.find(id)
      return found !== undefined && now !== null && compareCanonical(found.fact, now) < 0 ? found : undefined
    },
  }
  for (const fact of canonically(facts)) {
    assert(now === null || compareCanonical(now, fact) < 0, 'a fact is folded once')
    now = fact
    buffer.clear()
    const program = programs.program(fact.at)
    step(program, state, fact, buffer, past)
    const effects = buffer.read()
    folded.push({ fact, effects, program })
    onFact?.(fact, effects, state, buffer.own)
  }
}

/** The facts that one fold has folded. Few facts look back: those before them are put in order when the first one does. */
class PastOfFold {
  readonly #folded: PastFact[] = []
  readonly #byId = new Map<FactId, PastFact>()

  push(past: PastFact): void {
    this.#folded.push(past)
  }

  find(id: FactId): PastFact | undefined {
    for (const past of this.#folded.splice(0)) this.#byId.set(past.fact.id, past)
    return this.#byId.get(id)
  }
}

/** In canonical order. Nearly always they are: then nothing is copied. */
export function canonically(facts: readonly Fact[]): readonly Fact[] {
  for (let at = 1; at < facts.length; at++) {
    const [before, fact] = [facts[at - 1], facts[at]]
    if (before !== undefined && fact !== undefined && compareCanonical(before, fact) > 0)
      return facts.toSorted(compareCanonical)
  }
  return facts
}

/** The effects to append so that `before` becomes `after`: the difference per (kind, rule, index, of) (E-FOLD-4). Empty when equal. */
export function effectsDifference(before: readonly Effect[], after: readonly Effect[]): Effect[] {
  const keyOf = ({ kind, rule, index, of }: Effect): string => `${kind} ${rule} ${index} ${of}`
  const sums = new Map<string, Effect>()
  for (const [sign, effects] of [
    [-1, before],
    [1, after],
  ] as const) {
    for (const effect of effects) {
      const key = keyOf(effect)
      sums.set(key, { ...effect, amount: (sums.get(key)?.amount ?? 0) + sign * effect.amount })
    }
  }
  return [...sums.values()].filter(({ amount }) => amount !== 0)
}

/** What all revisions of a fact's effects come to. */
export function effectsSum(revisions: Iterable<readonly Effect[]>): Effect[] {
  return effectsDifference([], [...revisions].flat())
}
