// All that is projected of a tenant, without what may differ between two ways to the same facts: ids of rows, and when they were written.
import { ACCOUNTS } from '../../cloud/collections/tables/accounts.ts'
import type { AccountTable } from '../../cloud/collections/tables/accounts.ts'
import { EVERYTHING } from '../../cloud/collections/query.ts'
import type { Row } from '../../cloud/collections/collection.ts'
import type { CloudCore } from './cloud-core.ts'

const PROJECTED: readonly AccountTable[] = [
  'connections',
  'transactions',
  'entitlements',
  'challenge_connections',
  'requirement_summaries',
  'frequency_progress',
  'referrals',
  'connection_attributes',
]
const WRITTEN = ['id', 'created', 'modified', 'balance_modified', 'person', 'to_person', 'connection']
/** Ids of other rows, told by the fact or code of what they name. */
const NAMING = ['reference', 'voucher', 'redemption', 'challenge_connection']

export async function projectionText(cloud: CloudCore): Promise<string[]> {
  const lines: string[] = []
  const names = new Map<unknown, unknown>()
  const all = new Map<AccountTable, Row[]>()
  for (const table of PROJECTED) {
    const rows = await cloud.store.read.rows(ACCOUNTS[table], {
      tenants: [cloud.tenant],
      where: EVERYTHING,
      limit: 100_000,
    })
    all.set(table, rows)
    for (const row of rows) names.set(row.id, row.code ?? row.fact ?? row.rule)
  }
  for (const [table, rows] of all)
    for (const row of rows) {
      // Nobody lists it; and a frequency that counts nothing any more is a row only where it once did.
      if (row.hidden === true || (table === 'frequency_progress' && row.count === 0)) continue
      const kept = Object.entries(row).flatMap(([name, value]) =>
        WRITTEN.includes(name) ? [] : [[name, NAMING.includes(name) ? (names.get(value) ?? null) : value]],
      )
      lines.push(`${table} ${JSON.stringify(Object.fromEntries(kept))}`)
    }
  return lines.sort()
}
