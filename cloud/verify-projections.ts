// The part of `verify` that is about projections (V-5): the file is copied as it stands at that moment, all that platforms list of a tenant's members is
// thrown away there and made anew from the facts, as for a tenant that is listed for the first time, and both are compared row by row. What no fact knows
// (own columns) and what differs between two ways to the same facts (ids, times of writing) is left out.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MemberId } from '../protocol/ids.ts'
import { PAGE_SIZE_MAX } from '../protocol/limits.ts'
import type { Clock } from '../protocol/time.ts'
import { columnsOf } from './collections/collection.ts'
import { EVERYTHING } from './collections/query.ts'
import { ACCOUNTS } from './collections/tables/accounts.ts'
import type { ProjectedTable } from './collections/tables/accounts.ts'
import { Projections } from './domain/accounts/projections.ts'
import { ProgramShelf } from './domain/programs.ts'
import type { CloudStore, Reads, TenantId } from './store/port.ts'
import { openSqliteStore } from './store/sqlite/sqlite-store.ts'
import type { Snapshot } from './store/sqlite/sqlite-store.ts'

interface Comparing {
  /** What a row is known by, whatever its id. */
  readonly key: readonly string[]
  readonly own: readonly string[]
  /** A row that counts nothing any more is there only where it once counted. */
  readonly idle?: (row: Row) => boolean
}

type Row = Readonly<Record<string, unknown>>

const ACTED: Comparing = { key: ['member', 'rule'], own: [] }
const TABLES: Readonly<Record<ProjectedTable, Comparing>> = {
  connections: {
    key: ['member'],
    own: [
      'status',
      'joined',
      'membership_type',
      'membership_from',
      'membership_until',
      'receives_emails',
      'person',
    ],
    // Of a member that became another's.
    idle: ({ hidden }) => hidden === true,
  },
  transactions: { key: ['fact', 'rule', 'classification'], own: [] },
  entitlements: { key: ['code'], own: ['location'] },
  challenge_connections: {
    ...ACTED,
    idle: (row) => row.join_status === 'INACTIVE' && row.completed === false,
  },
  requirement_summaries: { ...ACTED, idle: ({ quantity }) => quantity === 0 },
  frequency_progress: { ...ACTED, idle: ({ count }) => count === 0 },
  referrals: {
    key: ['fact'],
    own: [
      'to_person',
      'to_email',
      'to_first_name',
      'to_last_name',
      'content',
      'referrer_status',
      'location',
      'voucher',
    ],
  },
  connection_attributes: { key: ['member', 'value'], own: [] },
}
const WRITTEN: ReadonlySet<string> = new Set(['id', 'tenant', 'created', 'modified', 'balance_modified'])
/** Columns that hold ids of rows: told by what those are known by. */
const NAMING: Readonly<Record<string, ProjectedTable>> = {
  connection: 'connections',
  reference: 'transactions',
  redemption: 'transactions',
  voucher: 'entitlements',
  challenge_connection: 'challenge_connections',
}

/** Gives how many rows are not what their facts say; each is told in a sentence. */
export async function projectionFaults(
  snapshot: Pick<Snapshot, 'read' | 'copyTo'>,
  clock: Clock,
  say: (sentence: string) => void,
): Promise<number> {
  const listed: TenantId[] = []
  for (const tenant of await snapshot.read.tenants())
    if ((await snapshot.read.projection(tenant)).state === 'on') listed.push(tenant)
  if (listed.length === 0) return 0
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-verify-'))
  try {
    await snapshot.copyTo(directory)
    const copy = openSqliteStore({ directory })
    try {
      let faults = 0
      for (const tenant of listed) {
        await refill(copy, tenant, clock)
        faults += await compare(snapshot.read, copy.read, tenant, say)
      }
      return faults
    } finally {
      await copy.close()
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function refill(copy: CloudStore, tenant: TenantId, clock: Clock): Promise<void> {
  await copy.write(async (tx) => {
    for (const table of tables())
      for (let full = true; full;) {
        const rows = await tx.rows(ACCOUNTS[table], page(tenant, 0))
        for (const { id } of rows) await tx.deleteAccountRow(table, Number(id))
        full = rows.length === PAGE_SIZE_MAX
      }
    await tx.saveProjection(tenant, { state: 'filling', upTo: 0 as MemberId })
  })
  await new Projections(copy, new ProgramShelf(copy, clock), clock).fill(tenant)
}

async function compare(
  saved: Reads,
  again: Reads,
  tenant: TenantId,
  say: (sentence: string) => void,
): Promise<number> {
  let faults = 0
  const found = (sentence: string): void => {
    faults++
    say(sentence)
  }
  for (const table of tables()) {
    for await (const row of rowsOf(saved, table, tenant)) {
      const twin = await twinOf(again, table, row)
      if (twin !== undefined)
        for (const text of await differences(table, [saved, row], [again, twin])) found(text)
      else if (TABLES[table].idle?.(row) !== true) found(`${nameOf(table, row)}: no fact says this row`)
    }
    for await (const row of rowsOf(again, table, tenant))
      if ((await twinOf(saved, table, row)) === undefined) found(`${nameOf(table, row)}: the row is missing`)
  }
  return faults
}

async function differences(
  table: ProjectedTable,
  [saved, row]: readonly [Reads, Row],
  [again, twin]: readonly [Reads, Row],
): Promise<string[]> {
  const { key, own } = TABLES[table]
  const texts: string[] = []
  for (const column of Object.keys(columnsOf(ACCOUNTS[table]))) {
    if (WRITTEN.has(column) || key.includes(column) || own.includes(column)) continue
    const [is, says] = [await toldOf(saved, row, column), await toldOf(again, twin, column)]
    if (is !== says) texts.push(`${nameOf(table, row)}: ${column} is ${is}, its facts say ${says}`)
  }
  return texts
}

/** A value as it can be compared: who or what it names, instead of its id. */
async function toldOf(reads: Reads, row: Row, column: string): Promise<string> {
  const value = row[column]
  const named = Object.hasOwn(NAMING, column) ? NAMING[column] : undefined
  if (value === null || (named === undefined && column !== 'person')) return JSON.stringify(value)
  if (named === undefined) {
    const [connection] = await reads.accountRows('connections', { id: Number(row.connection) })
    return connection?.person === value ? "its connection's" : JSON.stringify(value)
  }
  const [target] = await reads.accountRows(named, { id: Number(value) })
  return target === undefined ? `${JSON.stringify(value)}, which is no row` : nameOf(named, target)
}

function nameOf(table: ProjectedTable, row: Row): string {
  return [table, ...TABLES[table].key.map((column) => `${column} ${String(row[column])}`)].join(' ')
}

async function twinOf(reads: Reads, table: ProjectedTable, row: Row): Promise<Row | undefined> {
  const key = Object.fromEntries(['tenant', ...TABLES[table].key].map((column) => [column, row[column]]))
  return (await reads.accountRows(table, key))[0]
}

async function* rowsOf(reads: Reads, table: ProjectedTable, tenant: TenantId): AsyncGenerator<Row> {
  for (let after = 0, full = true; full;) {
    const rows = await reads.rows(ACCOUNTS[table], page(tenant, after))
    yield* rows
    after = Number(rows.at(-1)?.id ?? after)
    full = rows.length === PAGE_SIZE_MAX
  }
}

function page(tenant: TenantId, after: number) {
  return { tenants: [tenant], where: EVERYTHING, limit: PAGE_SIZE_MAX, after: [after] }
}

function tables(): readonly ProjectedTable[] {
  // The keys of a record over that union.
  return Object.keys(TABLES) as ProjectedTable[]
}
