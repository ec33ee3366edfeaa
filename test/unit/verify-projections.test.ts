// What platforms list against the facts it stands for (V-5): a sound file is silent, and every planted difference is told by its row and column. The same look
// shows that a store that was full before it was listed has all its rows, with commits in between (PROJ-7).
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Database } from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SCHEMA } from '../../cloud/collections/collections.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { FILL_MEMBERS_MAX } from '../../cloud/domain/accounts/projection/projector.ts'
import { collectionSumSql } from '../../cloud/store/sqlite/collection-rows.ts'
import { sumFunctions } from '../../cloud/store/sqlite/row-sums.ts'
import { openSnapshot } from '../../cloud/store/sqlite/sqlite-store.ts'
import { verify } from '../../cloud/verify.ts'
import { projectionFaults } from '../../cloud/verify-projections.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { OPERATED_PROGRAM, operate } from '../support/operated.ts'
import type { OriginWriter } from '../support/origin-writer.ts'

const NOW = Date.UTC(2026, 5, 3, 12)
const clock = { now: () => NOW }
let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let store: OriginWriter
/** Members of the store before it was listed. */
let members: MemberId[]

beforeAll(async () => {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, clock)
  await cloud.found(OPERATED_PROGRAM)
  store = await cloud.addStore()
  await fillStore()
  await listed()
  await operate(cloud, store)
})
afterAll(async () => {
  await cloud.store.close()
  directory.remove()
})

/** More members than one transaction of filling takes, with sales, returns and more sales that come while the rows are made. */
async function fillStore(): Promise<void> {
  members = Array.from({ length: FILL_MEMBERS_MAX + 20 }, (_, n) =>
    store.enrol({ at: NOW - 90_000_000 + n }, [{ kind: 'email', value: `m${n}@example.org` }], `M ${n}`),
  )
  for (const [n, member] of members.entries()) {
    const sale = store.sale({ at: NOW - 80_000_000 + n, member }, [{ sku: 'x', amount: 1_000 + n }])
    if (n % 3 === 0)
      store.giveBack({ at: NOW - 70_000_000 + n, member }, [{ sale, line: 0, pieces: 1, amount: 500 }])
  }
  for (let from = 1; from <= store.seq; from += 100)
    await cloud.ingest.submit(store.origin, store.batch(from, Math.min(store.seq, from + 99)))
}

async function listed(): Promise<void> {
  const filled = cloud.project()
  for (const member of [...members.slice(0, 3), ...members.slice(-3)]) {
    for (let sale = 0; sale < 3; sale++) store.sale({ at: NOW - 1_000, member }, [{ sku: 'x', amount: 900 }])
    await cloud.ingest.submit(store.origin, store.batch(store.seq - 2))
  }
  await filled
}

async function faults(): Promise<string[]> {
  const snapshot = openSnapshot(directory.path)
  const found: string[] = []
  try {
    const count = await projectionFaults(snapshot, clock, (fault) => found.push(fault))
    expect(count).toBe(found.length)
    return found
  } finally {
    snapshot.close()
  }
}

const TABLES = [
  'connections',
  'transactions',
  'entitlements',
  'challenge_connections',
  'requirement_summaries',
  'frequency_progress',
  'referrals',
  'connection_attributes',
]

test('V-5 PROJ-7 what was full before it was listed, with commits in between, and what was done since, is what the facts say', async () => {
  const database = new Sqlite(join(directory.path, 'cloud.db'), { readonly: true })
  for (const table of TABLES)
    expect([table, database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()]).not.toEqual([table, 0])
  database.close()
  expect(await cloud.store.read.accountRows('connections', { tenant: cloud.tenant })).toHaveLength(
    members.length + 1,
  )
  expect(await verify(directory.path)).toMatchObject({ ok: true, projection_mismatches: 0, problems: [] })
})

/** What a defect of software would leave: rows that are what was written, and not what facts say. */
function sumAgain(database: Database): void {
  sumFunctions(database)
  for (const table of TABLES) database.exec(`UPDATE ${table} SET sum = ${collectionSumSql(SCHEMA.of(table))}`)
}

const TILL = `source_id = 'till-1'`
const LAST = 'id = (SELECT max(id) FROM connections)'
/** Those of a list do not touch each other's rows and columns. */
const PLANTED: Readonly<Record<string, readonly (readonly [sql: string, told: RegExp])[]>> = {
  'values of columns': [
    [
      `UPDATE transactions SET points = points + 1 WHERE ${TILL}`,
      /^transactions fact \d+ rule \d+ classification EARN: points is 201, its facts say 200$/,
    ],
    [
      `UPDATE transactions SET status = 'ACTIVE' WHERE status = 'VOID'`,
      /status is "ACTIVE", its facts say "VOID"$/,
    ],
    [`UPDATE connections SET balance = balance + 5 WHERE ${LAST}`, /^connections member \d+: balance is/],
    [`UPDATE connections SET level = 12 WHERE ${LAST}`, /level is 12, its facts say/],
    [
      `UPDATE entitlements SET status = 'used'`,
      /^entitlements code \S+: status is "used", its facts say "unused"$/,
    ],
    [
      `UPDATE challenge_connections SET completed = NOT completed`,
      /^challenge_connections .*: completed is (true|false), its facts say/,
    ],
    [
      `UPDATE requirement_summaries SET quantity = 77`,
      /^requirement_summaries .*: quantity is 77, its facts say/,
    ],
    [`UPDATE frequency_progress SET count = 77`, /^frequency_progress .*: count is 77, its facts say \d$/],
    [
      `UPDATE referrals SET status = 'COMPLETED'`,
      /^referrals fact \d+: status is "COMPLETED", its facts say "SENT"$/,
    ],
  ],
  'what rows name': [
    [
      `UPDATE transactions SET reference = NULL WHERE status = 'VOID'`,
      /reference is null, its facts say transactions fact/,
    ],
    [
      `UPDATE transactions SET voucher = NULL WHERE voucher > 0`,
      /voucher is null, its facts say entitlements code/,
    ],
    [
      `UPDATE transactions SET person = person + 1 WHERE ${TILL}`,
      /person is \d+, its facts say its connection's$/,
    ],
    [
      `UPDATE entitlements SET connection = (SELECT min(id) FROM connections)`,
      /^entitlements .*: connection is connections member \d+, its facts say connections member/,
    ],
  ],
  'rows that are not there, or too many': [
    [
      `DELETE FROM connections WHERE id = (SELECT min(id) FROM connections)`,
      /^connections member \d+: the row is missing$/,
    ],
    [
      `UPDATE transactions SET rule = 999 WHERE ${TILL}`,
      /^transactions fact \d+ rule 999 classification EARN: no fact says this row$/,
    ],
    [`DELETE FROM transactions WHERE status = 'VOID_REF'`, /^transactions .*: the row is missing$/],
    [`DELETE FROM connection_attributes`, /^connection_attributes member \d+ value \d+: the row is missing$/],
  ],
}

test.each(Object.entries(PLANTED))('V-5 %s', async (_, planted) => {
  const database = new Sqlite(join(directory.path, 'cloud.db'))
  const before = TABLES.map(
    (table) => [table, database.prepare<[], object>(`SELECT * FROM ${table}`).all()] as const,
  )
  for (const [sql] of planted) expect([sql, database.prepare(sql).run().changes]).not.toEqual([sql, 0])
  sumAgain(database)
  try {
    const told = await faults()
    for (const [, sentence] of planted)
      expect(told).toEqual(expect.arrayContaining([expect.stringMatching(sentence)]))
  } finally {
    for (const [table, rows] of before) {
      database.exec(`DELETE FROM ${table}`)
      const columns = Object.keys(rows[0] ?? {})
      const insert = database.prepare(
        `INSERT INTO ${table} VALUES (${columns.map((name) => `@${name}`).join()})`,
      )
      for (const row of rows) insert.run(row)
    }
    database.close()
  }
})

test('V-5 verify tells the first of them and is not ok', async () => {
  const database = new Sqlite(join(directory.path, 'cloud.db'))
  database.exec('UPDATE connections SET balance = balance + 1')
  sumAgain(database)
  database.close()
  const found = await verify(directory.path)
  expect(found).toMatchObject({ ok: false, fold_mismatches: 0, projection_mismatches: members.length + 1 })
  expect(found.problems).toHaveLength(20)
  expect(found.problems[0]).toMatch(/^connections member \d+: balance is \d+, its facts say \d+$/)
})
