// Is this file what a ledger must be (L-14)? Asked before anything in it is believed: the pages are as an orderly close left them, SQLite finds no
// fault in their structure, and the tables are those of this software. The chain is the ledger's own to walk.
import { statSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { pagesChanged } from '../../cloud/storage/page-sums.ts'
import type { Database } from './database.ts'
import { SCHEMA_STEPS, stepFunctions } from './schema.ts'

/** Larger files are looked at from end to end by the scheduled walk only: a start must not take longer than the store can wait. */
const CHECKED_AT_OPEN_BYTES_MAX = 256 * 1024 * 1024
const FAULTS_TOLD = 3

/** What is wrong with the pages of a file that is not open, or null. */
export function pageFault(path: string): string | null {
  const changed = pagesChanged(path)
  if (changed === undefined || changed.length === 0) return null
  return `${changed.length} of its pages changed while nobody had it open (page ${changed.slice(0, FAULTS_TOLD).join(', ')})`
}

/** What is wrong with an open file, or null. `thorough`: also every index entry, whatever the size. */
export function fileFault(database: Database, path: string, thorough: boolean): string | null {
  if (!thorough && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > CHECKED_AT_OPEN_BYTES_MAX)
    return null
  return structureFault(database) ?? schemaFault(database)
}

/** SQLite's own look at every page, index and row. */
export function structureFault(database: Database): string | null {
  const said = database.prepare<[], string>(`PRAGMA integrity_check(${FAULTS_TOLD})`).pluck().all()
  return said.length === 1 && said[0] === 'ok' ? null : said.join('; ')
}

const SCHEMA =
  "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name"

export function schemaFault(database: Database): string | null {
  const found = schemaIn(database)
  return (wanted ??= wantedSchema()) === found ? null : 'its tables are not those of this software'
}

const schemaIn = (database: Database): string => database.prepare<[], string>(SCHEMA).pluck().all().join('\n')

/** What the steps come to in an empty file: always the same, so made once. */
let wanted: string | undefined

function wantedSchema(): string {
  const fresh = new Sqlite(':memory:')
  try {
    stepFunctions(fresh)
    for (const { statements } of SCHEMA_STEPS) for (const statement of statements) fresh.exec(statement)
    return schemaIn(fresh)
  } finally {
    fresh.close()
  }
}
