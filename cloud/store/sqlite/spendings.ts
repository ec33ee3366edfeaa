// Holds, how much of a perk's budget is used, and the numbers of responses: what decisions are counted by.
import type { HoldRow, ResponseRow, StoreCount, Writes } from '../port.ts'
import { present } from './statements.ts'
import type { preparer } from './statements.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { namesOfMember } from './links.ts'
import { holdRow } from './rows.ts'
import type { Raw } from './rows.ts'
import { changeSummed, findSummed, insertSummed, putSummed, sound, soundSql } from './row-sums.ts'
import { foundOnce, writeUnique } from './second-trees.ts'
import { ANY_TENANT, addTally, compareTally } from './tallies.ts'
import type { TallyOf } from './tallies.ts'

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
const COUNTS = `(h.expires > ? OR NOT EXISTS (SELECT 1 FROM origins o JOIN contacts c USING (origin)
  WHERE o.store = h.store AND c.contact_at >= h.expires AND c.said_seq <= o.seq AND ${soundSql('origins', 'o')} AND ${soundSql('contacts', 'c')}))`

type Sql = ReturnType<typeof preparer>

interface OpenHold {
  readonly hold: HoldRow
  readonly counts: boolean
}

function openHold({ counts, ...raw }: Raw): OpenHold {
  return { hold: holdRow(raw), counts: counts === 1 }
}

export function openHoldsOf(sql: Sql): (tenant: number, member: MemberId, now: number) => HoldRow[] {
  const find = sql(`SELECT h.*, ${COUNTS} AS counts FROM holds h WHERE h.member = ? AND h.settled = 0`)
  return (tenant, member, now) =>
    namesOfMember(sql, member).flatMap((name) => {
      const rows = find.all(now, name).map(openHold)
      const own = rows.filter(({ hold }) => hold.member === name && !hold.settled)
      compareTally(sql, { kind: 'holds', tenant: ANY_TENANT, owner: name }, own.length)
      return rows.filter((row) => row.counts && row.hold.tenant === tenant).map(({ hold }) => hold)
    })
}

/** Open decisions on a perk, by store. */
export function heldOf(sql: Sql, tenant: number, perk: number, now: number): StoreCount[] {
  const rows = sql(
    `SELECT h.*, ${COUNTS} AS counts FROM holds h WHERE h.tenant = ? AND h.perk = ? AND h.settled = 0 AND h.voucher IS NULL`,
  )
    .all(now, tenant, perk)
    .map(openHold)
  const own = rows.filter(({ hold }) => hold.tenant === tenant && hold.perk === perk && !hold.settled)
  compareTally(sql, { kind: 'perk_holds', tenant, owner: perk }, own.length)
  const byStore = Map.groupBy(
    rows.filter(({ counts }) => counts),
    ({ hold }) => hold.store,
  )
  return [...byStore].map(([store, { length: count }]) => ({ store, count }))
}

/** What of a perk's budget is used up, by store. */
export function usesOf(sql: Sql, tenant: number, perk: number): StoreCount[] {
  const rows = sql('SELECT * FROM uses WHERE tenant = ? AND perk = ? ORDER BY store').all(tenant, perk)
  compareTally(sql, { kind: 'uses', tenant, owner: perk }, rows.length)
  return rows.map((raw) => {
    const { store, count } = sound('uses', raw)
    return { store, count } as StoreCount
  })
}

/** The lists that a decision is in while it is open. */
function listsOf({ tenant, member, perk, voucher }: Omit<HoldRow, 'id' | 'settled'>): TallyOf[] {
  const ofMember: TallyOf = { kind: 'holds', tenant: ANY_TENANT, owner: member }
  return perk === null || voucher !== null
    ? [ofMember]
    : [ofMember, { kind: 'perk_holds', tenant, owner: perk }]
}

export function spendingWrites(sql: Sql): SpendingWrites {
  const lastHold = (): number => Number(sql('SELECT max(id) AS last FROM holds').get()?.last ?? 0)
  /** One that is open is so no longer. */
  const takeOff = (id: number): void => {
    const raw = findSummed(sql, 'holds', id)
    const row = raw && holdRow(raw)
    if (row?.settled === false) for (const list of listsOf(row)) addTally(sql, list, -1)
  }
  const lastResponse = (
    tenant: number,
    challenge: number,
    period: string,
  ): { number: number; numberInPeriod: number } => {
    const number = sql(
      'SELECT MAX(number) AS last FROM responses INDEXED BY sqlite_autoindex_responses_1 WHERE tenant = ? AND challenge = ?',
    )
    const inPeriod = sql(
      'SELECT MAX(number_in_period) AS last FROM responses INDEXED BY responses_period WHERE tenant = ? AND challenge = ? AND period = ?',
    )
    return {
      number: Number(number.get(tenant, challenge)?.last ?? 0),
      numberInPeriod: Number(inPeriod.get(tenant, challenge, period)?.last ?? 0),
    }
  }
  return {
    holdByKey: async (store, key) => {
      const raw = sql(
        'SELECT * FROM holds INDEXED BY sqlite_autoindex_holds_1 WHERE store = ? AND key = ?',
      ).get(store, key)
      const second = sql('SELECT 1 FROM holds INDEXED BY holds_key_second WHERE store = ? AND key = ?')
      const found = foundOnce(raw, () => second.get(store, key), 'a decision')
      return found && holdRow(found)
    },
    openHolds: async (tenant, member, now) => openHoldsOf(sql)(tenant, member, now),
    holds: async (ids) => {
      const find = sql('SELECT * FROM holds WHERE id = ?')
      return present(ids.map((id) => find.get(id))).map(holdRow)
    },
    insertHold: async ({ tenant, store, key, member, perk, voucher, points, expires }): Promise<HoldRow> => {
      const row = { id: lastHold() + 1, tenant, store, key, member, perk, voucher, points, expires }
      insertSummed(sql, 'holds', { ...row, settled: 0 })
      for (const list of listsOf(row)) addTally(sql, list, 1)
      return { ...row, settled: false }
    },
    // Numbers follow the highest row: a settled one of nobody stands where they go on from.
    skipHolds: async (count) => {
      const last = lastHold()
      const nobodys = { tenant: 0, store: 0, key: `skipped ${last + 1}`, member: 0, points: 0, expires: 0 }
      insertSummed(sql, 'holds', { ...nobodys, id: last + count, settled: 1 })
    },
    settleHolds: async (ids) => {
      for (const id of ids) {
        takeOff(id)
        changeSummed(sql, 'holds', [id], { settled: 1 })
      }
    },
    deleteHolds: async (ids) => {
      const remove = sql('DELETE FROM holds WHERE id = ?')
      for (const id of ids) {
        takeOff(id)
        remove.run(id)
      }
    },

    saveRedemptions: async (rows) => {
      const remove = sql('DELETE FROM redemptions WHERE id = ?')
      const count = ({ tenant, perk, store }: Raw, by: number): void => {
        const before = findSummed(sql, 'uses', tenant, perk, store)
        if (before === undefined)
          addTally(sql, { kind: 'uses', tenant: Number(tenant), owner: Number(perk) }, 1)
        putSummed(sql, 'uses', { tenant, perk, store, count: Number(before?.count ?? 0) + by })
      }
      for (const { id, tenant, perk, store, counts } of rows) {
        const second = sql('SELECT 1 FROM redemptions INDEXED BY redemptions_second WHERE id = ?')
        const before = foundOnce(findSummed(sql, 'redemptions', id), () => second.get(id), 'a redemption')
        if (before !== undefined) count(before, -1)
        remove.run(id)
        if (!counts) continue
        const row = { id, tenant, perk, store }
        insertSummed(sql, 'redemptions', row)
        count(row, 1)
      }
    },
    lastResponse: async (tenant, challenge, period) => lastResponse(tenant, challenge, period),
    insertResponse: async (row) => {
      const insert = ({ tenant, challenge, number, period, numberInPeriod, fact }: ResponseRow): void => {
        sql(
          'INSERT INTO responses (tenant, challenge, number, period, number_in_period, fact) VALUES (?, ?, ?, ?, ?, ?)',
        ).run(tenant, challenge, number, period, numberInPeriod, fact)
      }
      writeUnique([row], insert, ({ tenant, challenge, number, period, numberInPeriod }) => {
        const last = lastResponse(tenant, challenge, period)
        return last.number < number && last.numberInPeriod < numberInPeriod
      })
    },
    responses: async (tenant, challenge, page) =>
      sql(
        `SELECT tenant, challenge, number, period, number_in_period AS numberInPeriod, fact FROM responses
         WHERE tenant = ? AND challenge = ? AND number > ? ORDER BY number LIMIT ?`,
      ).all(tenant, challenge, page.after, page.limit) as unknown as ResponseRow[],
  }
}
