// What ends a life of a ledger and what becomes of what only one side has: real files put back, cloned, lost, and a cloud put back, in virtual time.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { idFromText, originOf } from '../../protocol/ids.ts'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Identity } from '../../protocol/facts.ts'
import type { FactId, MemberId, Seq } from '../../protocol/ids.ts'
import { approveEdge, retireEdge } from '../../cloud/domain/devices.ts'
import { decodeState, encodeState, newState, spendable } from '../../cloud/evaluation/state.ts'
import type { EdgeRow } from '../../cloud/store/port.ts'
import type { Millis } from '../../protocol/time.ts'
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

const till = (node: StoreNode = shop) => {
  if (node.till === null) throw new Error('the node is down')
  return node.till
}
const ledger = (node: StoreNode = shop) => {
  if (node.ledger === null) throw new Error('the node is down')
  return node.ledger
}
const sells = async (keys: string[], node = shop): Promise<Receipt[]> => {
  const receipts: Receipt[] = []
  for (const key of keys) receipts.push(await world.sell(node, key))
  return receipts
}
const kept = ({ id, epoch, hash }: Receipt) => ({
  id: idFromText<FactId>(id) as FactId,
  epoch,
  hash: Buffer.from(hash, 'hex'),
})
const approve = async (node: StoreNode): Promise<EdgeRow> =>
  world.cloud.ingest.record(world.cloud.tenant, async (tx, own) => {
    const edge = await tx.edge(node.edge)
    if (edge === undefined) throw new Error('no such edge')
    await approveEdge(tx, own, edge)
    return edge
  })
const lives = () =>
  till()
    .status()
    .lives.map(({ epoch, ended }) => `${epoch} ${ended}`)
const notices = (node = shop) =>
  till(node)
    .feed.read(0, 1000)
    .filter(({ kind }) => kind === 'notice')
    .map(({ text }) => text)

describe('R11: put back from a copy', () => {
  test('P-LIFE-1 P-LIFE-2 P-LIFE-4 P-LIFE-5 G-2 the cloud finds it: the tail comes back, what was sold since is recorded again, nothing counts twice', async () => {
    await sells(['a1', 'a2', 'a3'])
    await world.synced(shop)
    const copy = shop.copyDisk()
    const lost = await sells(['b1', 'b2', 'b3', 'b4'])
    await world.synced(shop)
    shop.wire.set('cut')
    shop.putBack(copy)
    // The cashier hands b2 in again, and sells on.
    const again = await sells(['b2', 'c1', 'c2'])
    expect(again[0]?.id).toBe(lost[0]?.id)
    shop.wire.set('up')
    await world.synced(shop)

    expect(lives()).toEqual(['1 rewind'])
    expect(await world.counted()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'b4', 'c1', 'c2'])
    expect(await world.conflicts()).toContain('rewind')
    expect(notices().join()).toContain(
      '4 records came back from the cloud, 2 records of this ledger were recorded again',
    )
    // The lost call, handed in again, gets its outcome and is not recorded; the answers that were given stay.
    const before = ledger().seq
    const replay = await world.write(shop, 'sale', 'b1', { lines: [{ sku: 'TEA', amount: 250 as never }] })
    expect(receiptOf(replay)).toMatchObject({ id: lost[0]?.id, hash: lost[0]?.hash })
    expect(replay.ok && replay.value.replayed).toBe(true)
    expect(ledger().seq).toBe(before)
    for (const { id } of again) expect(till().receipt(idFromText<FactId>(id) as FactId).ok).toBe(true)
    const history = till().history({ limit: 100 })
    expect(history.ok && history.value.facts).toHaveLength(9)
    await world.sound()
  })

  test('P-LIFE-5 what names each other is recorded again together: members, returns, voids; old ids go on naming it', async () => {
    await sells(['a1'])
    await world.synced(shop)
    const copy = shop.copyDisk()
    await sells(['b1', 'b2', 'b3', 'b4'])
    await world.synced(shop)
    shop.wire.set('cut')
    shop.putBack(copy)
    const member = receiptOf(
      await world.write(shop, 'enrolment', 'm', { identities: [{ kind: 'card', value: '77' }] }),
    )
    const sale = await world.sell(shop, 'c1', '77')
    const back = { sale: sale.id, line: 0, sku: 'TEA', quantity: 1, amount: 250 as never }
    await world.write(shop, 'return', 'r1', { lines: [back] })
    const voided = await world.sell(shop, 'c2', '77')
    await world.write(shop, 'void', 'v1', { fact: voided.id })
    const open = await world.sell(shop, 'c3', '77')
    shop.wire.set('up')
    await world.synced(shop)

    expect(await world.counted()).toEqual(['a1', 'b1', 'b2', 'b3', 'b4', 'c1', 'c2', 'c3', 'm', 'r1', 'v1'])
    const owner = await world.cloud.store.read.memberByIdentity(world.cloud.tenant, 'card', '77')
    const view = await till().member(idFromText(member.id) as never)
    expect(view).toMatchObject({ ok: true, value: { id: String(owner?.id) } })
    const state = await world.cloud.state(owner?.id as never)
    expect(view).toMatchObject({ value: { balance: state.balance + state.goodwill } })
    // The receipt of the old id, and a return that names it.
    const returned = await world.write(shop, 'return', 'r2', {
      lines: [{ sale: open.id, line: 0, quantity: 1, amount: 250 as never }],
    })
    expect(returned.ok).toBe(true)
    await world.synced(shop)
    expect((await world.cloud.state(owner?.id as never)).spent).toBe(0)
    await world.sound()
  })

  test('P-LIFE-3 P-LIFE-7 a receipt finds it without the internet, before anything is written at a place that exists', async () => {
    await sells(['a1'])
    await world.synced(shop)
    const copy = shop.copyDisk()
    const [, witness] = await sells(['b1', 'b2'])
    await world.synced(shop)
    shop.wire.set('cut')
    shop.putBack(copy)
    expect(witness && till().witness(kept(witness))).toBe('ahead')
    expect(lives()).toEqual(['1 witness'])
    expect(notices().join()).toMatch(/life 2 began/)
    const [sold] = await sells(['c1'])
    expect(sold).toMatchObject({ epoch: 2, seq: 1 })
    // The same receipt is of a life that is over now, and its own is known.
    expect(witness && till().witness(kept(witness))).toBe('past')
    expect(sold && till().witness(kept(sold))).toBe('known')
    // Put back a second time, from the same copy: a receipt of the second life leads to the third.
    shop.putBack(copy)
    expect(sold && till().witness(kept(sold))).toBe('ahead')
    const [third] = await sells(['d1'])
    expect(third).toMatchObject({ epoch: 3, seq: 1 })
    shop.wire.set('up')
    await world.synced(shop)
    // c1 was on the disk that is gone and had not been synced: its terminal hands it in again.
    expect(await world.counted()).toEqual(['a1', 'b1', 'b2', 'd1'])
    await sells(['c1'])
    await world.synced(shop)
    expect(await world.counted()).toEqual(['a1', 'b1', 'b2', 'c1', 'd1'])
    await world.sound()
  })

  test('a receipt with another hash at our place is a witness too; a stranger\u2019s is remembered for HQ', async () => {
    const [first] = await sells(['a1'])
    await world.synced(shop)
    if (first === undefined) throw new Error('no receipt')
    expect(till().witness({ ...kept(first), hash: Buffer.alloc(32, 1) })).toBe('ahead')
    const other = await world.addStore()
    const [foreign] = await sells(['x1'], other)
    expect(foreign && till().witness(kept(foreign))).toBe('elsewhere')
    await world.synced(shop)
    await world.sound()
  })

  test('P-LIFE-8 until it is settled, who was enrolled in the life that ended is named by identity', async () => {
    const copy = shop.copyDisk()
    const [witness] = await sells(['a1'])
    await world.synced(shop)
    shop.wire.set('cut')
    shop.putBack(copy)
    await world.write(shop, 'enrolment', 'm9', { identities: [{ kind: 'card', value: '9' }] })
    expect(witness && till().witness(kept(witness))).toBe('ahead')
    await world.sell(shop, 's9', '9')
    const sold = ledger().ofSeq(1 as Seq)
    expect(sold && decodeStoredFact(sold.bytes)).toMatchObject({ member: 0, claim: { value: '9' } })
    shop.wire.set('up')
    await world.synced(shop)
    const member = await world.cloud.store.read.memberByIdentity(world.cloud.tenant, 'card', '9')
    const rows = member === undefined ? [] : await world.cloud.store.read.factsOfMember(member.id)
    expect(rows.map(({ key }) => key)).toContain('s9')
    await world.sound()
  })

  test('M-4 what names an identity leaves who held it when the cloud gives the identity to another', async () => {
    await world.synced(shop)
    const copy = shop.copyDisk()
    const [witness] = await sells(['a1'])
    await world.synced(shop)
    shop.wire.set('cut')
    shop.putBack(copy)
    const card: Identity = { kind: 'card', value: '9' }
    await world.write(shop, 'enrolment', 'm9', { identities: [card] })
    expect(witness && till().witness(kept(witness))).toBe('ahead')
    const enrolled = ledger().members.holder(card)
    await world.sell(shop, 's9', '9')
    const lifetime = async (): Promise<number | undefined> => {
      const view = enrolled === undefined ? undefined : await till().member(enrolled)
      return view?.ok === true ? view.value.lifetime : undefined
    }
    const before = await lifetime()
    const snapshot = { member: 77 as MemberId, name: null, identities: [card], covers: 0 as Seq }
    till().takeMembers({
      type: 'members',
      cursor: 1,
      members: [{ ...snapshot, state: encodeState(newState()) }],
      more: false,
    })
    expect(before).toBeGreaterThan((await lifetime()) ?? Infinity)
    expect(await till().findMember(card)).toMatchObject({ value: { id: '77' } })
  })

  test('M-5 who is enrolled again after the ledger was put back keeps what the cloud said of the member', async () => {
    await world.synced(shop)
    const copy = shop.copyDisk()
    const card: Identity = { kind: 'card', value: '9' }
    const enrols = () => world.write(shop, 'enrolment', 'm9', { identities: [card] })
    await enrols()
    await world.sell(shop, 's9', '9')
    await world.synced(shop)
    shop.wire.set('cut')
    shop.putBack(copy)
    await enrols()
    shop.wire.set('up')
    await world.synced(shop)
    const member = await world.cloud.store.read.memberByIdentity(world.cloud.tenant, card.kind, card.value)
    const state = member?.state ? decodeState(member.state) : undefined
    expect(state?.facts).toBe(2)
    expect(await till().findMember(card)).toMatchObject({
      value: { balance: state && spendable(state), as_of: expect.any(String) as string },
    })
  })

  test('L-12 a ledger that was ahead of the cloud in a life that ended records the rest again', async () => {
    await sells(['a1'])
    await world.synced(shop)
    shop.wire.set('cut')
    await sells(['b1', 'b2'])
    const copy = shop.copyDisk()
    const [late] = await sells(['b3'])
    shop.putBack(copy)
    expect(late && till().witness(kept(late))).toBe('ahead')
    // What the life that is over still owes the cloud.
    expect(till().status().unsynced).toBe(2)
    await sells(['b3', 'c1'])
    shop.wire.set('up')
    await world.synced(shop)
    expect(await world.counted()).toEqual(['a1', 'b1', 'b2', 'b3', 'c1'])
    expect(ledger().verify()).toMatchObject({ chain_ok: true, facts: 7 })
    await world.sound()
  })
})

describe('R12: two live copies', () => {
  test('P-LIFE-6 G-9 CON-2 G-10 S12 a clone serves its store, is held until HQ approves it, and then records its own again', async () => {
    await sells(['a1', 'a2'])
    await world.synced(shop)
    const clone = world.clone(shop)
    await sells(['b1'])
    await sells(['x1', 'x2'], clone)
    await world.time.runUntil(() => clone.link?.state === 'held' && clone.edge !== shop.edge, 600_000)
    await world.time.run(60_000)
    await world.synced(shop)
    expect(await world.counted()).toEqual(['a1', 'a2', 'b1'])
    expect(await world.conflicts()).toContain('clone')
    expect(lives()).toEqual([])
    await sells(['x3'], clone)
    const edge = await approve(clone)
    expect(edge).toMatchObject({ state: 'pending', copyOf: shop.edge })
    // HQ's word is a fact, as every end of a conflict is.
    const { tenant, store } = world.cloud
    const told = await store.read.conflicts(tenant, false, { after: 0, limit: 9 })
    const ended = told.find(({ subject }) => subject === `edge ${clone.edge}`)
    expect(ended?.decision).toBe('approved')
    expect(await store.read.fact(ended?.resolvedBy as FactId)).toMatchObject({ kind: 'resolution' })
    await world.synced(clone)
    await world.synced(shop)
    expect(await world.counted()).toEqual(['a1', 'a2', 'b1', 'x1', 'x2', 'x3'])
    await sells(['b2'])
    await sells(['x4'], clone)
    await world.synced(shop)
    await world.synced(clone)
    expect(await world.counted()).toEqual(['a1', 'a2', 'b1', 'b2', 'x1', 'x2', 'x3', 'x4'])
    await world.sound()
  })

  test('P-LIFE-6 a copy of a copy that nobody heard of yet applies with a key of its own too: HQ sees three devices, each goes on', async () => {
    await sells(['a1'])
    await world.synced(shop)
    const clone = world.clone(shop)
    clone.wire.set('cut')
    const second = world.clone(clone)
    clone.wire.set('up')
    await world.time.runUntil(() => [clone, second].every(({ link }) => link?.state === 'held'), 600_000)
    expect(new Set([shop, clone, second].map(({ edge }) => edge)).size).toBe(3)
    await approve(clone)
    await approve(second)
    await sells(['x1'], clone)
    await sells(['y1'], second)
    for (const node of [shop, clone, second]) await world.synced(node)
    expect(await world.counted()).toEqual(['a1', 'x1', 'y1'])
    await world.sound()
  })

  test('G-9 a device that HQ retires sends nothing any more', async () => {
    await sells(['a1'])
    await world.synced(shop)
    const { tenant, ingest } = world.cloud
    await ingest.record(tenant, async (tx, own) => {
      const edge = await tx.edge(shop.edge)
      if (edge !== undefined) await retireEdge(tx, own, edge, world.time.now() as Millis)
    })
    await sells(['b1'])
    await world.time.runUntil(() => shop.link?.state === 'fenced' || world.faults.length > 0, 600_000)
    expect(world.faults).toEqual([])
    expect(await world.counted()).toEqual(['a1'])
  })
})

describe('R13: another disk', () => {
  test('P-LIFE-7 what terminals hand in again is recorded once; HQ sees what receipts named and never came', async () => {
    await sells(['a1', 'a2'])
    await world.synced(shop)
    shop.wire.set('cut')
    const lost = await sells(['b1', 'b2', 'b3'])
    const origin = originOf(idFromText<FactId>(lost[0]?.id ?? '') as FactId)
    await shop.install()
    shop.wire.set('up')
    for (const receipt of lost) expect(till().witness(kept(receipt))).toBe('elsewhere')
    await sells(['b1', 'b2', 'a2'])
    await world.synced(shop)
    expect(await world.counted()).toEqual(['a1', 'a2', 'b1', 'b2'])
    expect(await world.cloud.store.read.origin(origin)).toMatchObject({ seq: 2, witnessed: 5 })
    await world.sound()
  })
})

describe('R22: the cloud put back', () => {
  test('G-8 edges that were told more make it begin its next epoch, and send again from where it stands', async () => {
    const other = await world.addStore()
    await world.write(shop, 'enrolment', 'm', { identities: [{ kind: 'card', value: '5' }] })
    await world.synced(shop)
    await world.synced(other)
    const copy = await world.copyCloud()
    await world.sell(shop, 'b1', '5')
    await world.sell(other, 'o1', '5')
    await world.synced(shop)
    await world.synced(other)
    const before = await world.cloud.outcomes()
    await world.restartCloud((directory) => world.putCloudBack(copy, directory))
    expect(await world.counted()).toEqual(['m'])
    await world.synced(shop)
    await world.synced(other)
    expect(await world.counted()).toEqual(['b1', 'm', 'o1'])
    expect(await world.cloud.outcomes()).toEqual(before)
    expect(await world.conflicts()).toContain('cloud_restored')
    expect(ledger().meta.cursors().cloudEpoch).toBeGreaterThan(1)
    const card = await till(other).findMember({ kind: 'card', value: '5' })
    const state = await world.cloud.store.read.memberByIdentity(world.cloud.tenant, 'card', '5')
    expect(card).toMatchObject({ ok: true, value: { id: String(state?.id) } })
    await world.sound()
  })

  test('P-LIFE-9 what it lost of a life that is over is recorded again, also what the store had been sent of it', async () => {
    const image = shop.copyDisk()
    const copy = await world.copyCloud()
    await world.sell(shop, 'a1')
    await world.synced(shop)
    shop.putBack(image)
    await world.sell(shop, 'b1')
    await world.synced(shop)
    expect(await world.counted()).toEqual(['a1', 'b1'])
    await world.restartCloud((directory) => world.putCloudBack(copy, directory))
    expect(await world.counted()).toEqual([])
    await world.synced(shop)
    expect(await world.counted()).toEqual(['a1', 'b1'])
    await world.sound()
  })

  test('G-12 P-ATT-1 a device enrolled after the backup shows the cloud’s own signature, and HQ lets it in with its store', async () => {
    const copy = await world.copyCloud()
    const later = await world.addStore()
    await world.write(later, 'enrolment', 'm', { identities: [{ kind: 'card', value: '5' }] })
    await world.sell(later, 'a1', '5')
    await world.synced(later)
    await world.restartCloud((directory) => world.putCloudBack(copy, directory))
    await world.sell(later, 'b1', '5')
    await world.time.runUntil(() => later.link?.state === 'held', 60_000)
    expect(await world.conflicts()).toContain('unknown_device')
    expect(await world.counted()).toEqual([])
    const { store, tenant } = world.cloud
    const edge = (await store.read.edges(tenant)).find(({ id }) => id === later.edge)
    expect(edge).toMatchObject({ state: 'pending', store: later.store })
    expect((await store.read.stores(tenant)).map(({ id }) => id)).toContain(later.store)
    const { origin, epoch } = ledger(later).identity() ?? {}
    await approve(later)
    await world.synced(later)
    expect(await world.counted()).toEqual(['a1', 'b1', 'm'])
    // Its life is its own by our signature, so its facts have the ids that others name.
    expect(ledger(later).identity()).toMatchObject({ origin, epoch })
    // What the cloud gives out from here on is not what it gave out before.
    const next = await world.addStore()
    expect([next.store > later.store, next.edge > later.edge]).toEqual([true, true])
    await world.sound()
  })

  test('I-13 P-LIFE-4 P-ATT-1 what a store sold to a member of a life that the cloud forgot waits, seen by HQ, for the enrolment', async () => {
    const copy = await world.copyCloud()
    const later = await world.addStore()
    await world.write(later, 'enrolment', 'm', { identities: [{ kind: 'card', value: '5' }] })
    await world.synced(later)
    await world.sell(shop, 'met', '5')
    await world.synced(shop)
    const { tenant } = world.cloud
    const member = (await world.cloud.store.read.memberByIdentity(tenant, 'card', '5'))?.id as MemberId
    expect(originOf(member)).toBe(later.origin)
    await world.restartCloud((directory) => world.putCloudBack(copy, directory))
    later.wire.set('cut')
    await world.synced(shop)
    const { store } = world.cloud
    const [waits] = (await store.read.facts(tenant, {}, { after: 0, limit: 10 })).filter(
      ({ key }) => key === 'met',
    )
    expect(waits).toMatchObject({ member: 0, status: 'unclaimed', claim: `fact:${member}` })
    const orphans = async () =>
      (await store.read.conflicts(tenant, false, { after: 0, limit: 99 }))
        .filter(({ kind }) => kind === 'orphan_member')
        .map(({ subject, decision }) => [subject, decision])
    expect(await orphans()).toEqual([[String(member), null]])
    later.wire.set('up')
    await world.time.runUntil(() => later.link?.state === 'held', 60_000)
    await approve(later)
    await world.synced(later)
    expect((await store.read.memberByIdentity(tenant, 'card', '5'))?.id).toBe(member)
    expect((await store.read.fact(waits?.id as FactId))?.member).toBe(member)
    expect(await orphans()).toEqual([[String(member), 'withdrawn']])
    await world.sound()
  })
})
