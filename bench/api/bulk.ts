// Fills a cloud's file to a million transactions of a hundred thousand customers while no node works in it: rows of the lists are written straight into their
// tables, with all their indexes, as the projection leaves them (by copying a row that it made and changing what differs). There are no facts behind
// them, so such a file is for lists only; the rates of real ingest are the bench's other figures.
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Database } from 'better-sqlite3'
import { SCHEMA } from '../../cloud/collections/collections.ts'
import { collectionSumSql } from '../../cloud/store/sqlite/collection-rows.ts'
import { sumFunctions, sumSql } from '../../cloud/store/sqlite/row-sums.ts'
import { emailOf } from './shop.ts'

const STEP = 100_000
const DAY_MS = 86_400_000
const SPAN_DAYS = 360

export interface Filled {
  readonly transactions: number
  readonly customers: number
  readonly seconds: number
}

export function fillUp(directory: string, { customers, transactions }: Omit<Filled, 'seconds'>): Filled {
  const started = performance.now()
  const database = new Sqlite(join(directory, 'cloud.db'))
  try {
    database.pragma('journal_mode = WAL')
    // Nothing here must outlive the bench.
    database.pragma('synchronous = OFF')
    database.pragma('cache_size = -400000')
    sumFunctions(database)
    database.function('email_of', { deterministic: true }, (customer: number) => emailOf(customer))
    const said = (what: string): void => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      process.stderr.write(`api: ${what} after ${seconds} s\n`)
    }
    fillCustomers(database, customers)
    said(`${customers} customers`)
    fillTransactions(database, transactions, said)
    database.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
  return { customers, transactions, seconds: (performance.now() - started) / 1000 }
}

const NUMBERS =
  'WITH RECURSIVE numbers (n) AS (SELECT $from UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $until)'

/** A copy of the table's last row for each number, but for these columns. */
function copies(database: Database, table: string, changes: Readonly<Record<string, string>>): string {
  const names = (database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name)
  const values = names.map((name) => `${changes[name] ?? `t."${name}"`} AS "${name}"`)
  const sum = names.includes('sum') ? collectionSumSql(SCHEMA.of(table)) : '0'
  const written = names.map((name) => (name === 'sum' ? sum : `"${name}"`))
  return `INSERT INTO ${table} ${NUMBERS} SELECT ${written.join(', ')} FROM
    (SELECT ${values.join(', ')} FROM numbers, (SELECT * FROM ${table} ORDER BY id DESC LIMIT 1) t)`
}

function count(database: Database, sql: string): number {
  return Number(database.prepare<[], number>(sql).pluck().get())
}

/** Ids go on where the node's sequences are. */
function fillCustomers(database: Database, customers: number): void {
  const there = count(database, 'SELECT count(*) FROM connections')
  const span = { from: 0, until: customers - there }
  const persons = count(database, 'SELECT max(id) FROM persons')
  const rows = nextIds(database, span.until)
  const members = count(database, 'SELECT max(member) FROM connections')
  const n = `(n + ${there})`
  const person = `(n + ${persons + 1})`
  database.transaction(() => {
    const fill = (table: string, changes: Readonly<Record<string, string>>): void =>
      void database.prepare(copies(database, table, changes)).run(span)
    fill('persons', { id: person, last_name: `'Bench' || ${n}`, password: 'NULL' })
    fill('person_emails', { id: 'NULL', person, value: `email_of(${n})`, folded: `email_of(${n})` })
    fill('connections', {
      id: `(n + ${rows})`,
      person,
      member: `(n + ${members + 1})`,
      balance: '(n * 37 % 5000)',
      last_transaction: `t.last_transaction - (n % ${SPAN_DAYS}) * ${DAY_MS}`,
      modified: `t.modified - (n % ${SPAN_DAYS}) * ${DAY_MS}`,
      balance_modified: `t.balance_modified - (n % ${SPAN_DAYS}) * ${DAY_MS}`,
    })
  })()
}

/** Their customers in no order, their times over a year, ten locations. */
function fillTransactions(database: Database, transactions: number, said: (what: string) => void): void {
  const there = count(database, 'SELECT count(*) FROM transactions')
  const facts = count(database, 'SELECT max(fact) FROM transactions')
  database.exec(`CREATE TEMP TABLE customers AS SELECT row_number() OVER (ORDER BY id) - 1 AS place, id, person, member FROM connections;
    CREATE UNIQUE INDEX temp.customers_place ON customers (place);
    CREATE TEMP TABLE places AS SELECT row_number() OVER (ORDER BY id) - 1 AS place, id FROM locations;`)
  const customers = count(database, 'SELECT count(*) FROM temp.customers')
  const of = (column: string): string =>
    `(SELECT ${column} FROM temp.customers c WHERE c.place = n * 7919 % ${customers})`
  const newest = count(database, 'SELECT max(at) FROM transactions')
  const year = SPAN_DAYS * DAY_MS
  for (let from = there; from < transactions; from += STEP) {
    const span = { from, until: Math.min(transactions, from + STEP) }
    const rows = nextIds(database, span.until - span.from)
    const changes = {
      id: `(n - ${from} + ${rows})`,
      connection: of('id'),
      person: of('person'),
      member: of('member'),
      fact: `(n + ${facts})`,
      location: '(SELECT id FROM temp.places p WHERE p.place = n / 3 % 10)',
      source_id: `'bulk-' || n`,
      at: `${newest - year} + CAST(n * ${year / transactions} AS INTEGER)`,
    }
    database.transaction(() => void database.prepare(copies(database, 'transactions', changes)).run(span))()
    said(`${span.until} transactions`)
  }
}

/** The first of so many ids of the node's sequence. */
function nextIds(database: Database, wanted: number): number {
  const last = count(database, `SELECT value FROM meta WHERE name = 'entity_last'`)
  database.prepare(`UPDATE meta SET value = ? WHERE name = 'entity_last'`).run(String(last + wanted))
  database.exec(`UPDATE meta SET sum = ${sumSql('meta')}`)
  return last + 1
}
