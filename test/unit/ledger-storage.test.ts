// The ledger on disks that fill up, rot and fail: real files, and a file system whose free space is in the test's hands.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { IN_MEMORY, LEDGER_FILE, LedgerDamaged, openDatabase } from '../../edge/ledger/database.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import { openOrRecover } from '../../edge/ledger/recovery.ts'
import { Till } from '../../edge/till/till.ts'
import { DiskRoom } from '../../cloud/storage/disk-room.ts'
import { hasFailed } from '../../cloud/storage/failure-mark.ts'
import { factIdOf, seqOf } from '../../protocol/ids.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'
import { seededRandom } from '../support/random.ts'
import { bitOf, pagesOf } from '../support/raw-flips.ts'
import { NOW, ORIGIN, TillUnderTest } from '../support/till-under-test.ts'
import { layDown } from '../versions/recorded-files.ts'

const MIB = 1024 * 1024
const SEED = Number(process.env.SEED ?? '7')
/** More of the same in rig R06. */
const FLIPS = 60

let shop: TillUnderTest
let copies: string[]
beforeEach(() => {
  shop = new TillUnderTest()
  copies = []
})
afterEach(() => {
  shop.remove()
  for (const copy of copies) rmSync(copy, { recursive: true, force: true })
})

const sale = { lines: [{ sku: 'tea', quantity: 1000, amount: 1000 }] }

async function filled(count = 40): Promise<void> {
  const member = await shop.member('1')
  for (let n = 1; n < count; n++) await shop.done('sale', { member, ...sale }, `s-${n}`)
}

/** A copy of the closed ledger. */
function copied(): string {
  const copy = mkdtempSync(join(tmpdir(), 'tillstream-damage-'))
  copies.push(copy)
  for (const name of readdirSync(shop.directory)) copyFileSync(join(shop.directory, name), join(copy, name))
  return copy
}

const fileIn = (directory: string): string => join(directory, LEDGER_FILE)

/** Every row of every table, as text; null where it cannot be read. */
function rowsOf(path: string): string | null {
  const database = new Sqlite(path, { readonly: true })
  try {
    const tables = database
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .pluck()
      .all()
    return JSON.stringify(tables.map((table) => database.prepare(`SELECT * FROM ${table}`).raw().all()))
  } catch {
    return null
  } finally {
    database.close()
  }
}

describe('R06 R07 damage', () => {
  test(`L-14 every flipped bit that alters a row is found before anything is served (SEED=${SEED})`, async () => {
    await filled()
    shop.ledger.close()
    const random = seededRandom(SEED)
    const before = rowsOf(fileIn(shop.directory))
    const pages = pagesOf(fileIn(shop.directory), null)
    let altered = 0
    for (let n = 0; n < FLIPS; n++) {
      const copy = copied()
      const bytes = readFileSync(fileIn(copy))
      const { at, mask } = bitOf(random, pages)
      bytes[at] = (bytes[at] ?? 0) ^ mask
      writeFileSync(fileIn(copy), bytes)
      if (rowsOf(fileIn(copy)) === before) continue
      altered++
      expect(() => openLedger({ directory: copy }).close(), `bit of byte ${at}`).toThrow(LedgerDamaged)
    }
    expect(altered).toBeGreaterThan(FLIPS / 10)
    shop.restart()
  })

  test('L-14 R02 an empty file is a first start cut short, unless a sentinel or a log says that there was more', () => {
    const fresh = mkdtempSync(join(tmpdir(), 'tillstream-damage-'))
    copies.push(fresh)
    writeFileSync(fileIn(fresh), '')
    const ledger = openLedger({ directory: fresh })
    expect(ledger.identity()).toBeUndefined()
    ledger.close()
    for (const beside of ['ledger.sentinel', `${LEDGER_FILE}-wal`]) {
      rmSync(fresh, { recursive: true })
      mkdirSync(fresh)
      writeFileSync(fileIn(fresh), '')
      writeFileSync(join(fresh, beside), 'x')
      expect(() => openLedger({ directory: fresh }), beside).toThrow(LedgerDamaged)
    }
  })

  test('L-14 a file that is cut at any page, or empty, is found', async () => {
    await filled()
    shop.ledger.close()
    const { size } = statSync(fileIn(shop.directory))
    for (let kept = 0; kept < size; kept += 4096) {
      const copy = copied()
      truncateSync(fileIn(copy), kept)
      expect(() => openLedger({ directory: copy }).close(), `${kept} bytes`).toThrow(LedgerDamaged)
    }
    shop.restart()
  })

  test('L-14 an orderly change by SQLite itself is no damage of the disk: the chain looks at it', async () => {
    await filled(5)
    shop.ledger.close()
    const copy = copied()
    const database = new Sqlite(fileIn(copy))
    database.exec('CREATE TABLE other (a); DROP TABLE other')
    database.close()
    expect(() => openLedger({ directory: copy }).close()).not.toThrow()
    shop.restart()
  })

  test('L-14 L-16 damage that was found is found again where putting it aside broke off', async () => {
    await filled()
    shop.ledger.close()
    const copy = copied()
    const bytes = readFileSync(fileIn(copy))
    // The balance in an answer: no chain and no rule of SQLite covers it.
    const at = bytes.indexOf('"balance":')
    expect(at).toBeGreaterThan(0)
    bytes[at + 10] = (bytes[at + 10] ?? 0) ^ 1
    writeFileSync(fileIn(copy), bytes)
    for (let start = 0; start < 2; start++)
      expect(() => openLedger({ directory: copy }).close()).toThrow(/pages changed/)
    const { ledger, recovery } = openOrRecover(copy, NOW)
    expect(recovery?.fault).toContain('pages changed')
    ledger.close()
    expect(openOrRecover(copy, NOW).recovery).toBeNull()
    shop.restart()
  })

  test('L-16 what is proven is taken over, the damaged file is kept, and the store goes on where nothing can be missing', async () => {
    await filled()
    const receipt = await shop.write('sale', sale, 'last')
    shop.ledger.close()
    const copy = copied()
    const database = new Sqlite(fileIn(copy))
    // The cloud's word, which no chain covers.
    database.exec('UPDATE members SET covers = 12345')
    database.close()
    const bytes = readFileSync(fileIn(copy))
    const { ledger, recovery } = openOrRecover(copy, NOW)
    expect(recovery).toMatchObject({ facts: 41, claimed: 41 })
    expect(readFileSync(join(recovery?.kept ?? '', LEDGER_FILE))).toEqual(bytes)
    expect(ledger.verify()).toMatchObject({ chain_ok: true, facts: 41, faults: [] })
    expect(ledger.identity()).toMatchObject({ ...shop.ledger.identity() })
    expect(ledger.meta.cursors()).toMatchObject({ members: 0, corrections: 0 })
    expect(Buffer.from(ledger.ofKey('last')?.answer ?? [])).toEqual(
      receipt.ok && Buffer.from(receipt.value.body),
    )
    expect(ledger.members.holder({ kind: 'card', value: '1' })).toBeGreaterThan(0)
    expect(
      seqOf(ledger.threads.last(ledger.members.holder({ kind: 'card', value: '1' }) ?? (0 as never))),
    ).toBe(40)
    ledger.close()
    expect(openOrRecover(copy, NOW).recovery).toBeNull()
    shop.restart()
  })

  test('L-16 L-7 a damaged file of an earlier release: what can be read of it is brought up to date and proven', () => {
    const copy = mkdtempSync(join(tmpdir(), 'tillstream-damage-'))
    copies.push(copy)
    layDown(1, 'edge', copy)
    const old = new Sqlite(fileIn(copy))
    old.exec("UPDATE facts SET answer = CAST('{}' AS BLOB) WHERE seq = 8; CREATE TABLE other (a)")
    old.close()
    const { ledger, recovery } = openOrRecover(copy, NOW)
    expect(recovery).toMatchObject({ facts: 7, claimed: 14 })
    expect([ledger.seq, ledger.identity()?.epoch]).toEqual([7, 1])
    ledger.close()
    expect(readdirSync(copy).filter((name) => name.includes('stepped'))).toEqual([])
    const cut = mkdtempSync(join(tmpdir(), 'tillstream-damage-'))
    copies.push(cut)
    layDown(1, 'edge', cut)
    const pages = readFileSync(fileIn(cut))
    // The last page that holds an answer: the facts before it are read, those in it are not.
    const page = Math.floor(pages.lastIndexOf('"receipt":') / 4096)
    pages.fill(0xa5, page * 4096, page * 4096 + 100)
    writeFileSync(fileIn(cut), pages)
    const opened = openOrRecover(cut, NOW)
    expect(opened.recovery?.claimed).toBeNull()
    expect(opened.recovery?.facts).toBeGreaterThan(0)
    expect(opened.recovery?.facts).toBeLessThan(14)
    opened.ledger.close()
  })

  test('L-16 where a fact cannot be proven, only those before it are, and the claim says how many there were', async () => {
    await filled()
    shop.ledger.close()
    const copy = copied()
    const database = new Sqlite(fileIn(copy))
    database.exec(
      "UPDATE facts SET bytes = CAST(replace(bytes, CAST('tea' AS BLOB), 'tee') AS BLOB) WHERE id % 8589934592 = 30",
    )
    database.close()
    const { ledger, recovery } = openOrRecover(copy, NOW)
    expect(recovery).toMatchObject({ facts: 29, claimed: 40 })
    expect(ledger.seq).toBe(29)
    ledger.close()
    shop.restart()
  })

  test('L-16 L-12 of each life what is proven is taken over, what may be missing begins the next, and an earlier life is read again', async () => {
    await filled(10)
    const spares = [2, 3, 4].map((epoch) => ({ origin: (ORIGIN + epoch) as Origin, epoch }))
    shop.ledger.transact(() => {
      shop.ledger.lives.saveSpares(spares)
      shop.ledger.meta.setSynced(9 as Seq, 1)
    })
    shop.ledger.openLife(spares[0] ?? expect.unreachable(), 'witness', NOW)
    shop.restart()
    for (let n = 0; n < 5; n++) await shop.done('sale', sale, `second-${n}`)
    shop.ledger.close()
    const copy = copied()
    const database = new Sqlite(fileIn(copy))
    database.exec(
      `UPDATE lives SET settled = 1; UPDATE facts SET bytes = zeroblob(9) WHERE id = ${factIdOf(ORIGIN, 8 as Seq)}; ` +
        'CREATE TABLE other (a)',
    )
    database.close()
    const { ledger, recovery } = openOrRecover(copy, NOW)
    expect(recovery).toMatchObject({ facts: 12, claimed: 15 })
    expect([ledger.seq, ledger.verify().faults]).toEqual([5, []])
    expect(ledger.lives.unsettled()).toMatchObject({ origin: ORIGIN, same: 7, read: 7 })
    expect(ledger.lives.spares()).toEqual(spares.slice(1))
    const till = new Till({
      ledger,
      system: shop.system,
      software: 'test/1',
      onFault: () => expect.unreachable(),
    })
    till.connect(shop.link)
    till.resume('here', true)
    expect(ledger.identity()).toMatchObject({ origin: ORIGIN + 3, epoch: 3, why: 'sentinel' })
    ledger.close()
    shop.restart()
  })

  test('L-16 a crash between the renames is finished by the next start', async () => {
    await filled(5)
    shop.ledger.close()
    const copy = copied()
    copyFileSync(fileIn(copy), `${fileIn(copy)}.new`)
    rmSync(fileIn(copy))
    rmSync(`${fileIn(copy)}.sums`)
    const { ledger, recovery } = openOrRecover(copy, NOW)
    expect(recovery).toBeNull()
    expect(ledger.seq).toBe(5)
    ledger.close()
    shop.restart()
  })

  test('L-14 the walk beside the commits finds what rots while the node runs, and stops it', async () => {
    await filled()
    expect(await shop.ledger.walk()).toEqual([])
    const causes: unknown[] = []
    shop.ledger.onBroken((cause) => causes.push(cause))
    shop.database.exec('UPDATE facts SET bytes = zeroblob(length(bytes)) WHERE id % 8589934592 = 7')
    expect((await shop.ledger.walk())[0]).toContain('fact 7 does not fit the hash chain')
    expect(causes).toHaveLength(1)
    expect(await shop.refused('sale', sale)).toBe('fault')
    expect(hasFailed(fileIn(shop.directory))).toBe(true)
  })
})

describe('R05 a disk that fills up', () => {
  let free: number
  let directory: string
  const room = (): DiskRoom => new DiskRoom(fileIn(directory), () => ({ free, total: 1024 * MIB }))
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tillstream-room-'))
    copies.push(directory)
    free = 500 * MIB
  })

  test('L-15 read-only below the mark, and again writable with twice as much; the ballast is laid and given', () => {
    const disk = room()
    const ballast = (): boolean => existsSync(join(directory, 'ledger.ballast'))
    expect([disk.room, disk.lowBytes, ballast()]).toEqual(['ample', 64 * MIB, true])
    for (const [mib, expected] of [
      [64, 'ample'],
      [63, 'low'],
      [65, 'low'],
      [127, 'low'],
      [128, 'ample'],
    ] as const) {
      free = mib * MIB
      expect([mib, disk.look()]).toEqual([mib, expected])
    }
    free = 0
    disk.full()
    expect([disk.room, ballast()]).toEqual(['low', false])
    // The room the ballast takes is not room for records.
    free = (128 + 15) * MIB
    expect(disk.look()).toBe('low')
    free = (128 + 16) * MIB
    expect([disk.look(), ballast()]).toEqual(['ample', true])
  })

  test('L-15 the file system is asked when what is left may have been used, not with every commit', () => {
    let asked = 0
    const disk = new DiskRoom(fileIn(directory), () => {
      asked++
      return { free, total: 1024 * MIB }
    })
    asked = 0
    for (let written = 0; written < 10 * MIB; written += 10_000) disk.wrote(10_000)
    expect(asked).toBe(0)
    for (let written = 0; written < 100 * MIB; written += 10_000) {
      free = 500 * MIB - 8 * written
      disk.wrote(10_000)
      if (disk.room === 'low') break
    }
    expect(disk.room).toBe('low')
    expect(free).toBeGreaterThan(40 * MIB)
    expect(asked).toBeLessThan(30)
  })

  test('L-15 a full disk: records are refused, stored answers and reading go on, and with room it records again', async () => {
    const member = await shop.member('1')
    const first = await shop.write('sale', { member, ...sale }, 'once')
    shop.ledger.room?.full()
    expect(await shop.refused('sale', sale)).toBe('storage_full')
    const again = await shop.write('sale', { member, ...sale }, 'once')
    expect(again).toEqual(first.ok && { ok: true, value: { ...first.value, replayed: true } })
    expect((await shop.till.member(Number(member) as never)).ok).toBe(true)
    expect(shop.till.status().storage.state).toBe('read_only')
    shop.till.lookAtDisk()
    expect(shop.till.status().storage.state).toBe('writable')
    expect((await shop.done('sale', sale)).receipt.seq).toBe(3)
  })
})

describe('R04 a disk that fails', () => {
  test('L-13 after the first I/O error nothing is acknowledged, and the next start looks at everything', async () => {
    await filled(5)
    const causes: unknown[] = []
    shop.ledger.onBroken((cause) => causes.push(cause))
    const failure = new Sqlite.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC')
    expect(shop.ledger.failed(failure)).toBe('broken')
    expect(causes).toEqual([failure])
    expect(await shop.refused('sale', sale)).toBe('fault')
    expect(shop.till.status().storage.state).toBe('failed')
    shop.ledger.close()
    const { ledger, recovery } = openOrRecover(shop.directory, NOW)
    expect([ledger.seq, recovery, hasFailed(fileIn(shop.directory))]).toEqual([5, null, false])
    ledger.close()
    shop.restart()
    expect((await shop.done('sale', sale)).receipt.seq).toBe(6)
  })
})

test('L-18 SQLite plans a statement once, whatever is bound: a parameter stands behind a sign', () => {
  const open = openDatabase(IN_MEMORY)
  const sources = [
    open.database.prepare('SELECT * FROM leases WHERE member = ? AND recall > @recall LIMIT $limit').source,
    open.database.prepare('SELECT count(*) FROM leases').source,
  ]
  open.close()
  expect(sources).toEqual([
    'SELECT * FROM leases WHERE member = +? AND recall > +@recall LIMIT +$limit',
    'SELECT count(*) FROM leases',
  ])
})
