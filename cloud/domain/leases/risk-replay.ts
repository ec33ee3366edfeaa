// Whether all that was spent without a right is booked as risk (P-LEASE-3), reckoned again from the facts: for `verify`. What a store spent of a lease beyond
// what it still had of it was nobody's to spend, whatever else the member has. A ledger says in its own order what it spent and gave back; when the cloud
// granted beside that does not follow from the facts, so all grants count as the first of all, and a write-off as the last.
import { NO_FACT } from '../../../protocol/ids.ts'
import type { FactId } from '../../../protocol/ids.ts'
import { outstandingOf } from '../../../protocol/leases.ts'
import type { LeaseReads } from '../../store/lease-port.ts'
import type { Reads, TenantId } from '../../store/port.ts'
import { factsOfKind, leasesOf } from './lease-replay.ts'

/** A step of a ledger: it spent so much of a lease (negative: put back), or gave so much back. */
interface Move {
  readonly id: FactId
  readonly spent: number
  readonly returned: number
}

/** A lease of points; its moves are kept where more of it was taken than was granted. */
interface Account {
  readonly granted: number
  readonly moves: Move[] | null
}

export async function riskProblem(
  read: Pick<Reads, 'facts'> & Pick<LeaseReads, 'leaseList' | 'riskBooked'>,
  tenant: TenantId,
): Promise<string | undefined> {
  const accounts = new Map<number, Account>()
  for await (const { lease, subject, granted, spent, returned } of leasesOf(read, tenant))
    if (subject === 'points') accounts.set(lease, { granted, moves: spent + returned > granted ? [] : null })
  const move = (lease: number, one: Move): void => void accounts.get(lease)?.moves?.push(one)
  let beyond = 0
  for await (const { id, of, stage, hold, points, rights } of factsOfKind(read, tenant, 'redemption')) {
    const sign = of === NO_FACT ? (hold > 0 ? 0 : 1) : stage === 'cancelled' ? -1 : 0
    if (sign === 0) continue
    if (sign > 0) beyond += points
    for (const { lease, amount } of rights) {
      if (!accounts.has(lease)) continue
      if (sign > 0) beyond -= amount
      move(lease, { id, spent: sign * amount, returned: 0 })
    }
  }
  for await (const { id, stage, lines } of factsOfKind(read, tenant, 'lease'))
    if (stage === 'returned' || stage === 'expired')
      for (const { lease, amount } of lines) move(lease, { id, spent: 0, returned: amount })
  for (const account of accounts.values()) beyond += uncoveredOf(account)
  const booked = await read.riskBooked(tenant)
  return beyond > booked
    ? `stores spent ${beyond} without a right to it, where ${booked} are booked as risk`
    : undefined
}

/** What was spent of it when it had no more to give. */
function uncoveredOf({ granted, moves }: Account): number {
  let [spent, returned, uncovered] = [0, 0, 0]
  const left = (): number => outstandingOf({ granted, spent, returned, writtenOff: 0 })
  for (const one of (moves ?? []).toSorted((a, b) => a.id - b.id)) {
    const before = left()
    spent = Math.max(0, spent + one.spent)
    if (one.spent > 0) uncovered += one.spent - (before - left())
    returned += one.returned
  }
  return uncovered
}
