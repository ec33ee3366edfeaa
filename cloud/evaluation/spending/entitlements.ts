// What members hold: issuing it, the steps of its life, its end (E-ENT). The fold books what happened; whether something may happen is asked of
// spending.ts, where the authority is. They keep their order, the newest last.
import { createHmac } from 'node:crypto'
import type { EntitlementFact, VoucherUse } from '../../../protocol/facts.ts'
import { NO_FACT } from '../../../protocol/ids.ts'
import type { FactId, RuleId } from '../../../protocol/ids.ts'
import { ENTITLEMENTS_LIVE_MAX } from '../../../protocol/limits.ts'
import { DAY_MS, localDay, millisOf } from '../../../protocol/time.ts'
import type { HybridTime } from '../../../protocol/time.ts'
import { dayOfDate } from '../check/dates.ts'
import type { Program } from '../compile.ts'
import type { EntitlementDocument } from '../document/spending.ts'
import type { EffectBuffer } from '../effects.ts'
import {
  ENTITLEMENT,
  ENTITLEMENT_CONFLICT,
  ENTITLEMENT_REFUSED,
  GIVEN_BACK,
  VOUCHER_ISSUED,
  VOUCHER_REUSED,
  VOUCHER_USED,
} from '../effects.ts'
import { isForgotten } from './memory.ts'
import { HELD, LIVE, MOVES, USABLE, statusNumber } from './entitlement-statuses.ts'
import type { EntitlementStatus } from './entitlement-statuses.ts'
import type { Entitlement, MemberState } from '../state.ts'
import { endOfDay, startOfDay } from '../time/windows.ts'

/** 60 bits in letters and digits that cannot be mistaken for each other (Crockford's base 32) (E-SPEND-4). */
export function voucherCode(secret: string, source: number, perk: RuleId, index: number): string {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  const digest = createHmac('sha256', secret).update(`${source}-${perk}-${index}`).digest()
  let code = ''
  for (let at = 0; at < 12; at++) code += digits[(digest[at] ?? 0) & 31]
  return code
}

interface Issuing {
  readonly id: FactId
  readonly at: HybridTime
  readonly offset: number
}

/**
 * Issues the entitlement of a redeem perk, if it has one and the member may hold another (E-ENT-1). `source` and `index` make its code; `ms` is the
 * instant of the issue where it is not the fact's own but one that the fact brought.
 */
export function issueEntitlement(
  program: Program,
  state: MemberState,
  perk: RuleId,
  fact: Issuing,
  source: number,
  index: number,
  effects: EffectBuffer,
  ms: number = millisOf(fact.at),
  own: OwnWindow = NO_WINDOW,
): void {
  const template = program.redeemPerks.get(perk)?.document.voucher
  if (template === undefined) return
  const { per_member: most = Infinity } = template
  if (liveOf(state, perk) >= most || liveCount(state) >= ENTITLEMENTS_LIVE_MAX) {
    effects.push(ENTITLEMENT_REFUSED, perk, index, 1, source)
    return
  }
  const { from, expires } = windowOf(template, own, ms, fact.offset)
  state.entitlements = stillKnown(program, state, dayOfInstant(ms))
  const code = voucherCode(program.document.voucher_secret, source, perk, index)
  if ((expires > 0 && expires <= ms) || state.entitlements.some((one) => one.code === code)) {
    effects.push(ENTITLEMENT_REFUSED, perk, index, 1, source)
    return
  }
  const status = template.initial_status ?? 'unused'
  const issued: Entitlement = {
    code,
    perk,
    fact: fact.id,
    index,
    from,
    expires,
    status,
    before: null,
    uses: status === 'used' ? 0 : (template.uses ?? 1),
    usedBy: 0 as FactId,
    ended: LIVE.includes(status) ? 0 : dayOfInstant(ms),
  }
  state.entitlements = [...state.entitlements, issued]
  effects.push(VOUCHER_ISSUED, perk, index, 1, source)
}

/** First and last day of one entitlement's own, as an award names them; null: the perk's. */
export interface OwnWindow {
  readonly from: string | null
  readonly until: string | null
}

const NO_WINDOW: OwnWindow = { from: null, until: null }

/** The latest of its starts, the earliest of its ends (E-ENT-7). 0: none. */
function windowOf(
  { from, from_days: fromDays, until, valid_days: validDays }: EntitlementDocument,
  own: OwnWindow,
  ms: number,
  offset: number,
): { readonly from: number; readonly expires: number } {
  const issued = localDay(ms, offset)
  const later = (days: number | undefined): number | undefined =>
    days === undefined ? undefined : issued + days
  const starts = own.from === null ? [later(fromDays), dayOfDate(from ?? '')] : [dayOfDate(own.from)]
  const ends = own.until === null ? [later(validDays), dayOfDate(until ?? '')] : [dayOfDate(own.until)]
  const first = Math.max(...starts.map((day) => day ?? -Infinity))
  const last = Math.min(...ends.map((day) => day ?? Infinity))
  return {
    from: first === -Infinity ? 0 : startOfDay(first, offset),
    expires: last === Infinity ? 0 : endOfDay(last, offset),
  }
}

function dayOfInstant(ms: number): number {
  return Math.floor(ms / DAY_MS)
}

/**
 * Without what came to an end so long ago that it can be given back no longer (E-MEM-1). Of a tier's the last one stays, for the next one's code is
 * made of its number.
 */
function stillKnown({ tiers }: Program, { entitlements }: MemberState, on: number): readonly Entitlement[] {
  const isLastOfTier = ({ perk, index }: Entitlement, place: number): boolean =>
    tiers.some(({ id }) => isOfTier(index, id)) &&
    !entitlements.some((one, at) => at > place && one.perk === perk && isOfTier(one.index, index % ENTRY))
  const isOver = (one: Entitlement, place: number): boolean =>
    one.ended > 0 && isForgotten(one.ended, on) && !isLastOfTier(one, place)
  return entitlements.some(isOver) ? entitlements.filter((one, place) => !isOver(one, place)) : entitlements
}

/** Added to the index of a further entry's entitlement, so that it has a code of its own; no rule id is larger. */
export const ENTRY = 1_000_000_000

export function isOfTier(index: number, tier: number): boolean {
  return index % ENTRY === tier
}

export function isLive({ status }: Entitlement): boolean {
  return LIVE.includes(status)
}

/** Live entitlements of a perk. */
export function liveOf({ entitlements }: MemberState, perk: RuleId): number {
  let count = 0
  for (const one of entitlements) if (one.perk === perk && isLive(one)) count++
  return count
}

/** Live entitlements of all perks. */
export function liveCount({ entitlements }: MemberState): number {
  let count = 0
  for (const one of entitlements) if (isLive(one)) count++
  return count
}

/** Whether the member holds an entitlement of the perk; of LEVEL memberships only the one with the highest priority counts (E-COND-2). */
export function holdsLive(program: Program, state: MemberState, perk: RuleId, ms: number): boolean {
  if (!isHeld(state, perk, ms)) return false
  const own = levelOf(program, perk)
  if (own === undefined) return true
  return !state.entitlements.some((other) => {
    const its = other.perk === perk ? undefined : levelOf(program, other.perk)
    return (
      its !== undefined && (its > own || (its === own && other.perk < perk)) && isHeld(state, other.perk, ms)
    )
  })
}

/** Priority of a LEVEL membership; undefined for any other perk. */
function levelOf(program: Program, perk: RuleId): number | undefined {
  const membership = program.redeemPerks.get(perk)?.document.membership
  return membership?.template === 'LEVEL' ? membership.priority : undefined
}

function isHeld({ entitlements }: MemberState, perk: RuleId, ms: number): boolean {
  return entitlements.some(
    (one) => one.perk === perk && HELD.includes(one.status) && (one.expires === 0 || ms < one.expires),
  )
}

/** The earliest instant at which something live ends; Infinity: nothing does. */
export function nextEntitlementEnd({ entitlements }: MemberState): number {
  let earliest = Infinity
  for (const one of entitlements) {
    if (one.expires > 0 && one.expires < earliest && isLive(one)) earliest = one.expires
  }
  return earliest
}

/** Expires what has ended by `ms` (E-ENT-3). */
export function entitlementsDue(state: MemberState, ms: number, effects: EffectBuffer): void {
  for (const one of state.entitlements)
    if (one.expires > 0 && one.expires <= ms && isLive(one)) become(one, 'expired', one.expires, effects)
}

/** Cancels all live entitlements of these perks (E-TIER-6). */
export function cancelEntitlementsOf(
  state: MemberState,
  perks: readonly RuleId[],
  ms: number,
  effects: EffectBuffer,
): void {
  for (const one of state.entitlements)
    if (perks.includes(one.perk) && isLive(one)) become(one, 'cancelled', ms, effects)
}

/** `ms`: when. */
export function become(one: Entitlement, status: EntitlementStatus, ms: number, effects: EffectBuffer): void {
  one.before = status === 'reserved' ? one.status : null
  one.status = status
  one.ended = LIVE.includes(status) ? 0 : dayOfInstant(ms)
  effects.replace(ENTITLEMENT, one.perk, one.index, statusNumber(status), one.fact)
}

/** Books a step of an entitlement's life (E-ENT-2). An unknown code has no effect until its issue arrives and the fold restarts. */
export function bookEntitlement(state: MemberState, fact: EntitlementFact, effects: EffectBuffer): void {
  const one = state.entitlements.find(({ code }) => code === fact.code)
  if (one === undefined) return
  const { action, until, offset } = fact
  const { from, to } = MOVES[action]
  const ms = millisOf(fact.at)
  const last = dayOfDate(until ?? '')
  const end = last === undefined ? 0 : endOfDay(last, offset)
  if (!from.includes(one.status) || (end > 0 && end <= ms)) {
    effects.push(ENTITLEMENT_CONFLICT, one.perk, 0, 1, one.fact)
    return
  }
  if (action === 'redate') {
    one.expires = end
    effects.replace(ENTITLEMENT, one.perk, one.index, statusNumber(one.status), one.fact)
    return
  }
  if (action === 'claim') {
    one.uses = 0
    one.usedBy = fact.id
  }
  if (action === 'reinstate') {
    one.uses = Math.max(1, one.uses)
    one.usedBy = NO_FACT
    // What was over stays open without an end, unless it is given one.
    if (end > 0 || one.expires <= ms) one.expires = end
  }
  become(one, to === 'before' ? (one.before ?? 'unused') : to === 'same' ? one.status : to, ms, effects)
}

/** Books a use, also of what has expired since it was decided (E-SPEND-5, E-ENT-4). An unknown code as in `bookEntitlement`. */
export function bookVoucherUse(state: MemberState, fact: VoucherUse, effects: EffectBuffer): void {
  const one = state.entitlements.find(({ code }) => code === fact.code)
  if (one === undefined) return
  if (one.status === 'used') {
    effects.push(VOUCHER_REUSED, one.perk, 0, 1, one.usedBy)
    return
  }
  if (one.status !== 'expired' && !USABLE.includes(one.status)) {
    effects.push(ENTITLEMENT_CONFLICT, one.perk, 0, 1, one.fact)
    return
  }
  one.uses -= 1
  one.usedBy = fact.id
  if (one.uses === 0) {
    one.before = one.status === 'reserved' ? one.before : one.status
    one.status = 'used'
    one.ended = dayOfInstant(millisOf(fact.at))
  }
  effects.push(VOUCHER_USED, one.perk, 0, 1, one.fact)
}

/** A use that was booked is given back (E-ENT-8): with the last of them what it was before; whoever used it first is not told any more. */
export function giveUseBack(
  program: Program | null,
  state: MemberState,
  { code, id }: VoucherUse,
  ms: number,
  effects: EffectBuffer,
): void {
  const one = state.entitlements.find((held) => held.code === code)
  if (one === undefined) return
  const { uses: all = 1 } = program?.redeemPerks.get(one.perk)?.document.voucher ?? {}
  one.uses += 1
  if (one.uses >= all) one.usedBy = NO_FACT
  effects.push(GIVEN_BACK, one.perk, 0, 1, id)
  if (one.status === 'used') become(one, one.before ?? 'unused', ms, effects)
}
