// The cloud's store on disks that rot: nothing of a damaged file is believed, and it is left as it is.
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isStorageBroken, markFailed } from '../../cloud/store/sqlite/failure.ts'
import { STORE_FILE } from '../../cloud/store/sqlite/open.ts'
import { openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { freshDirectory } from '../support/cloud-core.ts'

const PAGE_BYTES = 4096

let directory: ReturnType<typeof freshDirectory>
let file: string
beforeEach(async () => {
  directory = freshDirectory()
  file = join(directory.path, STORE_FILE)
  const store = openSqliteStore({ directory: directory.path })
  await store.write(async (tx) => {
    for (let n = 0; n < 200; n++) await tx.saveMeta(`name-${n}`, 'x'.repeat(200))
  })
  await store.close()
})
afterEach(() => directory.remove())

test('S-5 a file whose pages are not what SQLite left is refused with what to do, and not changed', () => {
  const bytes = readFileSync(file)
  for (let page = 1; page < bytes.length / PAGE_BYTES; page += 7) {
    const damaged = Buffer.from(bytes)
    damaged.fill(0xa5, page * PAGE_BYTES, page * PAGE_BYTES + 100)
    writeFileSync(file, damaged)
    expect(() => openSqliteStore({ directory: directory.path }), `page ${page}`).toThrow(
      /is damaged.*put the last backup/,
    )
    expect(readFileSync(file).equals(damaged)).toBe(true)
  }
})

test('S-5 the mark of a failure is gone once the whole file was found sound', async () => {
  markFailed(directory.path)
  await openSqliteStore({ directory: directory.path }).close()
  expect(statSync(join(directory.path, 'cloud.failed'), { throwIfNoEntry: false })).toBeUndefined()
})

test('S-4 damage found while it works ends all writing, and is told once', async () => {
  const told: unknown[] = []
  const store = openSqliteStore({ directory: directory.path, onBroken: (cause) => told.push(cause) })
  truncateSync(file, 2 * PAGE_BYTES)
  await expect(store.write((tx) => tx.meta('name-100'))).rejects.toSatisfy(isStorageBroken)
  await expect(store.write((tx) => tx.saveMeta('a', 'b'))).rejects.toThrow('the storage failed')
  expect(told).toHaveLength(1)
  expect(statSync(join(directory.path, 'cloud.failed')).size).toBe(0)
  await store.close()
})

test('S-4 a full disk, a broken rule and a defect are no failure of the disk', () => {
  const coded = (code: string): Error => new Sqlite.SqliteError('said', code)
  for (const code of ['SQLITE_IOERR_FSYNC', 'SQLITE_CORRUPT_INDEX', 'SQLITE_NOTADB'])
    expect(isStorageBroken(coded(code)), code).toBe(true)
  for (const cause of [coded('SQLITE_FULL'), coded('SQLITE_CONSTRAINT_UNIQUE'), new Error('SQLITE_IOERR')])
    expect(isStorageBroken(cause)).toBe(false)
})
