// Leases and what is counted beside them: what was risked and taken back of a member's amounts, and which stores a member was in. The rows of leases
// are sums over lease and spending facts; `change` numbers every change, so that a store's ledger is told of it from a cursor on.
import type { MemberId } from '../../../protocol/ids.ts'
import type { Millis } from '../../../protocol/time.ts'
import type {
  BookRow,
  BudgetReads,
  LeaseFilter,
  LeaseReads,
  LeaseRow,
  LeaseWrites,
  VisitRow,
} from '../lease-port.ts'
import type { Page, TenantId } from '../port.ts'
import { namesOfMember } from './links.ts'
import { countOn, metaOf, saveMeta } from './meta.ts'
import { heldOf, openHoldsOf, usesOf } from './spendings.ts'
import { ANY_TENANT, addTally, compareTally } from './tallies.ts'
import type { TallyOf } from './tallies.ts'
import { present } from './statements.ts'
import type { preparer } from './statements.ts'
import { holdRow } from './rows.ts'
import type { Raw } from './rows.ts'
import { findSummed, sound, soundSql, sumOfRow } from './row-sums.ts'

const COLUMNS =
  'lease, tenant, origin, store, subject, member, item, code, granted, spent, returned, written_off, cap, expires, recall, answered, change, sum'

function leaseRow(raw: Raw): LeaseRow {
  const { written_off, sum: _, ...rest } = sound('leases', raw)
  return { ...rest, writtenOff: written_off } as unknown as LeaseRow
}

const OPEN = 'granted > spent + returned + written_off'

/** Those of members too that were merged into it. What is told by these hides nothing that was lent. */
const NAMES_OF_MEMBER = 'SELECT ? UNION ALL SELECT member FROM aliases WHERE root = ?'

function budgetReads(sql: ReturnType<typeof preparer>): BudgetReads {
  return {
    usesOfPerk: async (tenant, perk) => usesOf(sql, tenant, perk),
    heldOfPerk: async (tenant, perk, now) => heldOf(sql, tenant, perk, now),
    leasesOfBudget: async (tenant, perk) => {
      const rows = sql(`SELECT ${COLUMNS} FROM leases WHERE tenant = ? AND item = ? AND subject = 'budget'`)
        .all(tenant, perk)
        .map(leaseRow)
      const own = rows.filter((row) => row.tenant === tenant && row.item === perk && row.subject === 'budget')
      compareTally(sql, { kind: 'budget', tenant, owner: perk }, own.length)
      return rows
    },
  }
}

export function leaseWrites(sql: ReturnType<typeof preparer>): LeaseWrites {
  let change = Number(metaOf(sql, 'lease_change') ?? 0)
  const lastLease = (): number => Number(metaOf(sql, 'lease_last') ?? 0)
  return {
    ...budgetReads(sql),
    lastLease: async () => lastLease(),
    skipLeases: async (count) => void countOn(sql, 'lease_last', count),
    leases: async (numbers) => {
      const find = sql(`SELECT ${COLUMNS} FROM leases WHERE lease = ?`)
      return numbers.flatMap((number) => find.all(number)).map(leaseRow)
    },
    leasesOfMembers: async (members) => leasesOf(sql, members),
    saveLeases: async (rows) => {
      const save = sql(
        `INSERT OR REPLACE INTO leases (${COLUMNS})
         SELECT $lease, $tenant, $origin, $store, $subject, $member, $item, $code, $granted, $spent, $returned, $writtenOff, $cap, $expires,
           $recall, $answered, $change, $sum`,
      )
      let last = 0
      for (const row of rows) {
        if (findSummed(sql, 'leases', row.lease) === undefined) addTally(sql, listOf(row), 1)
        const sum = sumOfRow('leases', { ...row, written_off: row.writtenOff })
        save.run({ ...row, change: ++change, sum })
        last = Math.max(last, row.lease)
      }
      saveMeta(sql, 'lease_change', String(change))
      // Numbers are never given twice, whatever rows are deleted.
      if (last > lastLease()) saveMeta(sql, 'lease_last', String(last))
    },

    addToBooks: async (rows) => {
      const add = sql(
        `INSERT INTO books (member, metric, tenant, risk, lost) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (member, metric) DO UPDATE SET risk = risk + excluded.risk, lost = lost + excluded.lost`,
      )
      for (const { member, metric, tenant, risk, lost } of rows) add.run(member, metric, tenant, risk, lost)
    },
    books: async (members) => booksOf(sql, members),

    saveVisits: async (rows) => {
      const save = sql(
        `INSERT INTO visits (member, store, at) VALUES (?, ?, ?)
         ON CONFLICT (member, store) DO UPDATE SET at = excluded.at WHERE excluded.at > at`,
      )
      for (const { member, store, at } of rows) save.run(member, store, at)
    },
    visits: async (members) => {
      const find = sql(
        `SELECT ? AS member, store, MAX(at) AS at FROM visits WHERE member IN (${NAMES_OF_MEMBER}) GROUP BY store ORDER BY at DESC, store`,
      )
      return members.flatMap((member) => find.all(member, member, member)) as unknown as VisitRow[]
    },
    saveAwaiting: async (rows) => {
      const save = sql('INSERT OR IGNORE INTO awaiting (store, member) VALUES (?, ?)')
      for (const { store, member } of rows) save.run(store, member)
    },
    deleteAwaiting: async (rows) => {
      const remove = sql('DELETE FROM awaiting WHERE store = ? AND member = ?')
      for (const { store, member } of rows) remove.run(store, member)
    },
  }
}

function leasesOf(sql: ReturnType<typeof preparer>, members: readonly MemberId[]): LeaseRow[] {
  const find = sql(`SELECT ${COLUMNS} FROM leases WHERE member = ? AND member > 0`)
  return members
    .flatMap((member) => namesOfMember(sql, member))
    .flatMap((name) => {
      const rows = find.all(name).map(leaseRow)
      const own = rows.filter(({ member }) => member === name)
      compareTally(sql, { kind: 'leases', tenant: ANY_TENANT, owner: name }, own.length)
      return rows
    })
}

/** The list that a decision finds a lease in. */
function listOf({ subject, tenant, member, item }: Omit<LeaseRow, 'change'>): TallyOf {
  return subject === 'budget'
    ? { kind: 'budget', tenant, owner: item }
    : { kind: 'leases', tenant: ANY_TENANT, owner: member }
}

function booksOf(sql: ReturnType<typeof preparer>, members: readonly MemberId[]): BookRow[] {
  const find = sql(
    `SELECT ? AS member, metric, MIN(tenant) AS tenant, SUM(risk) AS risk, SUM(lost) AS lost FROM books
     WHERE member IN (${NAMES_OF_MEMBER}) GROUP BY metric`,
  )
  return members.flatMap((member) => find.all(member, member, member)) as unknown as BookRow[]
}

export function leaseReads(sql: ReturnType<typeof preparer>): LeaseReads {
  return {
    ...budgetReads(sql),
    leaseList: async (tenant: TenantId, { store, member, open }: LeaseFilter, page: Page) => {
      const whose =
        member === undefined
          ? ''
          : `AND member IN (SELECT $member UNION ALL SELECT member FROM aliases WHERE root = $member) AND member > 0`
      return sql(
        `SELECT ${COLUMNS} FROM leases WHERE lease > $after AND tenant = $tenant ${whose} AND ($store IS NULL OR store = $store)
         AND ($open = 0 OR granted > spent + returned + written_off) ORDER BY lease LIMIT $limit`,
      )
        .all({
          tenant,
          store: store ?? null,
          ...(member === undefined ? {} : { member }),
          open: open === true ? 1 : 0,
          after: page.after,
          limit: page.limit,
        })
        .map(leaseRow)
    },
    decisionsOf: async (member, ids) => {
      const find = sql(`SELECT * FROM holds WHERE id = ? AND member IN (${NAMES_OF_MEMBER})`)
      return present(ids.map((id) => find.get(id, member, member))).map((raw) => ({
        ...holdRow(raw),
        member,
      }))
    },
    changedLeases: async (origin, cursor, limit) =>
      sql(`SELECT ${COLUMNS} FROM leases WHERE origin = ? AND change > ? ORDER BY change LIMIT ?`)
        .all(origin, cursor, limit)
        .map(leaseRow),
    leasesEnding: async (tenant, after, until: Millis, limit) =>
      sql(
        `SELECT ${COLUMNS} FROM leases WHERE tenant = ? AND (expires, lease) > (?, ?) AND expires <= ? AND ${OPEN}
         ORDER BY expires, lease LIMIT ?`,
      )
        .all(tenant, after.expires, after.lease, until, limit)
        .map(leaseRow),
    leasesOverdue: async (tenant, by: Millis, over: Millis, limit) =>
      sql(
        `SELECT ${COLUMNS} FROM leases l WHERE tenant = $tenant AND ${OPEN} AND (expires < $by OR expires < $over AND
         EXISTS (SELECT 1 FROM origins o WHERE o.origin = l.origin AND o.state = 'closed' AND o.ended_at < $over AND ${soundSql('origins', 'o')}))
         ORDER BY expires LIMIT $limit`,
      )
        .all({ tenant, by, over, limit })
        .map(leaseRow),
    visitors: async (store, since, limit) =>
      sql('SELECT member FROM visits WHERE store = ? AND at >= ? ORDER BY at DESC LIMIT ?')
        .all(store, since, limit)
        .map(({ member }) => member as MemberId),
    awaiting: async (store, limit) =>
      sql('SELECT member FROM awaiting WHERE store = ? LIMIT ?')
        .all(store, limit)
        .map(({ member }) => member as MemberId),
    openHolds: async (tenant, member, now) => openHoldsOf(sql)(tenant, member, now),
    leasesOfMembers: async (members) => leasesOf(sql, members),
    bookList: async (members) => booksOf(sql, members),
    riskBooked: async (tenant) =>
      Number(sql('SELECT SUM(risk) AS risk FROM books WHERE tenant = ?').get(tenant)?.risk ?? 0),
  }
}

export const LEASE_TABLES = `
CREATE TABLE leases (lease INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, origin INTEGER NOT NULL, store INTEGER NOT NULL, subject TEXT NOT NULL,
  member INTEGER NOT NULL, item INTEGER NOT NULL, code TEXT, granted INTEGER NOT NULL, spent INTEGER NOT NULL, returned INTEGER NOT NULL, written_off INTEGER NOT NULL, cap INTEGER NOT NULL,
  expires INTEGER NOT NULL, recall INTEGER NOT NULL, answered INTEGER NOT NULL, change INTEGER NOT NULL, sum INTEGER NOT NULL);
CREATE INDEX leases_member ON leases (member) WHERE member > 0;
CREATE INDEX leases_budget ON leases (tenant, item) WHERE subject = 'budget';
CREATE UNIQUE INDEX leases_change ON leases (origin, change);
CREATE INDEX leases_open ON leases (tenant, expires) WHERE granted > spent + returned + written_off;
CREATE TABLE books (member INTEGER NOT NULL, metric INTEGER NOT NULL, tenant INTEGER NOT NULL, risk INTEGER NOT NULL, lost INTEGER NOT NULL,
  PRIMARY KEY (member, metric)) WITHOUT ROWID;
CREATE TABLE visits (member INTEGER NOT NULL, store INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (member, store)) WITHOUT ROWID;
CREATE INDEX visits_store ON visits (store, at);
CREATE TABLE awaiting (store INTEGER NOT NULL, member INTEGER NOT NULL, PRIMARY KEY (store, member)) WITHOUT ROWID;
`
