// Rows of accounts in the embedded engine: every statement is made from the declaration, once per set of columns. Ids are the node's one sequence.
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import type { Row } from '../../collections/collection.ts'
import { ACCOUNTS } from '../../collections/tables/accounts.ts'
import type { AccountDraft, AccountRow, AccountTable } from '../../collections/tables/accounts.ts'
import type { AccountReads, AccountWrites, Activity, ProjectionState } from '../account-port.ts'
import type { CollectionReads, CollectionWrites } from '../collection-port.ts'
import type { CollectionRows } from './collection-rows.ts'
import { boundOf } from './query-shape.ts'
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

const quoted = (name: string): string => `"${name}"`

/** True because the rows were written by this store from values of this type. */
function read<T extends AccountTable>(kept: CollectionRows, table: T, raws: Raw[]): AccountRow<T>[] {
  return kept.read(ACCOUNTS[table], raws) as unknown as AccountRow<T>[]
}

/** Rows whose columns have these values: one that an index leads to by a flipped key has others. Texts are left to SQLite, as in lists. */
function rowsBy<T extends AccountTable>(
  sql: Sql,
  kept: CollectionRows,
  table: T,
  key: Partial<AccountRow<T>>,
): AccountRow<T>[] {
  const where = Object.keys(key)
    .map((column) => `${quoted(column)} = ?`)
    .join(' AND ')
  const values = Object.values(key).map(boundOf)
  const rows = read(kept, table, sql(`SELECT * FROM ${table} WHERE ${where} ORDER BY id`).all(...values))
  for (const [column, value] of Object.entries(key))
    if (typeof value === 'number' && rows.some((row) => (row as Raw)[column] !== value))
      throw new UnsoundRow(`a row of ${table} is found by another key`)
  return rows
}

type OwnReads = Omit<AccountReads, keyof CollectionReads>

export function accountReads(sql: Sql, kept: CollectionRows): OwnReads {
  return {
    accountRows: async (table, key) => rowsBy(sql, kept, table, key),
    projection: async (tenant) => {
      const raw = sql('SELECT state, up_to FROM projections WHERE tenant = ?').get(tenant)
      return raw === undefined
        ? { state: 'off', upTo: 0 as MemberId }
        : ({ state: raw.state, upTo: raw.up_to } as ProjectionState)
    },
    transactedFacts: async (tenant, member, { limit, offset }) => {
      const own = member === null ? undefined : rowsBy(sql, kept, 'connections', { member, tenant })[0]
      const key = member === null ? { tenant } : { connection: own?.id ?? 0 }
      return sql(
        `SELECT DISTINCT at, fact FROM transactions WHERE ${Object.keys(key)[0]} = ? ORDER BY at DESC, fact DESC LIMIT ? OFFSET ?`,
      )
        .all(...Object.values(key), limit, offset)
        .map(({ at, fact }) => {
          const said = rowsBy(sql, kept, 'transactions', { ...key, fact: Number(fact), at: Number(at) })
          if (said.length === 0) throw new UnsoundRow('a transaction is found by another key')
          return fact as FactId
        })
    },
    lastTransaction: async (connection) => {
      const raw = sql(
        'SELECT * FROM transactions WHERE connection = ? ORDER BY at DESC, fact DESC, rule DESC LIMIT 1',
      ).get(connection)
      return raw && read(kept, 'transactions', [raw])[0]
    },
    earnedAfter: async (tenant, { at, id }, until, limit) =>
      read(
        kept,
        'transactions',
        sql(
          `SELECT * FROM transactions WHERE tenant = ? AND (at, id) > (?, ?) AND at < ? AND classification = 'EARN' AND status = 'ACTIVE'
           ORDER BY at, id LIMIT ?`,
        ).all(tenant, at, id, until ?? Number.MAX_SAFE_INTEGER, limit),
      ),
    activityBetween: async (tenant, connection, from, until) => {
      const [column, value] = connection === null ? ['tenant', tenant] : ['connection', connection]
      const sums = new Map<unknown, { count: number; points: number }>()
      const found = sql(
        `SELECT * FROM transactions WHERE ${column} = ? AND at >= ? AND at < ? AND status = 'ACTIVE'`,
      )
      // One after the other: a business has any number of them.
      for (const raw of found.iterate(value, from, until)) {
        kept.prove(ACCOUNTS.transactions, [raw])
        const sum = sums.get(raw.classification) ?? { count: 0, points: 0 }
        sum.count += 1
        sum.points += Number(raw.points)
        sums.set(raw.classification, sum)
      }
      const of = (wanted: string): Activity['earned'] => sums.get(wanted) ?? { count: 0, points: 0 }
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

export function accountWrites(
  sql: Sql,
  kept: CollectionRows,
  nextIds: CollectionWrites['nextIds'],
): OwnWrites {
  return {
    ...accountReads(sql, kept),
    insertAccountRow: async <T extends AccountTable>(table: T, draft: AccountDraft<T>) => {
      const [id = 0] = await nextIds(1)
      const row = { ...draft, id }
      kept.insert(ACCOUNTS[table], row)
      return row
    },
    saveAccountRow: async (table, id, changes) => kept.change(ACCOUNTS[table], id, changes as Row),
    deleteAccountRow: async (table, id) => kept.delete(ACCOUNTS[table], id),
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
