// Challenges: progress by what earn perks gave (E-CH). Who takes part is asked before the fact changes anything; what the fact did is read off its
// effects, so that a challenge counts exactly what was given. A completed requirement stays so, whatever comes.
import type { ChallengeFact, Fact } from '../../../protocol/facts.ts'
import type { RuleId } from '../../../protocol/ids.ts'
import { localDay, millisOf } from '../../../protocol/time.ts'
import type { Conditions, Program } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import { holds, situationOf } from '../conditions/condition.ts'
import type { ChallengeDocument } from '../document/challenges.ts'
import type { EffectBuffer } from '../effects.ts'
import {
  CHALLENGE_COMPLETED as COMPLETED_EFFECT,
  CHALLENGE_JOINED as JOINED_EFFECT,
  CHALLENGE_LEFT as LEFT_EFFECT,
  EARN,
  PROGRESS,
  REQUIREMENT_COMPLETED,
  REVERSE,
} from '../effects.ts'
import { CHALLENGE_COMPLETED, CHALLENGE_JOINED, CHALLENGE_LEFT } from '../more.ts'
import { giveReward } from './rewards.ts'
import { hasAttribute } from '../conditions/rule-conditions.ts'
import type { ReactionCondition, Watch } from './watch.ts'
import type { MemberState } from '../state.ts'
import { moreOf } from '../state.ts'
import { addSpan } from '../time/windows.ts'

export interface Challenge {
  readonly id: RuleId
  readonly document: ChallengeDocument
  readonly conditions: Conditions
  readonly homeStores: ReadonlySet<number> | null
  /** Scratch: whether the member of the fact that is being folded is eligible. */
  eligible: boolean
}

const STRIDE = 3

/** JOINED or LEFT; 0: the member said neither. */
export function participation({ more }: MemberState, challenge: RuleId): number {
  const { challenges = [] } = more ?? {}
  for (let at = 0; at < challenges.length; at += STRIDE)
    if (challenges[at] === challenge && challenges[at + 1] !== CHALLENGE_COMPLETED)
      return challenges[at + 1] ?? 0
  return 0
}

/** Local day the challenge was completed on; null: it was not. */
export function completedOn({ more }: MemberState, challenge: RuleId): number | null {
  const { challenges = [] } = more ?? {}
  for (let at = 0; at < challenges.length; at += STRIDE)
    if (challenges[at] === challenge && challenges[at + 1] === CHALLENGE_COMPLETED)
      return challenges[at + 2] ?? null
  return null
}

/** E-CH-5: leaving keeps the progress. */
export function bookChallenge(state: MemberState, fact: ChallengeFact, effects: EffectBuffer): void {
  const { challenge, action } = fact
  const to = action === 'join' ? CHALLENGE_JOINED : CHALLENGE_LEFT
  if (participation(state, challenge) === to) return
  const more = moreOf(state)
  const others: number[] = []
  for (let at = 0; at < more.challenges.length; at += STRIDE) {
    const entry = more.challenges.slice(at, at + STRIDE)
    if (entry[0] !== challenge || entry[1] === CHALLENGE_COMPLETED) others.push(...entry)
  }
  more.challenges = [...others, challenge, to, localDay(millisOf(fact.at), fact.offset)]
  effects.push(to === CHALLENGE_JOINED ? JOINED_EFFECT : LEFT_EFFECT, challenge, 0, 1, 0)
}

/** What of E-CH-1 keeps the member from taking part, whatever the day; null: nothing. */
export function ineligibility(
  { document, conditions, homeStores }: Challenge,
  at: Situation,
): 'home_store' | 'attributes' | 'active_membership' | 'when' | null {
  const { more } = at.state
  const { attributes, when } = conditions
  if (homeStores !== null && !homeStores.has(more?.profile.homeStore ?? 0)) return 'home_store'
  if (attributes !== null && !hasAttribute(attributes, at.state)) return 'attributes'
  if (document.require_active_membership === true && more?.profile.active === false)
    return 'active_membership'
  return when === null || holds(when, at) ? null : 'when'
}

export function isEligible(challenge: Challenge, at: Situation): boolean {
  return ineligibility(challenge, at) === null
}

/** First and last local day on which the member's progress counts (E-CH-2); null: no membership to count from. */
export function periodOf(
  { document, conditions }: Challenge,
  { more, enrolledDay }: MemberState,
): readonly [first: number, last: number] | null {
  const { from_membership: span } = document
  if (span === undefined) return [conditions.startDay, conditions.endDay]
  const since = more?.profile.since ?? enrolledDay
  if (since === null) return null
  return [Math.max(conditions.startDay, since), Math.min(conditions.endDay, addSpan(since, span) - 1)]
}

/** Before the fact changes anything: who could take part (E-CH-1). */
export function noteEligible(program: Program, state: MemberState, fact: Fact): void {
  const challenges = program.reactions?.challenges ?? []
  if (challenges.length === 0) return
  const situation = situationOf(program, state, fact)
  for (const challenge of challenges)
    challenge.eligible = challenge.document.join === 'opt_in' || isEligible(challenge, situation)
}

/** Why the challenge counts nothing of a fact (E-CH-1, E-CH-2, E-CH-3), the first that fails. */
function failingChallenge(
  challenge: Challenge,
  state: MemberState,
  { store }: Fact,
  day: number,
): ReactionCondition {
  const { id, conditions, document, eligible } = challenge
  const said = participation(state, id)
  if (!conditions.active) return 'status'
  if (said === CHALLENGE_LEFT) return 'left'
  if (document.join === 'opt_in' && said !== CHALLENGE_JOINED) return 'not_joined'
  if (document.join === 'auto' && !eligible) return 'eligible'
  if (completedOn(state, id) !== null) return 'completed'
  if (conditions.stores !== null && !conditions.stores.has(store)) return 'store'
  const period = periodOf(challenge, state)
  if (period === null) return 'membership'
  return day < period[0] || day > period[1] ? 'dates' : 'applies'
}

/** What a fact did: perk, pieces; stride 2. */
function doneBy(fact: Fact, start: number, effects: EffectBuffer): number[] {
  const done: number[] = []
  const end = effects.length
  for (let at = start; at < end; at++) {
    const kind = effects.kindAt(at)
    if (fact.kind === 'activity') {
      if (kind === EARN || kind === PROGRESS || kind === REVERSE) done.push(effects.ruleAt(at), fact.quantity)
    } else if (kind === EARN) done.push(effects.ruleAt(at), 1)
  }
  return done
}

function isDone(done: readonly number[], perk: RuleId): boolean {
  return done.some((rule, at) => at % 2 === 0 && rule === perk)
}

/** Adds what the fact gave by its own effects, from `start` on, to the challenges the member takes part in (E-CH-3, E-CH-4). */
export function progress(
  program: Program,
  state: MemberState,
  fact: Fact,
  start: number,
  effects: EffectBuffer,
  watch?: Watch,
): void {
  const challenges = program.reactions?.challenges ?? []
  if (challenges.length === 0) return
  const done = doneBy(fact, start, effects)
  if (done.length === 0 && watch === undefined) return
  const day = localDay(millisOf(fact.at), fact.offset)
  for (const challenge of challenges) {
    const { id, document } = challenge
    const failing = failingChallenge(challenge, state, fact, day)
    if (failing === 'applies' && done.length > 0)
      for (const requirement of document.requirements) advanceRequirement(state, requirement, done, effects)
    watch?.challenge(
      challenge,
      failing === 'applies' && !document.requirements.some(({ perk }) => isDone(done, perk))
        ? 'progress'
        : failing,
      situationOf(program, state, fact),
    )
    if (failing !== 'applies' || done.length === 0) continue
    if (!document.requirements.every((one) => progressOf(state, one.id).completed)) continue
    const more = moreOf(state)
    more.challenges = [...more.challenges, id, CHALLENGE_COMPLETED, day]
    effects.push(COMPLETED_EFFECT, id, 0, 1, 0)
    if (document.reward !== undefined) giveReward(program, state, document.reward, id, id, 0, fact, effects)
  }
}

export interface Progress {
  readonly quantity: number
  readonly completed: boolean
}

const NO_PROGRESS: Progress = { quantity: 0, completed: false }

export function progressOf({ more }: MemberState, requirement: RuleId): Progress {
  const { progress: list = [] } = more ?? {}
  for (let at = 0; at < list.length; at += STRIDE)
    if (list[at] === requirement) return { quantity: list[at + 1] ?? 0, completed: list[at + 2] === 1 }
  return NO_PROGRESS
}

function advanceRequirement(
  state: MemberState,
  { id, perk, quantity: required }: ChallengeDocument['requirements'][number],
  done: readonly number[],
  effects: EffectBuffer,
): void {
  const before = progressOf(state, id)
  if (before.completed) return
  let { quantity } = before
  for (let at = 0; at < done.length; at += 2)
    if (done[at] === perk) quantity = Math.max(0, quantity + (done[at + 1] ?? 0))
  const completed = quantity >= required
  if (completed) effects.push(REQUIREMENT_COMPLETED, id, 0, 1, 0)
  if (quantity !== before.quantity || completed) setProgress(state, id, quantity, completed)
}

/** By requirement; without progress there is no entry. */
function setProgress(state: MemberState, requirement: RuleId, quantity: number, completed: boolean): void {
  const more = moreOf(state)
  let at = 0
  while (at < more.progress.length && (more.progress[at] ?? 0) < requirement) at += STRIDE
  const known = more.progress[at] === requirement ? STRIDE : 0
  const entry = quantity === 0 ? [] : [requirement, quantity, completed ? 1 : 0]
  more.progress = more.progress.toSpliced(at, known, ...entry)
}
