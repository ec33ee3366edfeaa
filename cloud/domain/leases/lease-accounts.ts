// The leases that a commit's facts are about: facts move the totals, and nothing else does (P-LEASE-1), so that replaying them gives the same rows.
import type { LeaseFact } from '../../../protocol/facts.ts'
import { originOf } from '../../../protocol/ids.ts'
import type { MemberId, Origin, StoreId } from '../../../protocol/ids.ts'
import { outstandingOf } from '../../../protocol/leases.ts'
import type { LeaseLine } from '../../../protocol/leases.ts'
import type { LeaseRow } from '../../store/lease-port.ts'
import type { TenantId, Writes } from '../../store/port.ts'

type Row = { -readonly [K in keyof Omit<LeaseRow, 'change'>]: LeaseRow[K] }

/** A lease after a commit. */
export interface LeaseChange {
  readonly lease: number
  readonly tenant: TenantId
  readonly origin: Origin
  readonly member: MemberId
  /** Asked back, and the store has not answered. */
  readonly recalled: boolean
  /** The store gave it back because it had expired. */
  readonly expired: boolean
}

export class LeaseAccounts {
  readonly #rows: Map<number, Row>
  readonly #changed = new Set<Row>()
  readonly #expired = new Set<Row>()
  readonly #tenant: TenantId

  private constructor(tenant: TenantId, rows: readonly LeaseRow[]) {
    this.#tenant = tenant
    this.#rows = new Map(rows.map((row) => [row.lease, { ...row }]))
  }

  static async load(tx: Writes, tenant: TenantId, numbers: readonly number[]): Promise<LeaseAccounts> {
    const rows = await tx.leases([...new Set(numbers)])
    return new LeaseAccounts(
      tenant,
      rows.filter((row) => row.tenant === tenant),
    )
  }

  find(lease: number): Readonly<Row> | undefined {
    return this.#rows.get(lease)
  }

  /** What a lease fact says of each of its leases. Of a store's own only what it gives back counts. */
  apply(fact: LeaseFact): void {
    for (const line of fact.lines) this.#line(fact, line)
  }

  #line({ stage, origin, store, id }: LeaseFact, line: LeaseLine): void {
    const { lease, amount } = line
    const row = this.#rows.get(lease) ?? (stage === 'granted' ? this.#open(line, origin, store) : undefined)
    if (row === undefined) return
    switch (stage) {
      case 'granted':
        row.granted += amount
        row.cap = line.cap
        row.expires = line.expires
        break
      case 'recalled':
        row.recall += 1
        break
      case 'written_off':
        row.writtenOff += amount
        break
      case 'returned':
      case 'expired':
        // A store's ledger that began a new life says again what the old one gave back; another store's says nothing here.
        if (row.store !== store) return
        row.returned += amount
        if (originOf(id) === row.origin) row.answered = row.recall
        if (stage === 'expired') this.#expired.add(row)
        break
    }
    this.#changed.add(row)
  }

  #open(line: LeaseLine, origin: Origin, store: StoreId): Row {
    const { lease, subject, member, item, code, cap, expires } = line
    const row: Row = {
      lease,
      tenant: this.#tenant,
      origin,
      store,
      subject,
      member,
      item,
      code,
      granted: 0,
      spent: 0,
      returned: 0,
      writtenOff: 0,
      cap,
      expires,
      recall: 0,
      answered: 0,
    }
    this.#rows.set(lease, row)
    return row
  }

  /** Takes what a spending names; gives what of it the lease did not cover. */
  spend(lease: number, amount: number): number {
    const row = this.#rows.get(lease)
    if (row === undefined) return amount
    const before = outstandingOf(row)
    row.spent += amount
    this.#changed.add(row)
    return amount - (before - outstandingOf(row))
  }

  /** A cancellation puts back what the redemption took. */
  putBack(lease: number, amount: number): void {
    const row = this.#rows.get(lease)
    if (row === undefined) return
    row.spent = Math.max(0, row.spent - amount)
    this.#changed.add(row)
  }

  async save(tx: Writes): Promise<LeaseChange[]> {
    if (this.#changed.size === 0) return []
    await tx.saveLeases([...this.#changed])
    return [...this.#changed].map((row) => ({
      lease: row.lease,
      tenant: row.tenant,
      origin: row.origin,
      member: row.member,
      recalled: row.recall > row.answered,
      expired: this.#expired.has(row),
    }))
  }
}
