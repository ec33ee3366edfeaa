// Redemptions as the fold books them: burned when they are reserved (or captured at once), given back when they are cancelled or voided, also after they
// were captured, unless what they issued was used (E-SPEND-3, E-SPEND-12). The fold never asks whether a spending may be: that was decided.
import type { Redemption } from '../../../protocol/facts.ts'
import { NO_FACT } from '../../../protocol/ids.ts'
import type { FactId } from '../../../protocol/ids.ts'
import { localDay, millisOf } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import { POINTS } from '../document/metrics.ts'
import type { EffectBuffer } from '../effects.ts'
import { ENTITLEMENT_CONFLICT, GIVEN_BACK, RESTORE, SPEND } from '../effects.ts'
import { restoreIn, spendIn } from '../metrics/metrics.ts'
import type { Entitlement, MemberState, Redeemed } from '../state.ts'
import type { EntitlementStatus } from './entitlement-statuses.ts'
import { become, issueEntitlement } from './entitlements.ts'

/** The fact that names a redemption in all its later facts. */
export function firstOf({ id, of }: Pick<Redemption, 'id' | 'of'>): FactId {
  return of === NO_FACT ? id : of
}

export function bookRedemption(
  program: Program | null,
  state: MemberState,
  fact: Redemption,
  effects: EffectBuffer,
): void {
  const first = firstOf(fact)
  if (fact.stage === 'cancelled') {
    giveBack(state, first, millisOf(fact.at), effects)
    return
  }
  if (state.givenBack.includes(first)) return
  const known = state.redemptions.find((one) => one.fact === first)
  if (known === undefined) burn(program, state, fact, first, effects)
  else if (fact.stage === 'captured' && known.captured === NO_FACT)
    replace(state, known, { ...known, captured: fact.id })
  else return
  if (fact.stage === 'captured' && program !== null)
    issueEntitlement(program, state, fact.perk, fact, first, 0, effects)
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
  const day = localDay(millisOf(fact.at), fact.offset)
  const captured = stage === 'captured' ? fact.id : NO_FACT
  state.redemptions = [...state.redemptions, { fact: first, perk, metric, points, day, burned, captured }]
  if (points > 0) effects.push(SPEND, perk, metric, -points, first)
}

function replace(state: MemberState, one: Redeemed, by: Redeemed): void {
  state.redemptions = state.redemptions.map((known) => (known === one ? by : known))
}

/** Gives the points back into the lots they came from, and with them the use; what it issued is cancelled (E-SPEND-12). */
export function giveBack(state: MemberState, first: FactId, ms: number, effects: EffectBuffer): void {
  const one = state.redemptions.find(({ fact }) => fact === first)
  if (one === undefined) return
  const issued = issuedBy(state, one)
  if (issued !== undefined && isTaken(issued)) {
    effects.push(ENTITLEMENT_CONFLICT, issued.perk, 0, 1, issued.fact)
    return
  }
  state.redemptions = state.redemptions.filter((known) => known !== one)
  state.givenBack = [...state.givenBack, first]
  const { perk, metric, points, burned } = one
  effects.push(GIVEN_BACK, perk, 0, 1, first)
  if (points > 0) {
    effects.push(RESTORE, perk, metric, points, first)
    restoreIn(state, metric, points, burned, ms, effects)
  }
  if (issued !== undefined && !OVER.includes(issued.status)) become(issued, 'cancelled', effects)
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
  if (state.givenBack.includes(first)) return 'redemption_settled'
  const one = state.redemptions.find(({ fact }) => fact === first)
  if (one === undefined) return 'redemption_not_found'
  const issued = issuedBy(state, one)
  return issued !== undefined && isTaken(issued) ? 'voucher_used' : null
}
