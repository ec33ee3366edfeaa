// Holds, how much of a perk's budget is used, and the numbers of responses: what decisions are counted by.
import type { HoldRow, ResponseRow, Writes } from '../port.ts'
import { present } from './statements.ts'
import type { preparer } from './statements.ts'
import { holdRow } from './rows.ts'
import { rowSum } from './row-sums.ts'

type SpendingWrites = Pick<
  Writes,
  | 'holdByKey'
  | 'openHolds'
  | 'holds'
  | 'insertHold'
  | 'skipHolds'
  | 'settleHolds'
  | 'deleteHolds'
  | 'saveRedemptions'
  | 'lastResponse'
  | 'insertResponse'
  | 'responses'
>

/** U-2: it may still be in the ledger of a store that has not been heard of as a whole since. */
export const COUNTS = `(h.expires > ? OR NOT EXISTS (SELECT 1 FROM origins o JOIN contacts c USING (origin)
  WHERE o.store = h.store AND c.contact_at >= h.expires AND c.said_seq <= o.seq))`

export function openHoldsOf(
  sql: ReturnType<typeof preparer>,
): (tenant: number, member: number, now: number) => HoldRow[] {
  return (tenant, member, now) =>
    sql(
      `SELECT h.* FROM holds h WHERE h.member IN (SELECT ? UNION ALL SELECT member FROM aliases WHERE root = ?)
       AND h.settled = 0 AND h.tenant = ? AND ${COUNTS}`,
    )
      .all(member, member, tenant, now)
      .map(holdRow)
}

export function spendingWrites(sql: ReturnType<typeof preparer>): SpendingWrites {
  return {
    holdByKey: async (store, key) => {
      const raw = sql('SELECT * FROM holds WHERE store = ? AND key = ?').get(store, key)
      return raw && holdRow(raw)
    },
    openHolds: async (tenant, member, now) => openHoldsOf(sql)(tenant, member, now),
    holds: async (ids) => {
      const find = sql('SELECT * FROM holds WHERE id = ?')
      return present(ids.map((id) => find.get(id))).map(holdRow)
    },
    insertHold: async ({ tenant, store, key, member, perk, voucher, points, expires }): Promise<HoldRow> => {
      const values = [tenant, store, key, member, perk, voucher, points, expires]
      const raw = sql(
        `INSERT INTO holds (tenant, store, key, member, perk, voucher, points, expires, sum, settled)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) RETURNING *`,
      ).get(...values, rowSum(values))
      return holdRow(raw ?? {})
    },
    // Numbers follow the highest row: a settled one of nobody stands where they go on from.
    skipHolds: async (count) => {
      const last = Number(sql('SELECT max(id) AS last FROM holds').get()?.last ?? 0)
      const values = [0, 0, `skipped ${last + 1}`, 0, null, null, 0, 0]
      sql(
        `INSERT INTO holds (id, tenant, store, key, member, perk, voucher, points, expires, sum, settled)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
      ).run(last + count, ...values, rowSum(values))
    },
    settleHolds: async (ids) => {
      const settle = sql('UPDATE holds SET settled = 1 WHERE id = ?')
      for (const id of ids) settle.run(id)
    },
    deleteHolds: async (ids) => {
      const remove = sql('DELETE FROM holds WHERE id = ?')
      for (const id of ids) remove.run(id)
    },

    saveRedemptions: async (rows) => {
      const insert = sql('INSERT INTO redemptions (id, tenant, perk, store) VALUES (?, ?, ?, ?)')
      const remove = sql('DELETE FROM redemptions WHERE id = ? RETURNING perk, store')
      const count = sql(
        `INSERT INTO uses (tenant, perk, store, count) VALUES (?, ?, ?, ?)
         ON CONFLICT (tenant, perk, store) DO UPDATE SET count = count + excluded.count`,
      )
      for (const { id, tenant, perk, store, counts } of rows) {
        const before = remove.get(id)
        if (before !== undefined) count.run(tenant, before.perk, before.store, -1)
        if (!counts) continue
        insert.run(id, tenant, perk, store)
        count.run(tenant, perk, store, 1)
      }
    },
    lastResponse: async (tenant, challenge, period) => {
      const number = sql('SELECT MAX(number) AS last FROM responses WHERE tenant = ? AND challenge = ?')
      const inPeriod = sql(
        'SELECT MAX(number_in_period) AS last FROM responses WHERE tenant = ? AND challenge = ? AND period = ?',
      )
      return {
        number: Number(number.get(tenant, challenge)?.last ?? 0),
        numberInPeriod: Number(inPeriod.get(tenant, challenge, period)?.last ?? 0),
      }
    },
    insertResponse: async (row) => {
      sql(
        'INSERT INTO responses (tenant, challenge, number, period, number_in_period, fact) VALUES (?, ?, ?, ?, ?, ?)',
      ).run(row.tenant, row.challenge, row.number, row.period, row.numberInPeriod, row.fact)
    },
    responses: async (tenant, challenge, page) =>
      sql(
        `SELECT tenant, challenge, number, period, number_in_period AS numberInPeriod, fact FROM responses
         WHERE tenant = ? AND challenge = ? AND number > ? ORDER BY number LIMIT ?`,
      ).all(tenant, challenge, page.after, page.limit) as unknown as ResponseRow[],
  }
}
