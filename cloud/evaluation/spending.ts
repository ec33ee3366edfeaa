// Spending points and using vouchers. Two questions are kept apart: `mayRedeem` decides, once, where the authority is (E-SPEND-1); the fold only
// books what was decided (E-SPEND-3).
import { createHmac } from 'node:crypto'
import type { Redemption, VoucherUse } from '../../protocol/facts.ts'
import type { FactId, RuleId, StoreId } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import { DAY_MS, MINUTE_MS, localDay, millisOf, monthOfDay } from '../../protocol/time.ts'
import type { HybridTime, ZoneOffset } from '../../protocol/time.ts'
import type { Program, RedeemPerk } from './compile.ts'
import type { Condition } from './earning.ts'
import { CONDITIONS, failingCondition } from './earning.ts'
import type { EffectBuffer } from './effects.ts'
import { RESTORE, SPEND, VOUCHER_ISSUED, VOUCHER_REUSED, VOUCHER_USED } from './effects.ts'
import type { MemberState, Voucher } from './state.ts'
import { addPoints, spendable, takePoints } from './state.ts'

/** Where and when a spending is asked for. */
export interface SpendingPlace {
  readonly store: StoreId
  readonly at: HybridTime
  readonly offset: ZoneOffset
}

/** What other open decisions of the authority have taken already, not yet in the fold. */
export interface Held {
  readonly points: number
  /** Redemptions of this very perk. */
  readonly uses: number
}

export const NOTHING_HELD: Held = { points: 0, uses: 0 }

const REFUSAL_OF: Partial<Record<Condition, RefusalCode>> = {
  status: 'perk_not_active',
  dates: 'perk_not_active',
  store: 'perk_not_here',
  required_tier: 'tier_insufficient',
}

/** Decides a redemption; the value is the points it costs. */
export function mayRedeem(
  program: Program,
  state: MemberState,
  perk: RuleId,
  place: SpendingPlace,
  held: Held,
): Result<number> {
  const found = program.redeemPerks.get(perk)
  if (found === undefined) return refuse('perk_not_found', `The program has no redeem perk ${perk}`, 'perk')
  const day = localDay(millisOf(place.at), place.offset)
  const failing = CONDITIONS[failingCondition(found, place.store, day, state.lifetime)] ?? 'applies'
  const code = REFUSAL_OF[failing]
  if (code !== undefined)
    return refuse(
      code,
      `"${found.document.title}" cannot be redeemed here now: its condition "${failing}" does not hold`,
    )
  const { limit } = found.document
  if (limit !== undefined && usesInLimit(found, state, day) + held.uses >= limit.count)
    return refuse('limit_reached', `"${found.document.title}" can be redeemed ${limitText(limit)}`)
  const available = spendable(state) - held.points
  if (available < found.points)
    return refuse(
      'points_insufficient',
      `"${found.document.title}" costs ${found.points} points, ${available} are available`,
    )
  return accept(found.points)
}

function limitText({
  count,
  interval,
  interval_count,
}: NonNullable<RedeemPerk['document']['limit']>): string {
  const times = count === 1 ? 'once' : `${count} times`
  return interval === 'ALL_TIME'
    ? `${times} ever`
    : `${times} per ${interval_count ?? 1} ${interval.toLowerCase()}(s)`
}

/** Redemptions that count for the perk's limit on a local day (E-SPEND-2). */
export function usesInLimit(perk: RedeemPerk, state: MemberState, day: number): number {
  const { limit } = perk.document
  if (limit === undefined) return 0
  const span = limit.interval_count ?? 1
  const intervalOf = (local: number): number =>
    limit.interval === 'ALL_TIME'
      ? 0
      : limit.interval === 'DAY'
        ? local
        : limit.interval === 'MONTH'
          ? monthOfDay(local)
          : Math.floor(monthOfDay(local) / 12)
  const from = limit.interval === 'ALL_TIME' ? 0 : intervalOf(day) - span + 1
  let count = 0
  for (let at = 0; at < state.uses.length; at += 2) {
    if (state.uses[at] === perk.id && intervalOf(state.uses[at + 1] ?? 0) >= from) count++
  }
  return count
}

/** 60 bits in letters and digits that cannot be mistaken for each other (Crockford's base 32) (E-SPEND-4). */
export function voucherCode(secret: string, source: number, perk: RuleId, index: number): string {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  const digest = createHmac('sha256', secret).update(`${source}-${perk}-${index}`).digest()
  let code = ''
  for (let at = 0; at < 12; at++) code += digits[(digest[at] ?? 0) & 31]
  return code
}

/** Issues the voucher of a redeem perk, if it has one. `source` and `index` make its code. */
export function issueVoucher(
  program: Program,
  state: MemberState,
  perk: RuleId,
  fact: { id: FactId; at: HybridTime; offset: number },
  source: number,
  index: number,
  effects: EffectBuffer,
): void {
  const template = program.redeemPerks.get(perk)?.document.voucher
  if (template === undefined) return
  const day = localDay(millisOf(fact.at), fact.offset)
  const expires =
    template.valid_days === undefined ? 0 : (day + template.valid_days + 1) * DAY_MS - fact.offset * MINUTE_MS
  state.vouchers.push({
    code: voucherCode(program.document.voucher_secret, source, perk, index),
    perk,
    fact: fact.id,
    expires,
    usedBy: 0 as FactId,
  })
  effects.push(VOUCHER_ISSUED, perk, index, 1, source)
}

/** Books a redemption fact (E-SPEND-3). */
export function bookRedemption(
  program: Program | null,
  state: MemberState,
  fact: Redemption,
  effects: EffectBuffer,
): void {
  const first = fact.of === 0 ? fact.id : fact.of
  const at = state.reservations.findIndex((reservation) => reservation.fact === first)
  const reservation = state.reservations[at]
  if (reservation === undefined && (fact.stage === 'cancelled' || state.settled.includes(first))) return
  if (fact.stage === 'cancelled' && reservation !== undefined) {
    state.reservations.splice(at, 1)
    state.settled.push(first)
    const { burned, points } = reservation
    const fromLots = burned.reduce((sum, value, index) => sum + (index % 2 === 1 ? value : 0), 0)
    // What no lot had covered was a deficit: it is filled first, so that the lots come back whole.
    if (points > fromLots) addPoints(state, points - fromLots, 0)
    for (let lot = 0; lot < burned.length; lot += 2) addPoints(state, burned[lot + 1] ?? 0, burned[lot] ?? 0)
    state.spent -= points
    forgetUse(state, reservation.perk, reservation.day)
    if (points > 0) effects.push(RESTORE, reservation.perk, 0, points, first)
    return
  }
  if (reservation === undefined) {
    const burned = takePoints(state, fact.points)
    state.spent += fact.points
    const day = localDay(millisOf(fact.at), fact.offset)
    state.uses.push(fact.perk, day)
    if (fact.points > 0) effects.push(SPEND, fact.perk, 0, -fact.points, first)
    if (fact.stage === 'reserved')
      state.reservations.push({ fact: fact.id, perk: fact.perk, points: fact.points, day, burned })
    else state.settled.push(first)
  } else if (fact.stage === 'captured') {
    state.reservations.splice(at, 1)
    state.settled.push(first)
  }
  if (fact.stage === 'captured' && program !== null)
    issueVoucher(program, state, fact.perk, fact, first, 0, effects)
}

function forgetUse(state: MemberState, perk: RuleId, day: number): void {
  for (let at = state.uses.length - 2; at >= 0; at -= 2) {
    if (state.uses[at] === perk && state.uses[at + 1] === day) {
      state.uses.splice(at, 2)
      return
    }
  }
}

export type VoucherStatus = 'UNUSED' | 'USED' | 'EXPIRED'

export function voucherStatus(voucher: Voucher, nowMs: number): VoucherStatus {
  if (voucher.usedBy > 0) return 'USED'
  return voucher.expires > 0 && nowMs >= voucher.expires ? 'EXPIRED' : 'UNUSED'
}

/** Decides the use of a voucher. */
export function mayUseVoucher(state: MemberState, code: string, nowMs: number): Result<Voucher> {
  const voucher = state.vouchers.find((known) => known.code === code)
  if (voucher === undefined) return refuse('voucher_not_found', 'No voucher has this code', 'code')
  const status = voucherStatus(voucher, nowMs)
  if (status === 'USED') return refuse('voucher_used', 'This voucher was used before')
  if (status === 'EXPIRED')
    return refuse(
      'voucher_expired',
      `This voucher was valid until ${new Date(voucher.expires - 1).toISOString()}`,
    )
  return accept(voucher)
}

/** Books a voucher use (E-SPEND-5). An unknown code has no effect until its redemption arrives and the fold restarts. */
export function bookVoucherUse(state: MemberState, fact: VoucherUse, effects: EffectBuffer): void {
  const voucher = state.vouchers.find((known) => known.code === fact.code)
  if (voucher === undefined) return
  if (voucher.usedBy > 0) {
    effects.push(VOUCHER_REUSED, voucher.perk, 0, 1, voucher.usedBy)
    return
  }
  voucher.usedBy = fact.id
  effects.push(VOUCHER_USED, voucher.perk, 0, 1, voucher.fact)
}
