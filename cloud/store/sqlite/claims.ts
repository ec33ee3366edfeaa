// Facts by what ties them to their member: an identity or an earlier fact, as text. Hot: asked for with every commit, for each fact that came.
import type { FactRow, TenantId, Writes } from '../port.ts'
import { factRow } from './rows.ts'
import type { preparer } from './statements.ts'

export function claimWrites(
  sql: ReturnType<typeof preparer>,
): Pick<Writes, 'factsByClaims' | 'factsFollowing'> {
  const following = (tenant: TenantId, from: number, to: number): FactRow[] => {
    const start = `fact:${from}`
    return sql(
      'SELECT * FROM facts WHERE tenant = ? AND claim BETWEEN ? AND ? AND length(claim) = ? AND claim IS NOT NULL',
    )
      .all(tenant, start, `fact:${to}`, start.length)
      .map(factRow)
  }
  return {
    factsByClaims: async (tenant, claims) =>
      sql(
        'SELECT f.* FROM json_each(?) j CROSS JOIN facts f ON f.tenant = ? AND f.claim = j.value AND f.claim IS NOT NULL',
      )
        .all(JSON.stringify(claims), tenant)
        .map(factRow),
    factsFollowing: async (tenant, runs) => {
      const found: FactRow[] = []
      for (const { first, last } of runs)
        // As texts, numbers stand in their order only among those of as many digits.
        for (let from: number = first, to; from <= last; from = to + 1) {
          to = Math.min(last, 10 ** String(from).length - 1)
          found.push(...following(tenant, from, to))
        }
      return found
    },
  }
}
