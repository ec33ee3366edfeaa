// Which leases are to be asked back though nobody waits for them (U-6): what the program in force would not lend any more, what is beyond the member's share, what is
// under a name that was merged away, under which no till finds it, and what another likely store would get nothing for. Pure. Only leases that can be asked
// back now; whatever comes back is given anew by the same targets, so what is given is not excess the moment after.
import { outstandingOf } from '../../../protocol/leases.ts'
import type { Origin, StoreId } from '../../../protocol/ids.ts'
import type { LeaseRow } from '../../store/lease-port.ts'
import { budgetFigures, metricsSpent, restOf, sharesOf } from './policy.ts'
import type { BudgetCase, MemberCase } from './policy.ts'

export type Reach = ReadonlyMap<StoreId, Origin>

/** Asked back, a lease comes back whole; where it is a little above its share it is left, or every redemption would cost a round of facts. */
const above = (amount: number, share: number): boolean => amount * 3 > share * 4

export function excessOf(one: MemberCase, reach: Reach): LeaseRow[] {
  const { program, member, claims, now } = one
  const open = claims.leases.filter((lease) => canBeAsked(lease, reach, now))
  const { sharePercent, totalMax, entitlements } = program.offline
  const beyond = new Set(
    open.filter(
      (lease) =>
        lease.member !== member ||
        sharePercent === 0 ||
        (lease.subject === 'points' ? outstandingOf(lease) > totalMax : !entitlements),
    ),
  )
  for (const [metric, least] of metricsSpent(program))
    for (const lease of beyondShares(one, open, metric, least)) beyond.add(lease)
  return [...beyond]
}

function canBeAsked(lease: LeaseRow, reach: Reach, now: number): boolean {
  const { store, origin, expires, recall, answered } = lease
  return outstandingOf(lease) > 0 && recall === answered && expires > now && reach.get(store) === origin
}

/** Those above their target, where all together are above the share, or where a place in reach lacks what they have too much. */
function beyondShares(
  one: MemberCase,
  open: readonly LeaseRow[],
  metric: number,
  least: number,
): readonly LeaseRow[] {
  const { places, claims } = one
  const { leasable, targets } = sharesOf(one, metric, least)
  const all = claims.leases.filter(({ subject, item }) => subject === 'points' && item === metric)
  const targetIn = (store: StoreId): number =>
    targets[places.findIndex((place) => place.store === store)] ?? 0
  const large = open.filter((lease) => all.includes(lease) && outstandingOf(lease) > targetIn(lease.store))
  const total = sum(all)
  if (large.length === 0 || above(total, leasable)) return large
  const rest = Math.max(0, restOf(one, metric, leasable))
  const surplus = large.reduce((more, lease) => more + outstandingOf(lease) - targetIn(lease.store), 0)
  const starves = places.some(({ origin }, index) => {
    const enough = Math.max(least, (targets[index] ?? 0) / 4)
    const has = sum(all.filter((lease) => lease.origin === origin))
    return origin !== null && index < targets.length && has + rest < enough && surplus >= enough
  })
  return starves ? large : []
}

function sum(leases: readonly LeaseRow[]): number {
  return leases.reduce((all, lease) => all + outstandingOf(lease), 0)
}

/** Of a budget that was made smaller, or whose perk is given no more: what of it stores have above their parts. */
export function budgetExcess(one: BudgetCase, reach: Reach): LeaseRow[] {
  const { program, perk, leases, now } = one
  const { free, freeIn, targetIn } = budgetFigures(one)
  const ended = !perk.active || program.offline.sharePercent === 0
  return leases.filter((lease) => {
    if (!canBeAsked(lease, reach, now)) return false
    const over = free < 0 || freeIn(lease.store) < 0
    return ended || (over && outstandingOf(lease) > targetIn(lease.store))
  })
}
