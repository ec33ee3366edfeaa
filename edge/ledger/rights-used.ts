// What facts took of leases, read from the facts alone (P-LEASE-3).
import type { Fact } from '../../protocol/facts.ts'

/** Adds what a fact spent of leases and gave back, by lease; a cancellation puts back. */
export function addRightsUsed(used: Map<number, number>, fact: Fact): void {
  const add = (lease: number, amount: number): void => void used.set(lease, (used.get(lease) ?? 0) + amount)
  if (fact.kind === 'lease') for (const { lease, amount } of fact.lines) add(lease, amount)
  else if (fact.kind === 'redemption' || fact.kind === 'voucher_use') {
    const sign = fact.kind === 'redemption' && fact.stage === 'cancelled' ? -1 : 1
    for (const { lease, amount } of fact.rights) add(lease, sign * amount)
  }
}
