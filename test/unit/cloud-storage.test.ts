// The cloud's store on disks that rot: nothing of a damaged file is believed, and it is left as it is.
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { doctor } from '../../cloud/doctor.ts'
import { StorageKeeper } from '../../cloud/storage-keeper.ts'
import { StorageFull } from '../../cloud/store/room-port.ts'
import { STORE_FILE } from '../../cloud/store/sqlite/open.ts'
import { sumFunctions, sumSql } from '../../cloud/store/sqlite/row-sums.ts'
import { openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import type { DiskStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { systemWith } from '../../cloud/system.ts'
import { markFailed } from '../../cloud/storage/failure-mark.ts'
import { isStorageBroken } from '../../cloud/storage/faults.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const PAGE_BYTES = 4096
const MIB = 1024 * 1024
const T0 = Date.UTC(2026, 5, 1, 12)

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
      /is damaged.*Put the last backup/,
    )
    expect(readFileSync(file).equals(damaged)).toBe(true)
  }
})

test('S-5 the mark of a failure is gone once the whole file was found sound', async () => {
  markFailed(file)
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

test('S-5 after a failure a fact that is not what its chain says is found too', async () => {
  const cloud = new CloudCore(directory.path, { now: () => T0 })
  await cloud.found(SMALL_PROGRAM)
  const writer = await cloud.addStore()
  for (let at = 0; at < 5; at++) writer.sale({ at: T0 + at }, [{ sku: 'mug', amount: 100 }])
  await cloud.ingest.submit(writer.origin, writer.batch())
  await cloud.store.close()
  markFailed(file)
  await openSqliteStore({ directory: directory.path }).close()
  const database = new Sqlite(file)
  database.exec('UPDATE facts SET bytes = zeroblob(length(bytes)) WHERE id % 8589934592 = 3')
  database.close()
  // As after a death: no sums were left.
  rmSync(`${file}.sums`)
  markFailed(file)
  expect(() => openSqliteStore({ directory: directory.path })).toThrow(/record 3 of ledger .* was changed/)
})

test('S-5 an empty file, or none, is no first start where a cloud was founded', () => {
  writeFileSync(join(directory.path, 'hq.token'), 'token\n')
  truncateSync(file, 0)
  const open = (): unknown => openSqliteStore({ directory: directory.path })
  expect(open).toThrow(/empty or gone.*Put the last backup/)
  rmSync(file)
  expect(open).toThrow(/empty or gone.*Put the last backup/)
})

test('S-9 a directory that cannot be locked is not said to be another node’s', () => {
  mkdirSync(join(directory.path, 'other', 'cloud.lock'), { recursive: true })
  expect(() => openSqliteStore({ directory: join(directory.path, 'other') })).toThrow(/unable to open/)
})

describe('S-8 R05 a disk that fills up', () => {
  let free = 0
  let store: DiskStore
  beforeEach(() => {
    free = 500 * MIB
    store = openSqliteStore({ directory: directory.path, spaceOf: () => ({ free, total: 1024 * MIB }) })
  })
  afterEach(() => store.close())
  const save = (): Promise<void> => store.write((tx) => tx.saveMeta('a', 'b'))

  test('nothing is written below the mark, reading goes on, and with room it writes again', async () => {
    free = 63 * MIB
    // What a start writes, it writes.
    await save()
    expect(store.lookAtRoom()).toMatchObject({ room: 'low', lowBytes: 64 * MIB })
    await expect(save()).rejects.toThrow(StorageFull)
    expect(await store.read.lastPosition()).toBe(0)
    free = 200 * MIB
    expect(store.lookAtRoom().room).toBe('ample')
    await save()
  })

  test('a disk that is full all the same: the ballast is given free, and callers hear the same', async () => {
    store.lookAtRoom()
    const ballast = join(directory.path, 'cloud.ballast')
    expect(statSync(ballast).size).toBe(16 * MIB)
    const full = store.write(async () => {
      throw new Sqlite.SqliteError('database or disk is full', 'SQLITE_FULL')
    })
    await expect(full).rejects.toThrow(StorageFull)
    expect(statSync(ballast, { throwIfNoEntry: false })).toBeUndefined()
    await expect(save()).rejects.toThrow(StorageFull)
    expect(store.lookAtRoom().room).toBe('ample')
    await save()
  })
})

test('S-10 S-4 what the walk finds damaged ends all writing; what differs otherwise does not', async () => {
  const told: unknown[] = []
  const store = openSqliteStore({ directory: directory.path, onBroken: (cause) => told.push(cause) })
  const lines: unknown[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const system = systemWith({ now: () => T0 })
  const keeper = new StorageKeeper({ store, directory: directory.path, system, log })
  await keeper.walk()
  expect([told, lines.length]).toEqual([[], 1])
  const other = new Sqlite(file)
  const origin =
    "INSERT INTO origins (origin, tenant, store, edge, epoch, seq, head) VALUES (9, 1, 1, 1, 1, 4, x'00')"
  sumFunctions(other)
  other.exec(
    `INSERT INTO tenants (id, name) VALUES (1, 'a'); ${origin}; UPDATE origins SET sum = ${sumSql('origins')}; UPDATE tenants SET sum = ${sumSql('tenants')}`,
  )
  await keeper.walk()
  expect(String(told[0])).toMatch(/is damaged: .*the position says 4, the chain ends at 0/)
  other.close()
  await store.close()
  expect(() => openSqliteStore({ directory: directory.path })).toThrow(/ends at record 0, not at 4/)
})

test('V-6 the doctor says what is wrong with a cloud, and what to do', async () => {
  const wrongIn = async (): Promise<string[]> =>
    (await doctor(directory.path)).filter(({ ok }) => !ok).map(({ about }) => about)
  chmodSync(directory.path, 0o700)
  expect(await wrongIn()).toEqual(['lock'])
  const store = openSqliteStore({ directory: directory.path })
  expect(await wrongIn()).toEqual([])
  chmodSync(directory.path, 0o755)
  expect(await wrongIn()).toEqual(['directory'])
  await store.close()
  markFailed(file)
  writeFileSync(file, 'no cloud'.repeat(1000))
  expect(await wrongIn()).toEqual(['directory', 'lock', 'damage', 'data'])
  expect((await doctor(directory.path)).at(-1)?.advice).toContain('tillstream restore')
})
