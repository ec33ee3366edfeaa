// Leases added up again from all lease and spending facts (P-LEASE-1), and compared with the rows: for `verify`. Totals are sums, so the order of the facts
// does not matter.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import type { Fact } from '../../../protocol/facts.ts'
import { NO_FACT } from '../../../protocol/ids.ts'
import type { LeaseTotals } from '../../../protocol/leases.ts'
import { PAGE_SIZE_MAX } from '../../../protocol/limits.ts'
import type { LeaseReads } from '../../store/lease-port.ts'
import type { Reads, TenantId } from '../../store/port.ts'

type Totals = { -readonly [K in keyof LeaseTotals]: LeaseTotals[K] }
type Add = (lease: number, part: keyof Totals, amount: number) => void

export async function leaseProblems(
  read: Pick<Reads, 'facts'> & Pick<LeaseReads, 'leaseList'>,
  tenant: TenantId,
): Promise<string[]> {
  const sums = new Map<number, Totals>()
  const add: Add = (lease, part, amount) => {
    const totals = sums.get(lease) ?? { granted: 0, spent: 0, returned: 0, writtenOff: 0 }
    totals[part] += amount
    sums.set(lease, totals)
  }
  for (const kind of ['lease', 'redemption', 'voucher_use'] as const) {
    let after = 0
    for (;;) {
      const rows = await read.facts(tenant, { kind }, { after, limit: PAGE_SIZE_MAX })
      for (const { bytes, id } of rows) {
        replay(decodeStoredFact(bytes), add)
        after = id
      }
      if (rows.length < PAGE_SIZE_MAX) break
    }
  }
  return compare(read, tenant, sums)
}

function replay(fact: Fact, add: Add): void {
  if (fact.kind === 'lease') {
    for (const { lease, amount } of fact.lines) {
      if (fact.stage === 'granted') add(lease, 'granted', amount)
      else if (fact.stage === 'written_off') add(lease, 'writtenOff', amount)
      else if (fact.stage !== 'recalled') add(lease, 'returned', amount)
    }
  } else if (fact.kind === 'voucher_use' || (fact.kind === 'redemption' && fact.of === NO_FACT)) {
    if (fact.hold === 0) for (const { lease, amount } of fact.rights) add(lease, 'spent', amount)
  } else if (fact.kind === 'redemption' && fact.stage === 'cancelled')
    for (const { lease, amount } of fact.rights) add(lease, 'spent', -amount)
}

async function compare(
  read: Pick<LeaseReads, 'leaseList'>,
  tenant: TenantId,
  sums: ReadonlyMap<number, Totals>,
): Promise<string[]> {
  const problems: string[] = []
  let after = 0
  for (;;) {
    const rows = await read.leaseList(tenant, {}, { after, limit: PAGE_SIZE_MAX })
    for (const row of rows) {
      const { granted, spent, returned, writtenOff } = row
      const facts = sums.get(row.lease)
      const kept: Totals = { granted, spent, returned, writtenOff }
      if (JSON.stringify(kept) !== JSON.stringify(facts))
        problems.push(
          `lease ${row.lease}: saved as ${JSON.stringify(kept)}, its facts come to ${JSON.stringify(facts ?? null)}`,
        )
      after = row.lease
    }
    if (rows.length < PAGE_SIZE_MAX) return problems
  }
}
