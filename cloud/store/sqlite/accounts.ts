// Rows of accounts in the embedded engine: every statement is made from the declaration, once per set of columns. Ids are the node's one sequence.
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { columnsOf } from '../../collections/collection.ts'
import { ACCOUNTS } from '../../collections/tables/accounts.ts'
import type { AccountDraft, AccountRow, AccountTable } from '../../collections/tables/accounts.ts'
import type { AccountReads, AccountWrites, Activity, EarnedRow, ProjectionState } from '../account-port.ts'
import type { CollectionReads, CollectionWrites } from '../collection-port.ts'
import { factRow } from './rows.ts'
import type { Raw } from './rows.ts'
import type { preparer } from './statements.ts'

type Sql = ReturnType<typeof preparer>

/** A question has to say it in the words of its index, or all facts are gone through. */
const SAID = `kind IN ('challenge', 'profile', 'voucher_use')`

/** What is no collection. */
export const ACCOUNT_TABLES = `
CREATE TABLE projections (tenant INTEGER PRIMARY KEY, state TEXT NOT NULL, up_to INTEGER NOT NULL);
CREATE INDEX facts_said ON facts (member, kind, at, id) WHERE ${SAID};
`

const COLUMNS = Object.fromEntries(
  Object.entries(ACCOUNTS).map(([table, collection]) => [table, Object.keys(columnsOf(collection))]),
)
const BOOLEANS = Object.fromEntries(
  Object.entries(ACCOUNTS).map(([table, collection]) => [
    table,
    Object.entries(columnsOf(collection)).flatMap(([name, { type }]) => (type === 'boolean' ? [name] : [])),
  ]),
)

/** True because the row was written by this store from a value of this type. */
function rowOf<T extends AccountTable>(table: T, raw: Raw): AccountRow<T> {
  for (const column of BOOLEANS[table] ?? []) raw[column] = raw[column] === 1
  return raw as AccountRow<T>
}

/** SQLite knows no truth values. */
const bound = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value)

const quoted = (name: string): string => `"${name}"`

type OwnReads = Omit<AccountReads, keyof CollectionReads>

export function accountReads(sql: Sql): OwnReads {
  return {
    accountRows: async (table, key) => {
      const where = Object.keys(key)
        .map((column) => `${quoted(column)} = ?`)
        .join(' AND ')
      return sql(`SELECT * FROM ${table} WHERE ${where} ORDER BY id`)
        .all(...Object.values(key).map(bound))
        .map((raw) => rowOf(table, raw))
    },
    projection: async (tenant) => {
      const raw = sql('SELECT state, up_to FROM projections WHERE tenant = ?').get(tenant)
      return raw === undefined
        ? { state: 'off', upTo: 0 as MemberId }
        : ({ state: raw.state, upTo: raw.up_to } as ProjectionState)
    },
    transactedFacts: async (tenant, member, { limit, offset }) => {
      const connection =
        member === null
          ? null
          : (sql('SELECT id FROM connections WHERE member = ? AND tenant = ?').get(member, tenant)?.id ?? 0)
      const [column, value] = connection === null ? ['tenant', tenant] : ['connection', connection]
      return sql(
        `SELECT DISTINCT at, fact FROM transactions WHERE ${column} = ? ORDER BY at DESC, fact DESC LIMIT ? OFFSET ?`,
      )
        .all(value, limit, offset)
        .map(({ fact }) => fact as FactId)
    },
    lastTransaction: async (connection) => {
      const raw = sql(
        'SELECT * FROM transactions WHERE connection = ? ORDER BY at DESC, fact DESC, rule DESC LIMIT 1',
      ).get(connection)
      return raw && rowOf('transactions', raw)
    },
    earnedAfter: async (tenant, { at, id }, until, limit) =>
      // A row of this statement has these columns.
      sql(
        `SELECT at, id, connection, points, location FROM transactions
         WHERE tenant = ? AND (at, id) > (?, ?) AND at < ? AND classification = 'EARN' AND status = 'ACTIVE'
         ORDER BY at, id LIMIT ?`,
      ).all(tenant, at, id, until ?? Number.MAX_SAFE_INTEGER, limit) as unknown as EarnedRow[],
    activityBetween: async (tenant, connection, from, until) => {
      const [column, value] = connection === null ? ['tenant', tenant] : ['connection', connection]
      const sums = sql(
        `SELECT classification, COUNT(*) AS count, SUM(points) AS points FROM transactions
         WHERE ${column} = ? AND at >= ? AND at < ? AND status = 'ACTIVE' GROUP BY classification`,
      ).all(value, from, until)
      const of = (wanted: string): Activity['earned'] => {
        const sum = sums.find(({ classification }) => classification === wanted)
        return { count: Number(sum?.count ?? 0), points: Number(sum?.points ?? 0) }
      }
      // A row is changed when it is made, or later: its index finds it.
      const joined = sql(
        `SELECT COUNT(*) AS count FROM connections WHERE tenant = ? AND modified >= ? AND created >= ? AND created < ?`,
      ).get(tenant, from, from, until)
      return {
        earned: of('EARN'),
        redeemed: of('REDEEM'),
        joined: connection === null ? Number(joined?.count ?? 0) : 0,
      }
    },
  }
}

type OwnWrites = Omit<AccountWrites, keyof CollectionWrites>

export function accountWrites(sql: Sql, nextIds: CollectionWrites['nextIds']): OwnWrites {
  return {
    ...accountReads(sql),
    insertAccountRow: async <T extends AccountTable>(table: T, draft: AccountDraft<T>) => {
      const [id = 0] = await nextIds(1)
      const row = { ...draft, id }
      const columns = COLUMNS[table] ?? []
      sql(
        `INSERT INTO ${table} (${columns.map(quoted).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      ).run(...columns.map((column) => bound((row as Raw)[column])))
      return row
    },
    saveAccountRow: async (table, id, changes) => {
      const columns = Object.keys(changes)
      if (columns.length === 0) return
      sql(
        `UPDATE ${table} SET ${columns.map((column) => `${quoted(column)} = ?`).join(', ')} WHERE id = ?`,
      ).run(...Object.values(changes).map(bound), id)
    },
    deleteAccountRow: async (table, id) => {
      sql(`DELETE FROM ${table} WHERE id = ?`).run(id)
    },
    saveProjection: async (tenant, { state, upTo }) => {
      sql('INSERT OR REPLACE INTO projections (tenant, state, up_to) VALUES (?, ?, ?)').run(
        tenant,
        state,
        upTo,
      )
    },
    factsOfKind: async (member, kind) =>
      sql(
        `SELECT * FROM facts WHERE member = ? AND kind = ? AND ${SAID} AND status = 'counted' ORDER BY at, id`,
      )
        .all(member, kind)
        .map(factRow),
    enrolmentsAfter: async (tenant, member, limit) =>
      sql('SELECT id FROM members WHERE id > ? AND tenant = ? ORDER BY id LIMIT ?')
        .all(member, tenant, limit)
        .map(({ id }) => id as FactId),
  }
}
