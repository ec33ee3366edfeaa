import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import type { ProgramVersion } from '../../protocol/ids.ts'
import type { CloudStore } from '../../cloud/store/port.ts'
import { openSnapshot, openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { STORE_FILE, openDatabase } from '../../cloud/store/sqlite/open.ts'
import { MENDING_WAIT_MS_MAX } from '../../protocol/limits.ts'
import { collectionContract } from './collection-suite.ts'
import { platformContract } from './platform-suite.ts'
import { storeOwnersContract } from './store-owners-suite.ts'
import { groundOf, millis, rowsOf, time } from './store-rows.ts'
import type { StoreFactory } from './store-rows.ts'
import { storeContract } from './store-suite.ts'
import { ownDirectory } from '../support/own-directory.ts'

const directories = new Map<CloudStore, string>()

function open(directory: string): CloudStore {
  const store = openSqliteStore({ directory })
  directories.set(store, directory)
  return store
}

const SQLITE: StoreFactory = {
  create: async () => open(ownDirectory('store')),
  reopen: async (store) => {
    await store.close()
    return open(directories.get(store) ?? '')
  },
  destroy: async (store) => {
    await store.close()
    rmSync(directories.get(store) ?? '', { recursive: true, force: true })
  },
}
storeContract('SQLite', SQLITE)
storeOwnersContract('SQLite', SQLITE)
collectionContract('SQLite', SQLITE)
platformContract('SQLite', SQLITE)

test('S-1 the embedded engine is durable at COMMIT and has one writer', () => {
  const directory = ownDirectory('store')
  const { writer, reader, unlock } = openDatabase(directory)
  expect(writer.pragma('synchronous', { simple: true })).toBe(2)
  expect(writer.pragma('journal_mode', { simple: true })).toBe('wal')
  expect(() => openDatabase(directory)).toThrow(/another cloud node/)
  for (const database of [reader, writer]) database.close()
  unlock()
  const again = openDatabase(directory)
  again.writer.pragma('user_version = 99')
  for (const database of [again.reader, again.writer]) database.close()
  again.unlock()
  expect(() => openDatabase(directory)).toThrow(/newer release/)
  rmSync(directory, { recursive: true, force: true })
})

test('S-7 the log is moved into the file beside the commits, and is gone after the close', async () => {
  const directory = ownDirectory('store')
  const store = openSqliteStore({ directory })
  const file = join(directory, 'cloud.db')
  const before = statSync(file).size
  await store.write(async (tx) => {
    for (let row = 0; row < 1_500; row++) await tx.saveMeta(`row-${row}`, 'x'.repeat(1_000))
  })
  // Nothing is committed any more, and a commit would not have moved so little: only the other thread can make the file grow.
  await vi.waitUntil(() => statSync(file).size > before + 2 ** 20, { timeout: 50_000 })
  await store.close()
  expect(existsSync(`${file}-wal`)).toBe(false)
  const again = openSqliteStore({ directory })
  expect(await again.write(async (tx) => tx.meta('row-1499'))).toBe('x'.repeat(1_000))
  await again.close()
  rmSync(directory, { recursive: true, force: true })
})

test('S-12 a read within a transaction that would wait for its own end fails with a sentence; nothing of both is written, and the next read is right', async () => {
  expect(MENDING_WAIT_MS_MAX).toBe(60_000)
  const directory = ownDirectory('store')
  const store = openSqliteStore({ directory, mendingMsMax: 20 })
  const { tenant, life } = await groundOf(store)
  const { member, enrol } = rowsOf(() => ({ tenant, life }))
  const row = { member: member(1), tenant, state: Buffer.from('state'), due: null }
  await store.write(async (tx) => {
    await enrol(tx, 1)
    await tx.saveStates([row])
  })
  store.mendStatesBy(async (tx) => {
    await tx.saveStates([row])
    return undefined
  })
  const disk = new Sqlite(join(directory, STORE_FILE))
  disk.exec('UPDATE states SET sum = sum + 1')
  disk.close()
  const within = store.write(async (tx) => {
    await tx.saveMeta('half', 'done')
    await store.read.member(member(1))
  })
  await expect(within).rejects.toThrow('it has to read by its own "tx"')
  expect(await store.write((tx) => tx.meta('half'))).toBeUndefined()
  expect((await store.read.member(member(1)))?.state).toEqual(row.state)
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

test('S-12 every row that is looked at by its sum is written with it', async () => {
  const directory = ownDirectory('store')
  const store = openSqliteStore({ directory })
  const { tenant, life } = await groundOf(store)
  const { member } = rowsOf(() => ({ tenant, life }))
  const { store: shop } = life
  await store.write(async (tx) => {
    await tx.skipHolds(7)
    const hold = { tenant, store: shop, member: member(1), perk: null, voucher: null, points: 5 }
    const { id } = await tx.insertHold({ ...hold, key: 'a', expires: millis(9) })
    expect(id).toBe(8)
    await tx.insertHold({ ...hold, key: 'b', voucher: 'v', expires: millis(9) })
    await tx.settleHolds([id])
    await tx.skipHolds(1)
    await tx.insertIdentities([{ tenant, kind: 'card', value: 'ä"1', at: time(-3), member: member(1) }])
    const program = { version: 1 as ProgramVersion, effectiveFrom: time(-5), document: '{"é": 1}' }
    await tx.insertProgram(tenant, program, millis(1))
    await tx.saveStates([{ member: member(1), tenant, state: Buffer.from('state'), due: millis(-4) }])
    await tx.saveDue(member(1), null)
    expect(await tx.soundStates([member(1)])).toHaveLength(1)
    // Half a character, of which SQLite makes a whole one.
    const half = await tx.insertStore(tenant, 'a\uD800b', 'UTC')
    expect((await tx.store(half.id))?.name).toBe('a\uFFFDb')
  })
  const snapshot = openSnapshot(directory)
  expect(snapshot.structure()).toEqual({ faults: [], listed: [] })
  snapshot.close()
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})
