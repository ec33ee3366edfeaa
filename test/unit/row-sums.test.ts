// Bits that flip beneath a running cloud: what balances are told by is what was written, or made again, or not told at all. Flips go into the values of
// rows, beside the node, where SQLite sees nothing wrong.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MemberId } from '../../protocol/ids.ts'
import { doctor } from '../../cloud/doctor.ts'
import { encodeState, outcomeText } from '../../cloud/evaluation/state.ts'
import { STORE_FILE } from '../../cloud/store/sqlite/open.ts'
import { openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { verify } from '../../cloud/verify.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { seededRandom } from '../support/random.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
const SALES = 150
/** The first bytes of a file say how often it was written, which is what tells one that was written since. */
const BEHIND_COUNTER = 28

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let shop: OriginWriter
let members: MemberId[]
/** By another connection. */
let disk: InstanceType<typeof Sqlite>
/** Of each member, as it was written. */
let written: string[]

beforeEach(async () => {
  directory = freshDirectory(true)
  cloud = new CloudCore(directory.path, { now: () => T0 + 10_000 * MINUTE })
  await cloud.found(SMALL_PROGRAM)
  shop = await cloud.addStore()
  members = [0, 1].map((index) =>
    shop.enrol({ at: T0 + index, promised: 50, confirmed: true }, [{ kind: 'card', value: String(index) }]),
  )
  for (let n = 0; n < SALES; n++) sell(n, n % 2)
  await cloud.ingest.submit(shop.origin, shop.batch())
  disk = new Sqlite(join(directory.path, STORE_FILE))
  written = await served()
})
afterEach(async () => {
  disk.close()
  await cloud.store.close()
  directory.remove()
})

function sell(minute: number, index: number): void {
  shop.sale({ at: T0 + minute * MINUTE + 5, member: memberAt(index), promised: 7, confirmed: true }, [
    { sku: 'x', category: 'BAG', pieces: 1, amount: 700 },
  ])
}

const memberAt = (index: number): MemberId => members[index] as MemberId

async function served(): Promise<string[]> {
  const texts: string[] = []
  for (const member of members) texts.push(outcomeText(await cloud.state(member)))
  return texts
}

const bytesOf = (table: 'states' | 'checkpoints', member: MemberId): Buffer =>
  disk.prepare<[number], Buffer>(`SELECT state FROM ${table} WHERE member = ? LIMIT 1`).pluck().get(member) ??
  Buffer.alloc(0)

describe('S-12', () => {
  test('a flipped bit of a saved state is never told: the state is folded again, counted, told to HQ and to the doctor', async () => {
    const random = seededRandom(7)
    const flips = 200
    for (let n = 0; n < flips; n++) {
      const member = memberAt(random.below(members.length))
      const bytes = bytesOf('states', member)
      const at = random.below(bytes.length)
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at)
      disk.prepare('UPDATE states SET state = ? WHERE member = ?').run(bytes, member)
      expect(await served(), `flip ${n}`).toEqual(written)
    }
    expect(cloud.mended).toHaveLength(flips)
    const notices = await cloud.store.read.notices(cloud.tenant, { after: 0, limit: 1_000 })
    expect(notices.filter(({ notice }) => notice?.code === 'state_mended')).toHaveLength(flips)
    const found = await verify(directory.path)
    expect(found).toMatchObject({ ok: true, states_mended: { count: flips } })
    await cloud.store.write((tx) => tx.saveMeta('states_mended', `200 ${Date.now()}`))
    const told = (await doctor(directory.path)).at(-1)
    expect([told?.ok, told?.found]).toEqual([false, expect.stringContaining('200 times')])
  })

  test.each([
    ['whose it is', 'UPDATE states SET tenant = tenant + 1'],
    ['when time changes it', 'UPDATE states SET due = 1 WHERE member > 0'],
    ['its sum', 'UPDATE states SET sum = sum + 1'],
    ['its kind', 'UPDATE states SET state = CAST(state AS TEXT)'],
    ['the row itself', 'DELETE FROM states'],
  ])('a saved state is nothing without %s', async (_, sql) => {
    disk.exec(sql)
    expect(await served()).toEqual(written)
    expect(cloud.mended).toHaveLength(2)
    expect(await served()).toEqual(written)
    expect((await verify(directory.path)).problems).toEqual([])
  })

  test.each([
    ['in order', SALES + 1],
    ['late', 3],
  ])(
    'what arrives %s is folded onto no state and no checkpoint that is not what was written',
    async (_, minute) => {
      await cloud.store.close()
      cloud = new CloudCore(directory.path, { now: () => T0 + 10_000 * MINUTE })
      cloud.tenant = 1
      const state = bytesOf('states', memberAt(1))
      // What belongs to the other member, and is whole in itself.
      disk.prepare('UPDATE states SET state = ? WHERE member = ?').run(state, memberAt(0))
      disk.prepare('UPDATE checkpoints SET state = ? WHERE member = ?').run(state, memberAt(0))
      sell(minute, 0)
      await cloud.ingest.submit(shop.origin, shop.batch())
      expect(cloud.mended).toEqual([memberAt(0)])
      await cloud.outcomes()
      expect((await verify(directory.path)).problems).toEqual([])
    },
  )

  test('a decision, like every look in a transaction, is made by what was written', async () => {
    const wrong = { ...(await cloud.state(memberAt(0))), balance: 1_000_000 }
    disk.prepare('UPDATE states SET state = ? WHERE member = ?').run(encodeState(wrong), memberAt(0))
    const [row] = await cloud.store.write((tx) => tx.states([memberAt(0)]))
    expect(cloud.mended).toEqual([memberAt(0)])
    expect(row?.state).toEqual(bytesOf('states', memberAt(0)))
    expect(await served()).toEqual(written)
  })

  test.each([
    ['a fact', 'UPDATE facts SET bytes = zeroblob(length(bytes)) WHERE id % 8589934592 = 9'],
    ['a fact’s standing', `UPDATE facts SET status = 'countec' WHERE id % 8589934592 = 9`],
    ['the log', `UPDATE activities SET effects = replace(effects, ',7,', ',6,') WHERE fact % 8589934592 = 9`],
  ])('where %s is damaged too, nothing is answered, and nothing more is written', async (_, sql) => {
    expect(disk.prepare(sql).run().changes).toBe(1)
    disk.exec('UPDATE states SET state = zeroblob(length(state))')
    const member = memberAt(0)
    await expect(cloud.store.read.member(member)).rejects.toThrow(/not what/)
    await expect(cloud.store.write((tx) => tx.saveMeta('a', 'b'))).rejects.toThrow('the storage failed')
  })

  test.each([
    ['programs', `UPDATE programs SET document = replace(document, '1', '2')`],
    ['identities', `UPDATE identities SET member = OTHER WHERE value = '0'`],
  ])('%s that are not what was written are no answer; the next start says what to do', async (table, sql) => {
    const other = memberAt(1)
    disk.prepare(sql.replace('OTHER', String(other))).run()
    const read = cloud.store.read
    await expect(
      table === 'programs' ? read.programs(cloud.tenant) : read.memberByIdentity(cloud.tenant, 'card', '0'),
    ).rejects.toThrow(`a row of ${table} is not what was written`)
    const found = await verify(directory.path)
    expect(found).toMatchObject({ ok: false, damaged: true })
    expect(found.problems[0]).toMatch(new RegExp(`rows of ${table} are not what was written`))
    await cloud.store.close()
    disk.close()
    expect(() => openSqliteStore({ directory: directory.path })).toThrow(
      new RegExp(`is damaged: 1 rows of ${table} .*Put the last backup`),
    )
    // For the end of the test.
    directory.remove()
    directory = freshDirectory(true)
    cloud = new CloudCore(directory.path, { now: () => T0 })
  })
})

test('S-5 a bit that flips in a file that was closed in order is found at the next start, wherever it is', async () => {
  await cloud.store.close()
  disk.close()
  const file = join(directory.path, STORE_FILE)
  const bytes = readFileSync(file)
  const random = seededRandom(5)
  for (let n = 0; n < 60; n++) {
    const flipped = Buffer.from(bytes)
    const at = BEHIND_COUNTER + random.below(bytes.length - BEHIND_COUNTER)
    flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << random.below(8)), at)
    writeFileSync(file, flipped)
    expect(() => openSqliteStore({ directory: directory.path }), `byte ${at}`).toThrow(
      /is damaged: page [0-9]+ and 0 others .*Put the last backup/,
    )
  }
  writeFileSync(file, bytes)
  cloud = new CloudCore(directory.path, { now: () => T0 })
  expect(await served()).toEqual(written)
})
