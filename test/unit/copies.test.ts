// Backup and restore of a store and of a cloud (BK), on real files, through the nodes' own start.
import { X509Certificate } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backup, restore } from '../../cloud/copies.ts'
import { Certifier } from '../../cloud/fleet/certifier.ts'
import { startCloud } from '../../cloud/node.ts'
import { openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { systemWith } from '../../cloud/system.ts'
import { doctor } from '../../edge/doctor.ts'
import { newTlsKey } from '../../edge/tls/certificate-keeper.ts'
import { verify as verifyStore } from '../../edge/verify.ts'
import type { Life } from '../../protocol/lives.ts'
import { CloudUnderTest } from '../support/cloud-node.ts'
import { EdgeUnderTest, ONE_SALE } from '../support/edge-under-test.ts'

const NOW = Date.UTC(2026, 0, 5)
/** The first that a cloud has. */
const TENANT = 1
let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tillstream-copies-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

describe('BK: a store', () => {
  let edge: EdgeUnderTest
  beforeEach(async () => {
    edge = await EdgeUnderTest.start()
    // As the cloud gives them with each welcome.
    const spares = [{ origin: edge.node.identity.origin + 1, epoch: 2 }] as unknown as readonly Life[]
    edge.node.ledger.transact(() => edge.node.ledger.lives.saveSpares(spares))
    for (let n = 0; n < 3; n += 1) expect((await edge.post('/v1/sales', ONE_SALE)).status).toBe(201)
  })
  afterEach(() => edge.stop())

  test('BK-1 BK-2 BK-3 DR-1 R30: one moment of a running store, which goes on in its next life when put back', async () => {
    const file = join(home, 'store.backup')
    expect(backup(edge.directory, file)).toMatchObject({ of: 'store', replaced: null })
    expect((await edge.post('/v1/sales', ONE_SALE)).status).toBe(201)
    await edge.node.stop()
    expect(() => restore(edge.directory, file, false, NOW)).toThrow('holds data already')
    const told = restore(edge.directory, file, true, NOW)
    expect(existsSync(join(told.replaced ?? '', 'ledger.db'))).toBe(true)
    // No cloud was there for any of them.
    expect(told.unsynced).toBe(4)
    expect(told.next).toContain(`4 records of what was replaced are not known to be at the cloud`)
    const words = (await doctor(edge.directory, NOW)).map(({ found }) => found)
    expect(words).toContainEqual(expect.stringContaining('a backup of life 1 was put back'))
    expect(words).toContainEqual(expect.stringContaining('before the backup was put back is void'))
    await edge.restart()
    expect(edge.node.identity.epoch).toBe(2)
    const sold = await edge.post('/v1/sales', ONE_SALE)
    expect(sold.json).toMatchObject({ receipt: { epoch: 2, seq: 1 } })
    // What the backup held is there, and what came after it is not.
    const history = await edge.get('/v1/history')
    expect(history.list('facts')).toHaveLength(4)
    await edge.restart()
    expect(edge.node.identity.epoch).toBe(2)
    await edge.node.stop()
    expect(await verifyStore(edge.directory)).toMatchObject({ ok: true })
  })

  test('BK-3: without a spare life it does not start, and says so', async () => {
    edge.node.ledger.transact(() => edge.node.ledger.lives.saveSpares([]))
    const file = join(home, 'store.backup')
    backup(edge.directory, file)
    await edge.node.stop()
    restore(edge.directory, file, true, NOW)
    await expect(edge.restart()).rejects.toThrow('no spare life')
  })

  test('BK-1, BK-2: what is refused, with nothing changed', async () => {
    const file = join(home, 'store.backup')
    backup(edge.directory, file)
    expect(() => backup(edge.directory, file)).toThrow('exists already')
    expect(() => backup(home, join(home, 'x'))).toThrow('holds no data')
    expect(() => restore(edge.directory, file, true, NOW)).toThrow('stop it first')
    const [rotten, short] = [join(home, 'rotten'), join(home, 'short')]
    const bytes = readFileSync(file)
    writeFileSync(short, bytes.subarray(0, -1))
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)
    writeFileSync(rotten, bytes)
    for (const damaged of [rotten, short]) {
      expect(() => restore(join(home, 'new'), damaged, false, NOW)).toThrow('damaged or no backup')
      rmSync(damaged)
    }
    const newer = join(home, 'newer')
    cpSync(edge.directory, newer, { recursive: true })
    const database = new Sqlite(join(newer, 'ledger.db'))
    database.pragma('user_version = 99')
    database.close()
    backup(newer, join(home, 'of-newer'))
    expect(() => restore(join(home, 'new'), join(home, 'of-newer'), false, NOW)).toThrow('newer software')
    for (const [content, said] of [
      ['', 'no data of a store'],
      ['no ledger'.repeat(1000), 'is damaged'],
    ] as const) {
      rmSync(newer, { recursive: true })
      mkdirSync(newer)
      writeFileSync(join(newer, 'ledger.db'), content)
      expect(() => backup(newer, join(home, 'x'))).toThrow(said)
    }
    expect(() => backup(edge.directory, join(home, 'none', 'x'))).toThrow('There is no directory')
    for (const name of ['newer', 'of-newer']) rmSync(join(home, name), { recursive: true })
    const other = join(home, 'other')
    writeFileSync(other, 'not a database, whatever its name says'.repeat(100))
    expect(() => restore(join(home, 'new'), other, false, NOW)).toThrow('damaged or no backup')
    expect(() => restore(join(home, 'new'), join(home, 'none'), false, NOW)).toThrow('There is no file')
    expect(readdirSync(home).toSorted()).toEqual(['other', 'store.backup'])
  })
})

test('BK-1 BK-3 G-8 G-11: a cloud that is put back begins its next epoch, and its CA is the one that devices trust', async () => {
  const cloud = await CloudUnderTest.start()
  const trusted = (await cloud.ask('/ca.crt', { token: null })).text
  const file = join(home, 'cloud.backup')
  expect(backup(cloud.directory, file)).toMatchObject({ of: 'cloud' })
  await cloud.stop()
  const back = join(home, 'back')
  restore(back, file, false, NOW)
  const options = { directory: back, port: 0, host: '127.0.0.1', logLevel: 'silent', leases: false } as const
  const again = await startCloud(options)
  expect(await (await fetch(`http://127.0.0.1:${again.port}/ca.crt`)).text()).toBe(trusted)
  await again.stop()
  const store = openSqliteStore({ directory: back })
  const [epoch, restored] = await store.write(async (tx) => [
    await tx.meta('cloud_epoch'),
    await tx.meta('restored'),
  ])
  // Its key signs on.
  const { request } = newTlsKey(['localhost'])
  const certified = await new Certifier({ store, system: systemWith({ now: () => NOW }) }).certify(
    TENANT,
    1,
    request,
  )
  await store.close()
  const made = certified.ok ? new X509Certificate(certified.value.certificate) : undefined
  expect(made?.verify(new X509Certificate(trusted).publicKey)).toBe(true)
  expect(Number(epoch)).toBeGreaterThan(1)
  expect(restored).toBe('0')
})
