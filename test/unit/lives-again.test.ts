// A ledger that is put back more than once: what its ids mean after each of its lives.
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { idFromText } from '../../protocol/ids.ts'
import type { FactId } from '../../protocol/ids.ts'
import { approveEdge } from '../../cloud/domain/devices.ts'
import type { EdgeRow } from '../../cloud/store/port.ts'
import { LEDGER_FILE } from '../../edge/ledger/database.ts'
import type { Ledger } from '../../edge/ledger/ledger.ts'
import { salvage } from '../../edge/ledger/salvage.ts'
import type { Salvaged } from '../../edge/ledger/salvage.ts'
import type { Till } from '../../edge/till/till.ts'
import { FileDisk } from '../simulation/disk.ts'
import type { DiskImage } from '../simulation/disk.ts'
import type { StoreNode } from '../simulation/store-node.ts'
import type { Receipt } from '../support/small-world.ts'
import { SmallWorld, receiptOf } from '../support/small-world.ts'

let world: SmallWorld
let shop: StoreNode
beforeEach(async () => {
  world = await SmallWorld.build()
  shop = await world.addStore()
})
afterEach(() => world.destroy())

const till = (): Till => {
  if (shop.till === null) throw new Error('the node is down')
  return shop.till
}
const ledger = (): Ledger => {
  if (shop.ledger === null) throw new Error('the node is down')
  return shop.ledger
}
const enrols = async (card: string): Promise<Receipt> =>
  receiptOf(await world.write(shop, 'enrolment', `m${card}`, { identities: [{ kind: 'card', value: card }] }))
const idOf = ({ id }: Receipt): FactId => idFromText<FactId>(id) as FactId

/** Something is sold and forgotten by the disk; the terminal's receipt of it ends the open life. */
async function lifeEnds(): Promise<void> {
  const copy = shop.copyDisk()
  const late = await world.sell(shop, `late-${ledger().lastId()}`)
  shop.putBack(copy)
  const receipt = { id: idOf(late), epoch: late.epoch, hash: Buffer.from(late.hash, 'hex') }
  expect(till().witness(receipt)).toBe('ahead')
}

/** L-16: what is proven of the file. */
function salvagedFrom(image: DiskImage): Salvaged {
  const directory = join(world.directory, 'salvaged')
  new FileDisk(directory).putBack(image)
  return salvage(join(directory, LEDGER_FILE), join(directory, 'fresh.db'))
}

/** Keys of what the cloud counts for whoever has the card. */
async function factsOfCard(card: string): Promise<string[]> {
  const { store, tenant } = world.cloud
  const member = await store.read.memberByIdentity(tenant, 'card', card)
  const rows = member === undefined ? [] : await store.read.factsOfMember(member.id)
  return rows.map(({ key }) => key)
}

test('P-ATT-1 P-LIFE-6 G-12 a copy that waits for HQ shows what it was told to a cloud that was put back to before, and is let in', async () => {
  await world.sell(shop, 'a1')
  await world.synced(shop)
  const backup = await world.copyCloud()
  const clone = world.clone(shop)
  await world.sell(clone, 'x1')
  await world.time.runUntil(() => clone.link?.state === 'held' && clone.edge !== shop.edge, 600_000)
  await world.restartCloud((directory) => world.putCloudBack(backup, directory))
  const { store, ingest, tenant } = world.cloud
  const waits = async (): Promise<EdgeRow | undefined> =>
    (await store.read.edges(tenant)).find(({ state }) => state === 'pending')
  await world.time.run(600_000)
  const device = await waits()
  expect(device?.id).toBe(clone.edge)
  expect(await world.conflicts()).toContain('unknown_device')
  await ingest.record(tenant, async (tx, own) => {
    if (device !== undefined) await approveEdge(tx, own, device)
  })
  await world.synced(clone)
  await world.synced(shop)
  expect(await world.counted()).toEqual(['a1', 'x1'])
  await world.sound()
})

test.each(['other numbers', 'the same number of a life'])(
  'G-8 P-LIFE-4 a cloud that is put back twice from one backup gives %s: what a device of the first time holds counts',
  async (gives) => {
    await world.sell(shop, 'a1')
    await world.synced(shop)
    const backup = await world.copyCloud()
    await world.sell(shop, 'b1')
    await world.synced(shop)
    const putBack = () => world.restartCloud((directory) => world.putCloudBack(backup, directory))
    await putBack()
    await world.synced(shop)
    const early = await world.addStore()
    await world.sell(early, 'c1')
    await world.synced(early)
    const { edge, origin } = early

    await putBack()
    early.wire.set('cut')
    await world.synced(shop)
    const late = await world.addStore()
    await world.sell(late, 'd1')
    await world.synced(late)
    expect(late.edge).not.toBe(edge)
    expect(late.store).not.toBe(early.store)
    expect(late.origin).not.toBe(origin)
    const { store, ingest, tenant } = world.cloud
    if (gives === 'the same number of a life')
      await store.write((tx) =>
        tx.insertLife({ origin, epoch: 99, tenant, store: late.store, edge: late.edge }),
      )
    early.wire.set('up')
    await world.time.run(600_000)
    await ingest.record(tenant, async (tx, own) => {
      const device = await tx.edge(edge)
      if (device !== undefined) await approveEdge(tx, own, device)
    })
    for (const node of [early, late, shop]) await world.synced(node)
    expect(await world.counted()).toEqual(['a1', 'b1', 'c1', 'd1'])
    expect(early.origin === origin).toBe(gives === 'other numbers')
    await world.sound()
  },
)

describe('P-LIFE-5', () => {
  test('what was written since a life is settled means the cloud by its ids, also when it is recorded again itself', async () => {
    await world.sell(shop, 'a1')
    await world.synced(shop)
    const copy = shop.copyDisk()
    await enrols('1')
    const theirs = await enrols('2')
    await world.synced(shop)
    shop.wire.set('cut')
    shop.putBack(copy)
    // Each is where the cloud has another: the second at the first one's place, a third at the second one's.
    await enrols('2')
    const third = await enrols('3')
    expect(third.id).toBe(theirs.id)
    shop.wire.set('up')
    await world.synced(shop)

    shop.wire.set('cut')
    await world.sell(shop, 's1', '1')
    await world.sell(shop, 's2', '2')
    await world.sell(shop, 's3', '3')
    await lifeEnds()
    shop.wire.set('up')
    await world.synced(shop)
    for (const card of ['1', '2', '3']) expect(await factsOfCard(card)).toEqual([`m${card}`, `s${card}`])
    await world.sound()
  })

  test('L-16 what was recorded again is recorded again after the next life too, under the receipt it first had, and goes by every id it had', async () => {
    await world.synced(shop)
    shop.wire.set('cut')
    await enrols('1')
    const sale = await world.sell(shop, 's1', '1')
    await lifeEnds()
    shop.wire.set('up')
    // Recorded again, and not yet with the cloud.
    await world.time.runUntil(() => ledger().seq > 0, 60_000)
    shop.wire.set('cut')
    expect(ledger().meta.cursors().synced).toBe(0)
    const between = ledger().lives.now(idOf(sale))
    await lifeEnds()
    shop.wire.set('up')
    await world.synced(shop)

    expect(
      ledger()
        .lives.past()
        .map(({ epoch }) => epoch),
    ).toEqual([2, 1])
    const now = ledger().lives.now(idOf(sale))
    expect(new Set([idOf(sale), between, now]).size).toBe(3)
    expect(ledger().lives.now(between)).toBe(now)
    // Neither the chains nor the receipts of any life are another's.
    expect(ledger().verify()).toMatchObject({ faults: [] })
    const salvaged = salvagedFrom(shop.copyDisk())
    expect(salvaged.facts).toBe(salvaged.claimed)
    expect(till().receipt(idOf(sale)).ok).toBe(true)
    const line = { sale: sale.id, line: 0, quantity: 1, amount: 250 as never }
    expect((await world.write(shop, 'return', 'r1', { lines: [line] })).ok).toBe(true)
    await world.synced(shop)
    expect(await factsOfCard('1')).toEqual(['m1', 's1', 'r1'])
    await world.sound()
  })
})
