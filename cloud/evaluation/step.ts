// Hot: one fact over one member's state (E-FOLD-2). The caller folds in canonical order and gives the program in force at the fact's time; this
// dispatches, adds the points, settles the tier and the promise. Budget: bench/evaluation.ts.
import type { Fact } from '../../protocol/facts.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { unreachable } from '../../protocol/result.ts'
import type { Program } from './compile.ts'
import { earnEvent, earnSale } from './earning.ts'
import type { EffectBuffer } from './effects.ts'
import { ADJUST, GOODWILL, GRANT, TIER } from './effects.ts'
import type { PastFacts } from './reversal.ts'
import { reverseReturn, reverseVoid } from './reversal.ts'
import { bookRedemption, bookVoucherUse, issueVoucher } from './spending.ts'
import type { MemberState } from './state.ts'
import { addPoints, takePoints } from './state.ts'

/** Points that never expire; expiry rules give other values. */
const NEVER = 0

/** Folds one fact. `program` is null before the first version: then only spending and HQ's adjustments are booked. */
export function step(
  program: Program | null,
  state: MemberState,
  fact: Fact,
  effects: EffectBuffer,
  past: PastFacts,
): void {
  const start = effects.length
  switch (fact.kind) {
    case 'sale':
      if (program !== null) earn(state, earnSale(program, state, fact, effects))
      break
    case 'checkin':
      if (program !== null) earn(state, earnEvent(program.checkinPerks, state, fact, effects))
      break
    case 'enrolment':
      if (program !== null) earn(state, earnEvent(program.registrationPerks, state, fact, effects))
      break
    case 'grant':
      if (program !== null && fact.points > 0 && fact.points <= program.grantMax) {
        effects.push(GRANT, 0, 0, fact.points, 0)
        earn(state, fact.points)
      }
      break
    case 'return':
      takeBack(state, reverseReturn(state, fact, past, effects))
      break
    case 'void':
      takeBack(state, reverseVoid(state, fact, past, effects))
      break
    case 'redemption':
      bookRedemption(program, state, fact, effects)
      break
    case 'voucher_use':
      bookVoucherUse(state, fact, effects)
      break
    case 'adjustment':
      if (fact.points === 0) break
      effects.push(ADJUST, 0, 0, fact.points, 0)
      if (fact.points > 0) addPoints(state, fact.points, NEVER)
      else takePoints(state, -fact.points)
      break
    default:
      unreachable(fact)
  }
  if (program !== null) {
    if (program.honours && fact.confirmed && fact.promised > 0)
      keepPromise(program, state, fact.promised, effects, start)
    settleTier(program, state, fact, effects)
  }
  state.facts += 1
  state.at = fact.at
  state.last = fact.id
}

function earn(state: MemberState, points: number): void {
  if (points === 0) return
  state.lifetime += points
  addPoints(state, points, NEVER)
}

function takeBack(state: MemberState, points: number): void {
  if (points === 0) return
  state.lifetime -= points
  takePoints(state, points)
}

/** E-PROM-1. */
function keepPromise(
  program: Program,
  state: MemberState,
  promised: number,
  effects: EffectBuffer,
  start: number,
): void {
  const missing = promised - effects.pointsSince(start)
  if (missing <= 0) return
  const goodwill = missing < program.goodwillMax ? missing : program.goodwillMax
  if (goodwill === 0) return
  state.goodwill += goodwill
  effects.push(GOODWILL, 0, 0, goodwill, 0)
}

/** E-TIER. The entry voucher belongs to (member, tier), not to the fact, so a late fact that moves the entry keeps its code. */
function settleTier(program: Program, state: MemberState, fact: Fact, effects: EffectBuffer): void {
  const { tiers } = program
  let at = tiers.length - 1
  while (at >= 0 && (tiers[at]?.point_floor ?? 0) > state.lifetime) at--
  const tier = tiers[at < 0 ? 0 : at]
  if (tier === undefined || tier.id === state.tier) return
  effects.push(TIER, tier.id, 0, tier.id, state.tier)
  state.tier = tier.id
  for (let entered = 0; entered <= at; entered++) {
    const reached = tiers[entered]
    if (reached === undefined || state.tiersEntered.includes(reached.id)) continue
    state.tiersEntered.push(reached.id)
    if (reached.entry_perk !== undefined)
      issueVoucher(program, state, reached.entry_perk, fact, memberOf(fact), reached.id, effects)
  }
}

function memberOf(fact: Fact): MemberId {
  return fact.kind === 'enrolment' ? (fact.id as number as MemberId) : fact.member
}
