// Rows of a member whose connection is there before all of its facts have rows: they are those that are made afterwards (PROJ-1), whichever came first.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { Memberships } from '../../cloud/domain/accounts/operations/memberships.ts'
import { openSnapshot } from '../../cloud/store/sqlite/sqlite-store.ts'
import { projectionFaults } from '../../cloud/verify-projections.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { HqWriter } from '../support/hq-writer.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const clock = { now: () => T0 + 3_600_000 }
const CARD = [{ kind: 'card', value: '7' }] as const

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
beforeEach(async () => {
  directory = freshDirectory(true)
  cloud = new CloudCore(directory.path, clock)
  await cloud.found(SMALL_PROGRAM)
})
afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

/** What differs from the rows that the facts give anew. */
async function faults(): Promise<string[]> {
  const snapshot = openSnapshot(directory.path)
  const found: string[] = []
  try {
    await projectionFaults(snapshot, clock, (fault) => found.push(fault))
    return found
  } finally {
    snapshot.close()
  }
}

/** When the member's last transaction was, and whose the lines of a fact are. */
async function listed(member: MemberId, fact: FactId): Promise<unknown> {
  const { read } = cloud.store
  const [connection] = await read.accountRows('connections', { member })
  return [
    connection?.last_transaction,
    (await read.accountRows('transactions', { fact })).map((row) => row.member),
  ]
}

test('PROJ-6 I-9 a connection that passes to the enrolment that counts has the rows of what that member did before its enrolment came', async () => {
  await cloud.project()
  const [first, elsewhere] = [await cloud.addStore(), await cloud.addStore()]
  const again = await cloud.addLife(first)
  const counts = first.enrol({ at: T0, key: 'enrol' }, CARD)
  const twin = again.enrol({ at: T0 + 1, key: 'enrol' }, CARD)
  const sales = [2, 3].map((ms) =>
    elsewhere.sale({ at: T0 + ms, member: counts }, [{ sku: 'x', amount: 500 }]),
  )
  for (const writer of [again, elsewhere, first]) await cloud.ingest.submit(writer.origin, writer.batch())
  const { read } = cloud.store
  expect(await read.accountRows('connections', { member: twin })).toEqual([])
  expect(await read.accountRows('connections', { member: counts })).toHaveLength(1)
  for (const fact of sales) expect(await read.accountRows('transactions', { fact })).toHaveLength(1)
  expect(await faults()).toEqual([])
})

test('PROJ-6 I-9 of an enrolment that turns out to be the second one the last transaction is gone with its line', async () => {
  await cloud.project()
  const first = await cloud.addStore()
  const again = await cloud.addLife(first)
  const counts = first.enrol({ at: T0, key: 'enrol' }, CARD)
  again.enrol({ at: T0 + 1, key: 'enrol' }, CARD)
  for (const writer of [again, first]) await cloud.ingest.submit(writer.origin, writer.batch())
  const [connection] = await cloud.store.read.accountRows('connections', { member: counts })
  expect(connection?.last_transaction).toBe(T0)
  expect(await faults()).toEqual([])
})

test('PROJ-3 a voucher that a correction takes away has no row any more', async () => {
  await cloud.project()
  const [store, elsewhere] = [await cloud.addStore(), await cloud.addStore()]
  const member = store.enrol({ at: T0 }, CARD)
  const sale = store.sale({ at: T0 + 1, member }, [{ sku: 'x', amount: 30_000 }])
  store.sale({ at: T0 + 9, member }, [{ sku: 'x', amount: 30_000 }])
  await cloud.ingest.submit(store.origin, store.batch())
  const held = (): Promise<readonly object[]> => cloud.store.read.accountRows('entitlements', { member })
  expect(await held()).toHaveLength(1)
  elsewhere.giveBack({ at: T0 + 5, member }, [{ sale, line: 0, pieces: 1, amount: 30_000 }])
  await cloud.ingest.submit(elsewhere.origin, elsewhere.batch())
  expect(await held()).toHaveLength(0)
  expect(await faults()).toEqual([])
})

test('PROJ-6 E-MERGE-1 what a member brought into a merge goes with it when the merge counts no longer', async () => {
  await cloud.project()
  const store = await cloud.addStore()
  const [ann, bob, cid, dan] = [1, 2, 3, 4].map((n) =>
    store.enrol({ at: T0 + n }, [{ kind: 'card', value: String(n) }]),
  ) as [MemberId, MemberId, MemberId, MemberId]
  const [hq, other] = [await HqWriter.add(cloud), await HqWriter.add(cloud)]
  hq.profile({ at: T0 + 10, key: 'profile', member: bob }, 17)
  hq.merge({ at: T0 + 30, key: 'merge', member: ann }, bob)
  other.merge({ at: T0 + 20, key: 'merge', member: cid }, dan)
  const { read } = cloud.store
  const of = async (member: MemberId): Promise<unknown> => [
    (await read.accountRows('connections', { member, hidden: false })).map(({ membership }) => membership),
    (await read.accountRows('connection_attributes', { member })).map(({ value }) => value),
  ]
  for (const writer of [store, hq]) await cloud.ingest.submit(writer.origin, writer.batch())
  expect([await of(ann), await of(bob)]).toEqual([
    [['ACTIVE'], [17]],
    [[], []],
  ])
  await cloud.ingest.submit(other.origin, other.batch())
  expect([await of(ann), await of(bob)]).toEqual([
    [[null], []],
    [['ACTIVE'], [17]],
  ])
  expect(await faults()).toEqual([])
})

test("PROJ-6 E-MERGE-1 what goes to a member whose enrolment has not come is in nobody's list until then", async () => {
  await cloud.project()
  const [store, elsewhere, late] = [await cloud.addStore(), await cloud.addStore(), await cloud.addStore()]
  const hq = await HqWriter.add(cloud)
  const cid = late.enrol({ at: T0 + 1 }, [{ kind: 'card', value: '8' }])
  const bob = elsewhere.enrol({ at: T0 + 2 }, CARD)
  const ann = store.enrol({ at: T0 + 3 }, CARD)
  const fact = store.sale({ at: T0 + 4, claim: CARD[0] }, [{ sku: 'x', amount: 500 }])
  hq.merge({ at: T0 + 5, key: 'merge', member: cid }, bob)
  for (const writer of [store, hq]) await cloud.ingest.submit(writer.origin, writer.batch())
  expect(await listed(ann, fact)).toEqual([T0 + 4, [ann]])
  await cloud.ingest.submit(elsewhere.origin, elsewhere.batch())
  expect(await listed(ann, fact)).toEqual([T0 + 3, []])
  expect(await faults()).toEqual([])
  await cloud.ingest.submit(late.origin, late.batch())
  expect(await listed(cid, fact)).toEqual([T0 + 4, [cid]])
  expect(await faults()).toEqual([])
})

test("PROJ-7 what goes to a member whose turn has not come is in nobody's list until then", async () => {
  const [store, elsewhere] = [await cloud.addStore(), await cloud.addStore()]
  const ann = store.enrol({ at: T0 + 2 }, CARD)
  const fact = store.sale({ at: T0 + 3, claim: CARD[0] }, [{ sku: 'x', amount: 500 }])
  await cloud.ingest.submit(store.origin, store.batch())
  await cloud.project()
  expect(await listed(ann, fact)).toEqual([T0 + 3, [ann]])
  await cloud.store.write((tx) => tx.saveProjection(cloud.tenant, { state: 'filling', upTo: ann }))
  const bob = elsewhere.enrol({ at: T0 + 1 }, CARD)
  await cloud.ingest.submit(elsewhere.origin, elsewhere.batch())
  expect(await listed(ann, fact)).toEqual([T0 + 2, []])
  await cloud.projections.fill(cloud.tenant)
  expect(await listed(bob, fact)).toEqual([T0 + 3, [bob]])
  expect(await faults()).toEqual([])
})

test('PROJ-7 a customer who is made while the rows of a full business are being made has all rows in the end', async () => {
  const store = await cloud.addStore()
  store.enrol({ at: T0 }, CARD)
  await cloud.ingest.submit(store.origin, store.batch())
  await cloud.store.write((tx) => cloud.projections.begin(tx, cloud.tenant))
  const memberships = new Memberships(cloud.store, cloud.ingest, cloud.shelf, clock)
  const of = { email: 'ann@example.org', external: { system: 'CLUB', id: '1' } }
  await memberships.upsert(cloud.tenant, [{ of, membership: {} }])
  await cloud.projections.fill(cloud.tenant)
  const { read } = cloud.store
  const [ann] = await read.accountRows('connections', { tenant: cloud.tenant, status: 'IMPORTED' })
  expect(ann?.balance).toBe(50)
  expect(await read.accountRows('transactions', { connection: ann?.id ?? 0 })).toHaveLength(1)
  expect(await faults()).toEqual([])
})
