// How often one member may redeem a perk (E-SPEND-2): how many times are left, and the first local day there is one again.
import { firstDayOfMonth, monthOfDay } from '../../../protocol/time.ts'
import type { RedeemPerk } from '../compile.ts'
import type { LimitDocument } from '../document/parts.ts'
import type { MemberState } from '../state.ts'
import { liveOf } from './entitlements.ts'
import { reserved, timesRedeemedBefore } from './redemptions.ts'
import { dateOfDay } from '../time/calendar.ts'

export interface LimitStanding {
  /** Null: no limit. */
  readonly remaining: number | null
  /** When none remains: the local date from which the limit allows another; null: never, or one remains now. */
  readonly againOn: string | null
}

/** `held`: redemptions the authority has allowed today that are not in the fold yet. */
export function standingOf(perk: RedeemPerk, state: MemberState, day: number, held: number): LimitStanding {
  const { limit } = perk.document
  if (limit === undefined) return { remaining: null, againOn: null }
  const current = intervalOf(limit, day)
  const span = limit.interval_count ?? 1
  const uses: number[] = Array<number>(held).fill(current)
  for (const one of state.redemptions) if (one.perk === perk.id) uses.push(intervalOf(limit, one.day))
  const before = limit.interval === 'ALL_TIME' ? timesRedeemedBefore(state, perk.id) : 0
  const counted = before + uses.filter((interval) => interval > current - span).length
  const remaining = Math.max(0, limit.count - counted)
  if (remaining > 0 || limit.interval === 'ALL_TIME') return { remaining, againOn: null }
  // The limit allows another once the count-th last use has left the intervals that count.
  const blocking = uses.toSorted((a, b) => b - a)[limit.count - 1] ?? current
  return { remaining, againOn: dateOfDay(firstDayOf(limit, blocking + span)) }
}

/** How many redemptions of local days count against a limit on a day. */
export function countedOn(limit: LimitDocument, days: readonly number[], day: number): number {
  const span = limit.interval_count ?? 1
  return days.filter((one) => intervalOf(limit, one) > intervalOf(limit, day) - span).length
}

/** How many more of what it issues the member may hold at a time; null: no bound of the perk's own. */
export function mayHold({ id, document }: RedeemPerk, state: MemberState, day: number): number | null {
  const most = document.voucher?.per_member
  return most === undefined ? null : Math.max(0, most - liveOf(state, id) - reserved(state, day, id))
}

/** Number of the calendar interval a local day lies in. */
function intervalOf({ interval }: LimitDocument, day: number): number {
  switch (interval) {
    case 'DAY':
      return day
    case 'MONTH':
      return monthOfDay(day)
    case 'YEAR':
      return Math.floor(monthOfDay(day) / 12)
    case 'ALL_TIME':
      return 0
  }
}

function firstDayOf({ interval }: LimitDocument, number: number): number {
  return interval === 'DAY' ? number : firstDayOfMonth(interval === 'MONTH' ? number : number * 12)
}

export function limitText({ count, interval, interval_count: intervals = 1 }: LimitDocument): string {
  const times = count === 1 ? 'once' : `${count} times`
  if (interval === 'ALL_TIME') return `${times} ever`
  const unit = interval.toLowerCase()
  return intervals === 1 ? `${times} a ${unit}` : `${times} in ${intervals} ${unit}s`
}
