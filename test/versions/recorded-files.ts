// Files of both sides as an earlier release left them, as SQL text beside the recorded frames: real facts that went through the real till and
// ingest, in that version's tables. Recorded from a file of today by taking only the columns that version had.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { SCHEMA_STEPS as CLOUD_STEPS } from '../../cloud/store/sqlite/schema.ts'
import { STORE_FILE } from '../../cloud/store/sqlite/open.ts'
import { LEDGER_FILE } from '../../edge/ledger/database.ts'
import { SCHEMA_STEPS as EDGE_STEPS } from '../../edge/ledger/schema.ts'
import type { SchemaStep } from '../../protocol/schema-steps.ts'
import { CloudCore } from '../support/cloud-core.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { TillUnderTest } from '../support/till-under-test.ts'
import { folderOf } from './recording.ts'

export const SIDES = {
  edge: { file: LEDGER_FILE, steps: EDGE_STEPS, fill: fillEdge },
  cloud: { file: STORE_FILE, steps: CLOUD_STEPS, fill: fillCloud },
} as const satisfies Record<string, { file: string; steps: readonly SchemaStep[]; fill: Fill }>
export type Side = keyof typeof SIDES

type Fill = () => Promise<{ readonly path: string; remove(): void }>

const T0 = Date.UTC(2026, 5, 1, 12)

async function fillEdge(): ReturnType<Fill> {
  const till = new TillUnderTest()
  const member = await till.member('4711')
  for (let at = 1; at <= 12; at++)
    await till.done('sale', { member, lines: [{ sku: 'mug', quantity: 1000, amount: 100 * at }] })
  await till.done('checkin', { member })
  till.ledger.close()
  return { path: join(till.directory, LEDGER_FILE), remove: () => till.remove() }
}

async function fillCloud(): ReturnType<Fill> {
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-record-'))
  const cloud = new CloudCore(directory, { now: () => T0 + 1_000_000 })
  await cloud.found(SMALL_PROGRAM)
  const writer = await cloud.addStore()
  const member = writer.enrol({ at: T0 }, [{ kind: 'card', value: '4711' }])
  for (let at = 1; at <= 12; at++)
    writer.sale({ at: T0 + at * 1000, member }, [{ sku: 'mug', amount: 100 * at }])
  await cloud.ingest.submit(writer.origin, writer.batch())
  await cloud.store.close()
  return {
    path: join(directory, STORE_FILE),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

export function fixtureOf(version: number, side: Side): string {
  return join(folderOf(version), `${side}.sql`)
}

/** Lays the recorded file of a version into a directory, under the name the node looks for. */
export function layDown(version: number, side: Side, directory: string): void {
  const database = new Sqlite(join(directory, SIDES[side].file))
  database.pragma('journal_mode = WAL')
  database.exec(readFileSync(fixtureOf(version, side), 'utf8'))
  database.close()
}

/** Records both sides' files as of that version of the tables, if they are not there. */
export async function writeFiles(version: number): Promise<void> {
  for (const side of Object.keys(SIDES) as Side[]) {
    const path = fixtureOf(version, side)
    if (existsSync(path)) continue
    if (SIDES[side].steps.length !== version) throw new Error(movedOn(path, version))
    const filled = await SIDES[side].fill()
    try {
      writeFileSync(path, textOf(filled.path, SIDES[side].steps.slice(0, version)))
    } finally {
      filled.remove()
    }
  }
}

/** The columns had other names then, and what they held is not to be guessed from those of today. */
function movedOn(path: string, version: number): string {
  return (
    `${path} is missing, and this software cannot make it: its tables have moved on since version ${version}. ` +
    `The frames are recorded; take the files as they were released: git checkout HEAD -- '${join(path, '..')}/*.sql'`
  )
}

function textOf(path: string, steps: readonly SchemaStep[]): string {
  const then = new Sqlite(':memory:')
  for (const { statements } of steps) for (const statement of statements) then.exec(statement)
  const now = new Sqlite(path, { readonly: true })
  const tables = then
    .prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    )
    .pluck()
    .all()
  const lines = steps.flatMap(({ statements }) => statements.map((statement) => `${statement};`))
  for (const table of tables) {
    const columns = then.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table)
    lines.push(`DELETE FROM ${table};`)
    // SQLite gives nothing else.
    const rows = now
      .prepare(`SELECT ${columns.join(', ')} FROM ${table}`)
      .raw()
      .all() as SqlValue[][]
    for (const row of rows)
      lines.push(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${row.map(literal).join(', ')});`)
  }
  now.close()
  then.close()
  return `${lines.join('\n')}\nPRAGMA user_version = ${steps.length};\n`
}

type SqlValue = null | number | string | Uint8Array

function literal(value: SqlValue): string {
  if (value === null) return 'NULL'
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString('hex')}'`
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`
}
