// A file that an earlier release left is brought up to date, and a crash at any statement of that leaves it old or new. A crash is made by copying
// the files while the statement's transaction is open: that is what a killed process leaves. Rig R25 does the same with real kills.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Database } from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as cloudSchema from '../../cloud/store/sqlite/schema.ts'
import { openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { verify as verifyCloud } from '../../cloud/verify.ts'
import * as edgeDatabase from '../../edge/ledger/database.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import { verify as verifyEdge } from '../../edge/verify.ts'
import { stepUp } from '../../protocol/schema-steps.ts'
import type { SchemaStep, SteppedFile } from '../../protocol/schema-steps.ts'
import { SIDES, fixtureOf, layDown } from './recorded-files.ts'
import type { Side } from './recorded-files.ts'
import { recordedVersions } from './recording.ts'

/** Of steps that a release has brought to shops: they are never edited. */
const RELEASED: Readonly<Record<Side, readonly string[]>> = {
  edge: ['9380e013a817'],
  cloud: ['f69ef44366f2'],
}

const FILE_OF = { edge: edgeDatabase.steppedFile, cloud: cloudSchema.steppedFile } as const

let directory: string
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'tillstream-steps-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const hashOf = ({ statements }: SchemaStep): string =>
  createHash('sha256').update(statements.join('\n')).digest('hex').slice(0, 12)

/** Everything that is in a file, tables and rows. */
function contents(database: Database): string {
  const schema = database.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all() as {
    name: string
    sql: string | null
  }[]
  const tables = schema.filter(({ sql }) => sql?.startsWith('CREATE TABLE'))
  const rows = tables.map(({ name }) => database.prepare(`SELECT * FROM ${name}`).raw().all())
  return JSON.stringify([database.pragma('user_version', { simple: true }), schema, rows])
}

function contentsOf(path: string): string {
  const database = new Sqlite(path)
  const text = contents(database)
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
  database.close()
  return text
}

function copied(path: string, name: string): string {
  const copy = join(directory, name)
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix)
  return copy
}

/** Steps the file up and copies it before and after every statement; gives what the copies hold when they are opened. */
function crashes(path: string, side: Side, steps: readonly SchemaStep[]): string[] {
  const database = new Sqlite(path)
  // Pages go to the log before the commit, as they do where a step is larger than the cache.
  database.pragma('cache_size = 1')
  const file = FILE_OF[side](database)
  const found: string[] = []
  const look = (): void => void found.push(contentsOf(copied(path, `crash-${found.length}.db`)))
  const watched: SteppedFile = {
    ...file,
    execute(statement) {
      look()
      file.execute(statement)
      look()
    },
  }
  expect(stepUp(watched, steps).done).toBe('stepped')
  database.close()
  return found
}

describe.each(Object.keys(SIDES) as Side[])('%s', (side) => {
  const { steps, file } = SIDES[side]

  test('P-STEP-1 released steps are as they were released', () => {
    expect(steps.slice(0, RELEASED[side].length).map(hashOf)).toEqual(RELEASED[side])
  })

  test.each(recordedVersions())(
    'P-STEP-1 a file of version %i opens, and all that was in it is there',
    async (version) => {
      layDown(version, side, directory)
      if (side === 'edge') openLedger({ directory }).close()
      else await openSqliteStore({ directory }).close()
      const found = side === 'edge' ? await verifyEdge(directory) : await verifyCloud(directory)
      expect(found).toMatchObject({ ok: true, chain_ok: true, problems: [] })
      expect(found.facts).toBeGreaterThan(12)
      const migrated = new Sqlite(join(directory, file))
      const fresh = new Sqlite(':memory:')
      const empty = FILE_OF[side](fresh)
      for (const { statements } of steps) for (const statement of statements) empty.execute(statement)
      const tables = (database: Database): unknown[] =>
        database
          .prepare(
            "SELECT type, name, tbl_name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name",
          )
          .all()
      expect(tables(migrated)).toEqual(tables(fresh))
      for (const database of [migrated, fresh]) database.close()
    },
  )

  test('P-STEP-1 a crash at any statement leaves a file of old or new, of a recorded version or from nothing', () => {
    const more: SchemaStep = {
      statements: [
        'CREATE TABLE added (one INTEGER PRIMARY KEY, what BLOB) STRICT',
        'WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 200) INSERT INTO added SELECT n, randomblob(3000) FROM counted',
        'ALTER TABLE facts ADD COLUMN added INTEGER NOT NULL DEFAULT 7',
        'CREATE INDEX facts_added ON facts (added)',
      ],
    }
    for (const [name, list] of [
      ['recorded', [...steps, more]],
      ['new', steps],
    ] as const) {
      const path = join(directory, `${name}.db`)
      if (name === 'recorded') {
        layDown(1, side, directory)
        copied(join(directory, file), `${name}.db`)
      } else {
        const database = new Sqlite(path)
        database.pragma('journal_mode = WAL')
        database.close()
      }
      const before = contentsOf(path)
      const found = crashes(path, side, list)
      const after = contentsOf(path)
      expect(after).not.toBe(before)
      expect(found.length).toBeGreaterThan(10)
      // Only the last look, after COMMIT, sees anything new.
      expect(found.slice(0, -1).every((text) => text === before)).toBe(true)
      expect(found.at(-1)).toBe(after)
    }
  })

  test('P-STEP-2 steps that change the facts are undone', () => {
    layDown(1, side, directory)
    const database = new Sqlite(join(directory, file))
    const before = contents(database)
    const thief: SchemaStep = {
      statements: ['DELETE FROM facts WHERE rowid IN (SELECT max(rowid) FROM facts)'],
    }
    const list = [...steps, thief]
    expect(() => stepUp(FILE_OF[side](database), list)).toThrow(/are not those after/)
    expect(contents(database)).toBe(before)
    const broken: SchemaStep = { statements: ['CREATE TABLE more (a)', 'CREATE TABLE nonsense'] }
    expect(() => stepUp(FILE_OF[side](database), [...steps, broken])).toThrow(/incomplete/)
    expect(contents(database)).toBe(before)
    database.close()
  })

  test('P-STEP-1 every recorded version has the files of both sides', () => {
    for (const version of recordedVersions()) expect(existsSync(fixtureOf(version, side))).toBe(true)
  })
})
