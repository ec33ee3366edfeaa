// How one member's amounts stand: what the fold says can be spent, what of it is leased to stores, what the cloud has allowed and not seen yet, what was
// risked. The one reading of these tables: the authority decides by it, grants are made by it, and ingest, `verify` and HQ's view check and show it (P-LEASE-3).
import { booksFault, outstandingOf } from '../../../protocol/leases.ts'
import type { LeaseSubject, SpendingBooks } from '../../../protocol/leases.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { Program } from '../../evaluation/compile.ts'
import { POINTS } from '../../evaluation/document/metrics.ts'
import { spendableIn } from '../../evaluation/metrics/metrics.ts'
import type { MemberState } from '../../evaluation/state.ts'
import type { BookRow, LeaseReads, LeaseRow } from '../../store/lease-port.ts'
import type { HoldRow, TenantId } from '../../store/port.ts'

/** What lies around a member's state. */
export interface Claims {
  /** All there ever were, also those with nothing left. */
  readonly leases: readonly LeaseRow[]
  readonly holds: readonly HoldRow[]
  readonly books: readonly BookRow[]
}

export const NO_CLAIMS: Claims = { leases: [], holds: [], books: [] }

/** Of a member as committed. */
export async function claimsOf(
  read: LeaseReads,
  tenant: TenantId,
  member: MemberId,
  now: Millis,
): Promise<Claims> {
  return {
    leases: await read.leasesOfMembers([member]),
    holds: await read.openHolds(tenant, member, now),
    books: await read.bookList([member]),
  }
}

/** Rights over one subject that some store still has; of one item, and of one code. */
export function outstandingIn(
  leases: readonly LeaseRow[],
  subject: LeaseSubject,
  item: number,
  code: string | null = null,
): number {
  return leases.reduce(
    (sum, lease) =>
      lease.subject === subject && lease.item === item && lease.code === code
        ? sum + outstandingOf(lease)
        : sum,
    0,
  )
}

/** Points of a metric that open decisions hold. */
export function heldIn(program: Program | null, holds: readonly HoldRow[], metric: number): number {
  const metricOf = ({ perk }: HoldRow): number =>
    (perk === null ? undefined : program?.redeemPerks.get(perk)?.metric) ?? POINTS
  return holds.reduce((sum, hold) => (metricOf(hold) === metric ? sum + hold.points : sum), 0)
}

export function booksOf(
  program: Program | null,
  state: MemberState,
  { leases, holds, books }: Claims,
  metric: number,
): SpendingBooks {
  const kept = books.filter((row) => row.metric === metric)
  return {
    balance: spendableIn(state, metric),
    outstanding: outstandingIn(leases, 'points', metric),
    held: heldIn(program, holds, metric),
    risk: kept.reduce((sum, row) => sum + row.risk, 0),
    lost: kept.reduce((sum, row) => sum + row.lost, 0),
  }
}

/** Metrics in which the member has anything, or owes anything. */
export function metricsOf(state: MemberState, { leases, books }: Claims): Set<number> {
  return new Set([
    POINTS,
    ...(state.more?.accounts ?? []).map(({ metric }) => metric),
    ...leases.filter(({ subject }) => subject === 'points').map(({ item }) => item),
    ...books.map(({ metric }) => metric),
  ])
}

/** The first thing that does not add up; undefined when all does. */
export function claimsFault(program: Program | null, state: MemberState, claims: Claims): string | undefined {
  for (const metric of metricsOf(state, claims)) {
    const fault = booksFault(booksOf(program, state, claims, metric))
    if (fault !== undefined) return metric === POINTS ? fault : `metric ${metric}: ${fault}`
  }
  return voucherFault(state, claims)
}

/** A voucher is leased to one store at a time, and not more often than it can be used (P-LEASE-4). */
function voucherFault(state: MemberState, { leases }: Claims): string | undefined {
  const open = leases.filter((lease) => lease.subject === 'voucher' && outstandingOf(lease) > 0)
  const twice = open.find(({ code, origin }) =>
    open.some((other) => other.code === code && other.origin !== origin),
  )
  if (twice !== undefined) return `voucher ${twice.code} is leased to two stores`
  const over = open.find((lease) => {
    const voucher = state.entitlements.find(({ code }) => code === lease.code)
    // One that was used meanwhile by somebody who did not ask is told as such; it has no uses to compare with.
    return voucher !== undefined && voucher.usedBy === 0 && outstandingOf(lease) > voucher.uses
  })
  return over === undefined ? undefined : `voucher ${over.code} is leased for more uses than it has`
}
