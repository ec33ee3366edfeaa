// What a program does beyond points: challenges, responses, referrals, rules, segments, figures. Compiled here, and called by step.ts in the order of
// E-STEP-1. `Program.reactions` is null for programs that have none of it, which then pay one check.
import type { Fact, FactKind } from '../../../protocol/facts.ts'
import type { RuleId } from '../../../protocol/ids.ts'
import type { Aggregates } from './aggregates.ts'
import { compileAggregates, isVisit, noteVisit } from './aggregates.ts'
import type { Challenge } from './challenges.ts'
import { progress } from './challenges.ts'
import type { RuleWithConditions } from '../conditions/compile-conditions.ts'
import type { Conditions, Program } from '../compile.ts'
import { compileCondition } from '../conditions/condition.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { EffectBuffer } from '../effects.ts'
import { fillCards } from '../spending/cards.ts'
import { settleTier } from '../tiers/tiers.ts'
import { completeReferral } from './referrals.ts'
import { bookResponse } from './responses.ts'
import type { ResponseChallenge } from './responses.ts'
import type { Rule } from './rules.ts'
import { applyTypeRules, compileRule } from './rules.ts'
import { lookAtSegments } from './segment-looks.ts'
import type { Segment } from './segments.ts'
import type { Watch } from './watch.ts'
import type { MemberState } from '../state.ts'

export interface Reactions {
  readonly segments: readonly Segment[]
  readonly aggregates: Aggregates
  readonly challenges: readonly Challenge[]
  readonly responseChallenges: ReadonlyMap<RuleId, ResponseChallenge>
  readonly typeRules: ReadonlyMap<FactKind, readonly Rule[]>
  readonly timeRules: readonly Rule[]
  /** Earn perks that complete a referral. */
  readonly completing: ReadonlySet<RuleId>
}

/** Null: the program has nothing of it. */
export function compileReactions(
  document: ProgramDocument,
  conditionsOf: (rule: RuleWithConditions) => Conditions,
): Reactions | null {
  const { segments = [], challenges = [], response_challenges: responses = [], rules = [] } = document
  const aggregates = compileAggregates(document)
  const completing = document.earn_perks.filter((perk) => perk.completes_referral === true)
  const lists = [segments, challenges, responses, rules, completing, [...aggregates.byId]]
  if (lists.every(({ length }) => length === 0)) return null
  const compiled = rules.map((rule) => compileRule(rule, conditionsOf(rule)))
  const kinds = new Set(compiled.flatMap((rule) => [...rule.kinds]))
  return {
    segments: segments.map((segment) => ({
      id: segment.id,
      document: segment,
      when: segment.when === undefined ? null : compileCondition(segment.when, document),
    })),
    aggregates,
    challenges: challenges.map((challenge) => ({
      id: challenge.id,
      document: challenge,
      conditions: conditionsOf(challenge),
      homeStores: challenge.home_stores === undefined ? null : new Set(challenge.home_stores),
      eligible: false,
    })),
    responseChallenges: new Map(
      responses.map((challenge) => [
        challenge.id,
        { id: challenge.id, document: challenge, conditions: conditionsOf(challenge) },
      ]),
    ),
    typeRules: new Map([...kinds].map((kind) => [kind, compiled.filter((rule) => rule.kinds.has(kind))])),
    timeRules: compiled.filter(({ minutes }) => minutes.length > 0),
    completing: new Set(completing.map(({ id }) => id)),
  }
}

/**
 * After the fact's own points, which are its effects from `start` on: figures, referrals, challenges and responses (their rewards are no
 * part of what was promised). */
export function reactToPoints(
  program: Program,
  state: MemberState,
  fact: Fact,
  start: number,
  effects: EffectBuffer,
  watch?: Watch,
): void {
  if (isVisit(fact)) noteVisit(program, state, fact)
  completeReferral(program, state, start, effects)
  progress(program, state, fact, start, effects, watch)
  if (fact.kind === 'response') bookResponse(program, state, fact, effects, watch)
}

/** After cards and tier: rules, whose gifts may fill a card or lift the tier, as of `ms`, once more; then segments, which see all of it (E-STEP-1). */
export function reactToFact(
  program: Program,
  state: MemberState,
  fact: Fact,
  ms: number,
  effects: EffectBuffer,
  watch?: Watch,
): void {
  const before = effects.length
  applyTypeRules(program, state, fact, effects, watch)
  if (effects.length > before) {
    fillCards(program, state, fact, effects, watch)
    settleTier(program, state, fact, ms, effects)
  }
  lookAtSegments(program, state, fact, effects)
}
