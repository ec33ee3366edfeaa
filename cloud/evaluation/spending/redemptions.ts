// Redemptions as the fold books them: burned when they are reserved (or captured at once), given back when they are cancelled or voided, also after they
// were captured, unless what they issued was used (E-SPEND-3, E-SPEND-12). The fold never asks whether a spending may be: that was decided.
import type { Fact, Redemption } from '../../../protocol/facts.ts'
import { NO_FACT } from '../../../protocol/ids.ts'
import type { FactId, RuleId } from '../../../protocol/ids.ts'
import { millisOf } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import { POINTS } from '../document/metrics.ts'
import type { EffectBuffer } from '../effects.ts'
import { ENTITLEMENT_CONFLICT, GIVEN_BACK, RESTORE, SPEND } from '../effects.ts'
import { restoreIn, spendIn } from '../metrics/metrics.ts'
import type { Entitlement, MemberState, Redeemed } from '../state.ts'
import type { EntitlementStatus } from './entitlement-statuses.ts'
import { EVER, countEver, countOn } from '../earning/tallies.ts'
import { moreOf } from '../state.ts'
import { become, issueEntitlement } from './entitlements.ts'
import { dayOf, isForgotten, isMarked, isMarkedStill, isTooOld, mark } from './memory.ts'
import type { PastFacts } from './reversal.ts'

/** The fact that names a redemption in all its later facts. */
export function firstOf({ id, of }: Pick<Redemption, 'id' | 'of'>): FactId {
  return of === NO_FACT ? id : of
}

export function bookRedemption(
  program: Program | null,
  state: MemberState,
  fact: Redemption,
  past: PastFacts,
  effects: EffectBuffer,
): void {
  const first = firstOf(fact)
  if (fact.stage === 'cancelled') {
    giveBack(state, first, fact, effects)
    return
  }
  const on = dayOf(fact)
  if (isMarkedStill(state.givenBack, first, on)) return
  const begun = first === fact.id ? undefined : past.find(first)
  // What it came to is forgotten: it is not begun anew.
  if (begun !== undefined && isTooOld(dayOf(begun.fact), on)) return
  const known = openTo(state, first, on)
  if (known === undefined) burn(program, state, fact, first, effects)
  else if (fact.stage === 'captured' && known.captured === NO_FACT)
    replace(state, known, { ...known, captured: fact.id })
  else return
  if (fact.stage === 'captured' && program !== null)
    issueEntitlement(program, state, fact.perk, fact, first, 0, effects)
}

/** The redemption that a fact of a local day may still capture or give back: asked by its age, not by whether it is forgotten by now (E-MEM-1). */
function openTo({ redemptions }: MemberState, first: FactId, on: number): Redeemed | undefined {
  return redemptions.find(({ fact, day }) => fact === first && !isTooOld(day, on))
}

function burn(
  program: Program | null,
  state: MemberState,
  fact: Redemption,
  first: FactId,
  effects: EffectBuffer,
): void {
  const { perk, points, stage } = fact
  const metric = program?.redeemPerks.get(perk)?.metric ?? POINTS
  const burned = spendIn(program, state, metric, points, fact)
  const day = dayOf(fact)
  const captured = stage === 'captured' ? fact.id : NO_FACT
  // A suspect clock brings no time, and it may be ahead: what was redeemed today still counts today (E-TIME-4).
  if (!fact.suspect) forget(state, day)
  state.redemptions = [...state.redemptions, { fact: first, perk, metric, points, day, burned, captured }]
  if (points > 0) effects.push(SPEND, perk, metric, -points, first)
}

/** Of what can be given back no longer only the number of uses stays, for limits that look at all time. */
function forget(state: MemberState, on: number): void {
  if (!state.redemptions.some(({ day }) => isForgotten(day, on))) return
  const more = moreOf(state)
  for (const { perk, day } of state.redemptions)
    if (isForgotten(day, on)) more.applied = countOn(more.applied, perk, EVER, 1, 0)
  state.redemptions = state.redemptions.filter(({ day }) => !isForgotten(day, on))
}

/** Redemptions of a perk that are forgotten. */
export function timesRedeemedBefore({ more }: MemberState, perk: RuleId): number {
  return more === null ? 0 : countEver(more.applied, perk)
}

function replace(state: MemberState, one: Redeemed, by: Redeemed): void {
  state.redemptions = state.redemptions.map((known) => (known === one ? by : known))
}

/** Gives the points back into the lots they came from, and with them the use; what it issued is cancelled (E-SPEND-12). */
export function giveBack(state: MemberState, first: FactId, by: Fact, effects: EffectBuffer): void {
  const on = dayOf(by)
  const one = openTo(state, first, on)
  if (one === undefined) return
  const issued = issuedBy(state, one)
  if (issued !== undefined && isTaken(issued)) {
    effects.push(ENTITLEMENT_CONFLICT, issued.perk, 0, 1, issued.fact)
    return
  }
  state.redemptions = state.redemptions.filter((known) => known !== one)
  state.givenBack = mark(state.givenBack, first, one.day, on)
  const { perk, metric, points, burned } = one
  effects.push(GIVEN_BACK, perk, 0, 1, first)
  if (points > 0) {
    effects.push(RESTORE, perk, metric, points, first)
    restoreIn(state, metric, points, burned, millisOf(by.at), effects)
  }
  if (issued !== undefined && !OVER.includes(issued.status))
    become(issued, 'cancelled', millisOf(by.at), effects)
}

const OVER: readonly EntitlementStatus[] = ['cancelled', 'expired']

/** What a captured redemption issued. */
function issuedBy({ entitlements }: MemberState, { perk, captured }: Redeemed): Entitlement | undefined {
  return captured === NO_FACT
    ? undefined
    : entitlements.find((one) => one.fact === captured && one.perk === perk && one.index === 0)
}

const TAKEN: readonly EntitlementStatus[] = ['reserved', 'processing', 'shipping', 'fulfilled']

/** Somebody has it, or is about to. What was `used` in the moment of issue was handed over with the redemption, and comes back with it. */
function isTaken({ status, usedBy }: Entitlement): boolean {
  return usedBy > 0 || TAKEN.includes(status)
}

/** Why a redemption cannot be given back as the member stands: it is not one, or was given back before, or what it issued is taken; null: it can. */
export function notGivenBack(
  state: MemberState,
  first: FactId,
): 'redemption_not_found' | 'redemption_settled' | 'voucher_used' | null {
  if (isMarked(state.givenBack, first)) return 'redemption_settled'
  const one = state.redemptions.find(({ fact }) => fact === first)
  if (one === undefined) return 'redemption_not_found'
  const issued = issuedBy(state, one)
  return issued !== undefined && isTaken(issued) ? 'voucher_used' : null
}

/** Reservations (of a perk) that can still be captured on a local day, and issue their entitlement then. */
export function reserved({ redemptions }: MemberState, on: number, perk?: RuleId): number {
  return redemptions.filter(
    (one) => one.captured === NO_FACT && (perk ?? one.perk) === one.perk && !isTooOld(one.day, on),
  ).length
}
