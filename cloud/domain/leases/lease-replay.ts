// Leases added up again from all lease and spending facts (P-LEASE-1), and compared with the rows: for `verify`. Totals are sums, so the order of the facts
// does not matter.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import type { Fact, FactKind } from '../../../protocol/facts.ts'
import { NO_FACT } from '../../../protocol/ids.ts'
import type { LeaseTotals } from '../../../protocol/leases.ts'
import { PAGE_SIZE_MAX } from '../../../protocol/limits.ts'
import type { LeaseReads, LeaseRow } from '../../store/lease-port.ts'
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
  for (const kind of ['lease', 'redemption', 'voucher_use'] as const)
    for await (const fact of factsOfKind(read, tenant, kind)) replay(fact, add)
  return compare(read, tenant, sums)
}

/** In the order of their ids, so those of a ledger in its order. */
export async function* factsOfKind<K extends FactKind>(
  read: Pick<Reads, 'facts'>,
  tenant: TenantId,
  kind: K,
): AsyncGenerator<Extract<Fact, { kind: K }>> {
  for (let after = 0; ;) {
    const rows = await read.facts(tenant, { kind }, { after, limit: PAGE_SIZE_MAX })
    // Its kind was asked for.
    for (const { bytes } of rows) yield decodeStoredFact(bytes) as Extract<Fact, { kind: K }>
    if (rows.length < PAGE_SIZE_MAX) return
    after = rows.at(-1)?.id ?? after
  }
}

export async function* leasesOf(
  read: Pick<LeaseReads, 'leaseList'>,
  tenant: TenantId,
): AsyncGenerator<LeaseRow> {
  for (let after = 0; ;) {
    const rows = await read.leaseList(tenant, {}, { after, limit: PAGE_SIZE_MAX })
    yield* rows
    if (rows.length < PAGE_SIZE_MAX) return
    after = rows.at(-1)?.lease ?? after
  }
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
  for await (const { lease, granted, spent, returned, writtenOff } of leasesOf(read, tenant)) {
    const facts = sums.get(lease)
    const kept: Totals = { granted, spent, returned, writtenOff }
    if (JSON.stringify(kept) !== JSON.stringify(facts))
      problems.push(
        `lease ${lease}: saved as ${JSON.stringify(kept)}, its facts come to ${JSON.stringify(facts ?? null)}`,
      )
  }
  return problems
}
