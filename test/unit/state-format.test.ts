// S-13: states that another release saved in its own format are folded again before anything reads them.
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Ingest } from '../../cloud/domain/ingest/ingest.ts'
import { STATE_FORMAT, outcomeText } from '../../cloud/evaluation/state.ts'
import { STORE_FILE } from '../../cloud/store/sqlite/open.ts'
import { stateSum, sumFunctions } from '../../cloud/store/sqlite/row-sums.ts'
import { verify } from '../../cloud/verify.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { cloudOfTwo } from '../support/cloud-of-two.ts'
import type { CloudOfTwo } from '../support/cloud-of-two.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
/** More than a page of them. */
const MEMBERS = 130
/** What it noted of itself, and what its states begin with. */
const OTHER = STATE_FORMAT + 7

let world: CloudOfTwo
let members: MemberId[]
let written: string[]

beforeEach(async () => {
  world = await cloudOfTwo(T0 + 1000 * MINUTE)
  const { a, send } = world
  members = Array.from({ length: MEMBERS }, (_, n) =>
    a.enrol({ at: T0 + n, promised: 50, confirmed: true }, [{ kind: 'card', value: String(n) }]),
  )
  for (const [n, member] of members.entries())
    a.sale({ at: T0 + MINUTE + n, member, promised: 10, confirmed: true }, [{ sku: 'x', amount: 1000 }])
  await send(a)
  written = await outcomes()
})
afterEach(() => world.stop())

async function outcomes(): Promise<string[]> {
  const texts: string[] = []
  for (const member of members) texts.push(outcomeText(await world.cloud.state(member)))
  return texts
}

/** As a release with another format leaves the file: sums and all. */
function inOtherFormat(): void {
  const disk = new Sqlite(join(world.cloud.directory, STORE_FILE))
  const save = disk.prepare('UPDATE states SET state = ?, sum = ? WHERE member = ?')
  const rows = disk.prepare('SELECT member, tenant, due, change, state FROM states').all() as {
    member: number
    tenant: number
    due: number | null
    change: number
    state: Buffer
  }[]
  for (const row of rows) {
    row.state.writeUInt8(OTHER, 1)
    save.run(row.state, stateSum(row), row.member)
  }
  sumFunctions(disk)
  disk
    .prepare("INSERT OR REPLACE INTO meta VALUES ('state_format', $format, row_sum('state_format', $format))")
    .run({ format: String(OTHER) })
  disk.close()
}

test('S-13 states in another release’s format are folded again once, and nobody is told of damage', async () => {
  const { cloud } = world
  const { store, shelf, clock } = cloud
  expect(await cloud.ingest.bringStatesUp()).toBe(0)
  inOtherFormat()
  const next = new Ingest(store, shelf, clock)
  expect(await next.bringStatesUp()).toBe(MEMBERS)
  expect(await outcomes()).toEqual(written)
  expect([next.statesMended, await next.bringStatesUp()]).toEqual([0, 0])
  expect(await verify(cloud.directory)).toMatchObject({ ok: true, states_mended: null, problems: [] })
})

test('S-13 I-9 so are those of members whose enrolment is not here', async () => {
  const { cloud, a, b, send } = world
  const orphan = a.enrol({ at: T0 + 2 * MINUTE, promised: 50, confirmed: true }, [
    { kind: 'card', value: 'new' },
  ])
  for (const n of [0, 1]) b.sale({ at: T0 + (3 + n) * MINUTE, member: orphan }, [{ sku: 'x', amount: 1000 }])
  await send(b, 1, 1)
  inOtherFormat()
  const next = new Ingest(cloud.store, cloud.shelf, cloud.clock)
  expect(await next.bringStatesUp()).toBe(MEMBERS + 1)
  await next.submit(b.origin, b.batch(2))
  await next.submit(a.origin, a.batch(a.seq))
  expect((await cloud.state(orphan)).balance).toBe(70)
  expect(await verify(cloud.directory)).toMatchObject({ ok: true, problems: [] })
})

test('S-13 what is not what its chain says is not folded: no start, and the format stays noted', async () => {
  const { cloud } = world
  inOtherFormat()
  const disk = new Sqlite(join(cloud.directory, STORE_FILE))
  const sale = disk.prepare("SELECT id, bytes FROM facts WHERE kind = 'sale' LIMIT 1").get() as {
    id: number
    bytes: Buffer
  }
  sale.bytes.writeUInt8(sale.bytes.readUInt8(sale.bytes.length - 1) ^ 1, sale.bytes.length - 1)
  disk.prepare('UPDATE facts SET bytes = ? WHERE id = ?').run(sale.bytes, sale.id)
  await expect(new Ingest(cloud.store, cloud.shelf, cloud.clock).bringStatesUp()).rejects.toThrow(/chain/)
  const noted = disk.prepare("SELECT value FROM meta WHERE name = 'state_format'").pluck().get()
  expect(noted).toBe(String(OTHER))
  disk.close()
})
