// How long the lists are that decisions are made by (S-14). A row whose place in an index is lost would be missed without anybody noticing, and what it holds
// back would be lent again; so beside each such list stands, in a tree of its own, how many rows it has. Whoever reads the list compares.
import { UnsoundRow } from '../../storage/unsound.ts'
import { findSummed, putSummed } from './row-sums.ts'
import type { preparer } from './statements.ts'

type Sql = ReturnType<typeof preparer>

/**
 * Of a member, whatever the tenant: names merged into it, leases, open decisions. Of a tenant's perk: open decisions, leases of its budget, stores in which it
 * was redeemed.
 */
type Tallied = 'names' | 'leases' | 'holds' | 'perk_holds' | 'budget' | 'uses'

/** Of lists that are of a member. */
export const ANY_TENANT = 0

export interface TallyOf {
  readonly kind: Tallied
  readonly tenant: number
  readonly owner: number
}

/** An empty list has no row. */
export function addTally(sql: Sql, { kind, tenant, owner }: TallyOf, by: number): void {
  const count = Number(findSummed(sql, 'tallies', kind, tenant, owner)?.count ?? 0) + by
  if (count === 0)
    sql('DELETE FROM tallies WHERE kind = ? AND tenant = ? AND owner = ?').run(kind, tenant, owner)
  else putSummed(sql, 'tallies', { kind, tenant, owner, count })
}

/** Throws where rows were missed, or found that are another's. */
export function compareTally(sql: Sql, { kind, tenant, owner }: TallyOf, found: number): void {
  const count = Number(findSummed(sql, 'tallies', kind, tenant, owner)?.count ?? 0)
  if (count !== found) throw new UnsoundRow(`of ${count} ${kind} of ${owner} ${found} are found`)
}

export const TALLIES = `
CREATE TABLE tallies (kind TEXT NOT NULL, tenant INTEGER NOT NULL, owner INTEGER NOT NULL, count INTEGER NOT NULL, sum INTEGER NOT NULL,
  PRIMARY KEY (kind, tenant, owner)) WITHOUT ROWID;
INSERT INTO tallies SELECT kind, tenant, owner, count, row_sum(kind, tenant, owner, count) FROM (
  SELECT 'names' AS kind, ${ANY_TENANT} AS tenant, root AS owner, count(*) AS count FROM aliases GROUP BY root
  UNION ALL SELECT 'holds', ${ANY_TENANT}, member, count(*) FROM holds WHERE settled = 0 GROUP BY member
  UNION ALL SELECT 'perk_holds', tenant, perk, count(*) FROM holds WHERE settled = 0 AND voucher IS NULL AND perk IS NOT NULL GROUP BY tenant, perk
  UNION ALL SELECT 'uses', tenant, perk, count(*) FROM uses GROUP BY tenant, perk);
`
