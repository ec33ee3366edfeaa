// What can be spent here without the cloud, for the cashier and the status page: read from the leases, decided by nobody.
import type { MemberId, RuleId } from '../../protocol/ids.ts'
import { LEASE_MARGIN_MS } from '../../protocol/limits.ts'
import type { KeptLease } from '../ledger/leases.ts'
import type { OfflineAnswer, Status } from './answers.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import { capOf, redeemOffline, usable } from './offline.ts'
import { timeText } from './wording.ts'

/** Points (metric 0) and vouchers of one member. */
export function offlineView(books: Books, member: MemberId): OfflineAnswer {
  const live = books.ledger.leases.ofMember(member).filter((lease) => usable(books, lease) > 0)
  const points = live.filter(({ subject, item }) => subject === 'points' && item === 0)
  const left = points.reduce((sum, lease) => sum + usable(books, lease), 0)
  return {
    points: left,
    redemption_max: Math.max(0, ...points.map((lease) => Math.min(left, capOf(books, lease)))),
    vouchers: live.flatMap(({ code }) => code ?? []),
    until: untilText(live),
  }
}

/** When the first of the leases ends that a redemption would take; null: it could not be made. */
export function offlineUntil(books: Books, card: Card, perk: RuleId, points: number | null): string | null {
  const leave = redeemOffline(books, card, { perk, points, basket: null })
  if (!leave.ok || leave.value.risk !== null) return null
  return untilText(leave.value.rights.flatMap(({ lease }) => books.ledger.leases.one(lease) ?? []))
}

function untilText(leases: readonly KeptLease[]): string | null {
  return leases.length === 0
    ? null
    : timeText(Math.min(...leases.map(({ expires }) => expires)) - LEASE_MARGIN_MS)
}

export function leasesStatus(books: Books): Status['leases'] {
  const now = books.clock.now() + LEASE_MARGIN_MS
  const { leases, points, vouchers, until } = books.ledger.leases.sums(now)
  return {
    count: leases,
    points,
    vouchers,
    until: until === null ? null : timeText(until - LEASE_MARGIN_MS),
    clock_trusted: !books.clock.suspect,
  }
}
