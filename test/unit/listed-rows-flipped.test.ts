// Bits that flip beneath a running cloud in what platforms list: rows that are functions of facts are made again, and listed as they were; any other is no answer,
// and neither is one that an index leads to by another key.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { columnsOf } from '../../cloud/collections/collection.ts'
import type { Row } from '../../cloud/collections/collection.ts'
import { SCHEMA } from '../../cloud/collections/collections.ts'
import { EVERYTHING, eq } from '../../cloud/collections/query.ts'
import type { ProjectedTable } from '../../cloud/collections/tables/accounts.ts'
import { StorageKeeper } from '../../cloud/storage-keeper.ts'
import { isStorageBroken } from '../../cloud/storage/faults.ts'
import { STORE_FILE } from '../../cloud/store/sqlite/open.ts'
import type { DiskStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { systemWith } from '../../cloud/system.ts'
import { verify } from '../../cloud/verify.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { OWN_COLUMNS, WRITTEN_COLUMNS, flip, flipInIndex, flipInRow, xor } from '../support/flipped-rows.ts'
import { HqWriter } from '../support/hq-writer.ts'
import { OPERATED_PROGRAM, operate } from '../support/operated.ts'
import type { OriginWriter } from '../support/origin-writer.ts'

const NOW = Date.UTC(2026, 5, 3, 12)
const clock = { now: () => NOW }

let made: ReturnType<typeof freshDirectory>
let shop: OriginWriter
let taken: number
let ann: MemberId
let bob: MemberId
/** What a case works on: a copy of what was made. */
let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let disk: DiskStore

beforeAll(async () => {
  made = freshDirectory(true)
  cloud = new CloudCore(made.path, clock)
  await cloud.found(OPERATED_PROGRAM)
  shop = await cloud.addStore()
  await cloud.project()
  await operate(cloud, shop)
  ;[ann, bob] = ['a', 'b'].map((name, index) =>
    shop.enrol({ at: NOW - 90_000 + index }, [{ kind: 'email', value: `${name}@x.example` }], name),
  ) as [MemberId, MemberId]
  const cy = shop.enrol({ at: NOW - 85_000 }, [{ kind: 'card', value: 'c' }], 'cy')
  // Holds what nobody bought: it comes with the tier.
  shop.sale({ at: NOW - 84_000, member: cy }, [{ sku: 'x', amount: 60_000 }])
  for (const member of [ann, bob, ann]) shop.sale({ at: NOW - 80_000, member }, [{ sku: 'x', amount: 900 }])
  await cloud.ingest.submit(shop.origin, shop.batch())
  taken = shop.seq
  const hq = await HqWriter.add(cloud)
  hq.merge({ at: NOW - 70_000, key: 'one', member: ann }, bob)
  await cloud.ingest.submit(hq.origin, hq.batch())
  await cloud.store.close()
})
afterAll(() => made.remove())

beforeEach(() => {
  directory = freshDirectory(true)
  cpSync(made.path, directory.path, { recursive: true })
  const { tenant } = cloud
  cloud = new CloudCore(directory.path, clock, (store) => {
    // What is opened on a directory is on a disk.
    disk = store as DiskStore
    return store
  })
  cloud.tenant = tenant
})
afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

const file = (): string => join(directory.path, STORE_FILE)
const listed = (table: string): Promise<Row[]> =>
  cloud.store.read.rows(SCHEMA.of(table), { tenants: 'every', where: EVERYTHING, limit: 500 })

/** Another value of the same kind. */
function otherIn(table: string, column: string): string {
  const { type } = columnsOf(SCHEMA.of(table))[column] ?? { type: 'integer' }
  const some = `coalesce("${column}", 0)`
  return type === 'text' || type === 'date'
    ? `"${column}" = coalesce("${column}", '') || 'x'`
    : `"${column}" = (${some} | 1) - (${some} & 1)`
}

describe('S-15', () => {
  test.each(Object.keys(OWN_COLUMNS) as ProjectedTable[])(
    'what facts say in rows of %s is listed as it was, row by row and column by column, and made again once',
    async (table) => {
      const before = await listed(table)
      const own = [...OWN_COLUMNS[table], ...WRITTEN_COLUMNS]
      const columns = Object.keys(columnsOf(SCHEMA.of(table))).filter((column) => !own.includes(column))
      expect(columns.length).toBeGreaterThan(1)
      let flips = 0
      for (const { id } of before)
        for (const column of [...columns, 'sum']) {
          flip(file(), `UPDATE ${table} SET ${otherIn(table, column)} WHERE id = ${Number(id)}`)
          expect([id, column, await listed(table)]).toEqual([id, column, before])
          expect(cloud.mended).toHaveLength(++flips)
          expect(await listed(table)).toEqual(before)
        }
      expect((await verify(directory.path)).problems).toEqual([])
    },
  )

  test('HQ is told of it, and so is who verifies before it was read', async () => {
    flip(file(), `UPDATE connections SET ${xor('balance', 8)} WHERE member = ${ann}`)
    const found = await verify(directory.path)
    expect(found).toMatchObject({
      ok: false,
      damaged: false,
      mends_itself: true,
      unsound_rows: [{ table: 'connections', member: ann }],
    })
    expect(found.problems).toEqual([expect.stringContaining('of connections, of member')])
    await listed('connections')
    const notices = await cloud.store.read.notices(cloud.tenant, { after: 0, limit: 100 })
    expect(notices.filter(({ notice }) => notice?.code === 'state_mended')).toHaveLength(1)
    expect(await verify(directory.path)).toMatchObject({ ok: true, states_mended: { count: 1 } })
  })

  test('S-10 what nobody asks for is made again by the walk', async () => {
    flip(file(), `UPDATE transactions SET ${xor('points', 8)} WHERE member = ${ann}`)
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    const keeper = new StorageKeeper({
      store: disk,
      directory: directory.path,
      system: systemWith(clock),
      log,
    })
    await keeper.walk()
    expect([lines, cloud.mended]).toEqual([[], [ann]])
    expect(await verify(directory.path)).toMatchObject({ ok: true, unsound_rows: [] })
  })

  test.each([
    ['connections', 'connections_tenant_last_transaction', 'last_transaction'],
    ['transactions', 'transactions_connection_at', 'at'],
    ['transactions', 'transactions_perk_at', 'perk'],
  ])(
    'a row of %s whose index %s did not flip with it is that again for both',
    async (table, index, column) => {
      const before = await listed(table)
      const { id } = before.find((row) => row[column] !== null) as { readonly id: number }
      flipInRow(file(), index, `UPDATE ${table} SET ${xor(column, 64)} WHERE id = ${id}`)
      expect(await listed(table)).toEqual(before)
      expect((await verify(directory.path)).problems).toEqual([])
    },
  )

  test('a sale that comes for a member with such rows is counted once, and the rows are those of both', async () => {
    const before = await listed('transactions')
    flip(file(), `UPDATE connections SET ${xor('balance', 1024)} WHERE member = ${ann}`)
    flip(file(), `UPDATE transactions SET ${xor('points', 64)} WHERE member = ${ann}`)
    shop.sale({ at: NOW - 1_000, member: ann }, [{ sku: 'x', amount: 900 }])
    await cloud.ingest.submit(shop.origin, shop.batch(taken + 1))
    const [row] = await cloud.store.read.accountRows('connections', { member: ann })
    expect(row?.balance).toBe((await cloud.state(ann)).balance)
    expect(cloud.mended).toContain(ann)
    expect((await listed('transactions')).slice(0, before.length)).toEqual(before)
    expect((await verify(directory.path)).problems).toEqual([])
  })

  test('S-5 what could not be made again is told by the next start, with what to do', async () => {
    flip(file(), `UPDATE connections SET ${xor('person', 64)} WHERE member = ${ann}`)
    await expect(listed('connections')).rejects.toThrow('nor is it with what facts say')
    await cloud.store.close()
    expect(() => new CloudCore(directory.path, clock)).toThrow(
      /is damaged: row \d+ of connections and 0 others are not what was written.*Put the last backup/,
    )
    // For the end of the test.
    directory.remove()
    directory = freshDirectory(true)
    cloud = new CloudCore(directory.path, clock)
  })

  test('a merged member’s row, which is listed no more, is made again too', async () => {
    const before = await listed('connections')
    flip(file(), `UPDATE connections SET ${xor('balance', 1024)}, hidden = 0 WHERE member = ${bob}`)
    expect(await listed('connections')).toEqual(before)
  })
})

type Ask = () => Promise<unknown>
const all =
  (table: string): Ask =>
  () =>
    listed(table)

describe('S-12 S-15', () => {
  test.each<[string, () => void, Ask]>([
    ...['person', 'status', 'joined', 'created', 'receives_emails'].map(
      (column): [string, () => void, Ask] => [
        `${column} of a customer`,
        () => flip(file(), `UPDATE connections SET ${otherIn('connections', column)} WHERE member = ${ann}`),
        all('connections'),
      ],
    ),
    ...['perks', 'levels', 'challenges', 'custom_attribute_values', 'source_ids', 'mails'].map(
      (table): [string, () => void, Ask] => [
        `a row of ${table}`,
        () => flip(file(), `UPDATE ${table} SET sum = sum + 1`),
        all(table),
      ],
    ),
    [
      'whose row it is',
      () => flip(file(), `UPDATE transactions SET ${xor('member', 64)} WHERE member = ${ann}`),
      all('transactions'),
    ],
    [
      'whose row it is, and what it says',
      () => flip(file(), `UPDATE transactions SET ${xor('points', 64)}, title = 'x', ${xor('fact', 64)}`),
      all('transactions'),
    ],
    [
      'a key that leads to another’s row',
      () =>
        flipInIndex(
          file(),
          'connections_person_tenant',
          `UPDATE connections SET ${xor('person', 64)} WHERE member = ${ann}`,
        ),
      async () => {
        const [row] = await cloud.store.read.accountRows('connections', { member: ann })
        const where = eq('person', Number(row?.person) ^ 64)
        return cloud.store.read.rows(SCHEMA.of('connections'), { tenants: 'every', where, limit: 5 })
      },
    ],
  ])('%s: a flipped bit there is no answer, and nothing more is written', async (_, flips, ask) => {
    flips()
    const cause = await ask().catch((thrown: unknown) => thrown)
    if (Array.isArray(cause) && cause.length === 0) return
    expect(isStorageBroken(cause), JSON.stringify(cause)).toBe(true)
    await expect(cloud.store.write((tx) => tx.saveMeta('a', 'b'))).rejects.toThrow('the storage failed')
  })
})
