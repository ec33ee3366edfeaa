// Hot: one fact over one member's state (E-FOLD-2). The caller folds in canonical order and gives the program in force at the fact's time; this
// dispatches, adds the points, settles the tier and the promise. Budget: bench/evaluation.ts.
import type { Fact } from '../../protocol/facts.ts'
import { unreachable } from '../../protocol/result.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import { bookActivity } from './earning/activity.ts'
import { noteGivenBack, restsBefore } from './reactions/aggregates.ts'
import { fillCards } from './spending/cards.ts'
import { bookChallenge, noteEligible } from './reactions/challenges.ts'
import type { Program } from './compile.ts'
import { situationOf } from './conditions/condition.ts'
import { earnSale } from './earning/earning.ts'
import type { EffectBuffer } from './effects.ts'
import { bookEntitlement, bookVoucherUse, issueEntitlement } from './spending/entitlements.ts'
import { ADJUST, GOODWILL, GRANT, TIER } from './effects.ts'
import { giveEvent } from './earning/gifts.ts'
import { releaseFact } from './time/lots-due.ts'
import { addIn, grantIn, loseIn } from './metrics/metrics.ts'
import { learnProfile } from './profile.ts'
import type { PastFacts } from './spending/reversal.ts'
import { reverseReturn, reverseVoid } from './spending/reversal.ts'
import { reactToFact, reactToPoints } from './reactions/react.ts'
import { bookReferral } from './reactions/referrals.ts'
import { bookSegment } from './reactions/segments.ts'
import { bookRedemption } from './spending/redemptions.ts'
import type { Watch } from './reactions/watch.ts'
import type { MemberState } from './state.ts'
import { settleTier } from './tiers/tiers.ts'
import { advance, isTimed } from './time/time.ts'

/**
 * Folds one fact. `program` is null before the first version: then only spending and HQ's adjustments are booked. `watch` is only an explanation's.
 */
export function step(
  program: Program | null,
  state: MemberState,
  fact: Fact,
  effects: EffectBuffer,
  past: PastFacts,
  watch?: Watch,
): void {
  const { tier } = state
  if (!fact.suspect && isTimed(program, state, millisOf(fact.at)))
    advance(program, state, fact, effects, watch)
  const start = effects.length
  const reacts = program !== null && program.reactions !== null
  if (reacts) noteEligible(program, state, fact)
  switch (fact.kind) {
    case 'sale':
      if (program !== null) earnSale(program, state, fact, effects)
      break
    case 'checkin':
      if (program !== null)
        giveEvent(program, program.checkinPerks, situationOf(program, state, fact), fact, effects)
      break
    case 'enrolment':
      state.enrolledDay = localDay(millisOf(fact.at), fact.offset)
      if (program !== null)
        giveEvent(program, program.registrationPerks, situationOf(program, state, fact), fact, effects)
      break
    case 'grant':
      if (fact.points > 0 && fact.points <= (program?.metrics.get(fact.metric)?.grantMax ?? 0)) {
        effects.push(GRANT, 0, fact.metric, fact.points, 0)
        grantIn(program, state, fact.metric, fact.points, fact)
      }
      break
    case 'return':
    case 'void': {
      const before = restsBefore(state, fact, past)
      if (fact.kind === 'return') reverseReturn(program, state, fact, past, effects)
      else reverseVoid(program, state, fact, past, effects)
      noteGivenBack(state, before)
      break
    }
    case 'redemption':
      bookRedemption(program, state, fact, past, effects)
      break
    case 'voucher_use':
      bookVoucherUse(state, fact, effects)
      break
    case 'award':
      if (program !== null)
        issueEntitlement(program, state, fact.perk, fact, fact.id, 0, effects, millisOf(fact.at), fact)
      break
    case 'entitlement':
      bookEntitlement(state, fact, effects)
      break
    case 'adjustment':
      if (fact.points === 0) break
      effects.push(ADJUST, 0, fact.metric, fact.points, 0)
      if (fact.points > 0) addIn(program, state, fact.metric, fact.points, fact)
      else loseIn(state, fact.metric, -fact.points)
      break
    case 'profile':
      learnProfile(state, fact)
      break
    case 'activity':
      if (program !== null) bookActivity(program, fact, situationOf(program, state, fact), effects)
      break
    case 'release':
      releaseFact(state, fact.fact, millisOf(fact.at), effects)
      break
    case 'referral':
      bookReferral(state, fact)
      if (program !== null && fact.stage === 'completed')
        giveEvent(program, program.referralPerks, situationOf(program, state, fact), fact, effects)
      break
    case 'challenge':
      bookChallenge(state, fact, effects)
      break
    case 'segment':
      bookSegment(program, state, fact)
      break
    case 'response':
    case 'moment':
    case 'merge':
    case 'retro_claim':
    case 'resolution':
    case 'lease':
      break
    default:
      unreachable(fact)
  }
  effects.markOwn(start)
  if (program !== null) {
    if (program.honours && fact.confirmed && fact.promised > 0)
      keepPromise(program, state, fact.promised, effects)
    if (reacts) reactToPoints(program, state, fact, start, effects, watch)
    if (program.cards.length > 0) fillCards(program, state, fact, effects, watch)
    const ms = timeOf(state, fact)
    settleTier(program, state, fact, ms, effects)
    if (reacts) reactToFact(program, state, fact, ms, effects, watch)
  }
  if (state.tier !== tier) effects.push(TIER, state.tier, 0, state.tier, tier)
  state.facts += 1
  state.at = fact.at
  state.last = fact.id
}

/** When a tier is looked at: a suspect fact brings no time of its own (E-TIME-4). */
function timeOf(state: MemberState, fact: Fact): number {
  return fact.suspect && state.facts > 0 ? Math.min(millisOf(fact.at), millisOf(state.at)) : millisOf(fact.at)
}

/** E-PROM-1. */
function keepPromise(program: Program, state: MemberState, promised: number, effects: EffectBuffer): void {
  const missing = promised - effects.ownPoints()
  if (missing <= 0) return
  const goodwill = missing < program.goodwillMax ? missing : program.goodwillMax
  if (goodwill === 0) return
  state.goodwill += goodwill
  effects.push(GOODWILL, 0, 0, goodwill, 0)
}
