// Bits that flip beneath a running cloud in rows that no fact makes again at once, and in keys of their indexes: whatever is asked then is answered as before or
// not at all. A key is flipped in its index alone; SQLite goes on finding by it.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { factIdOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, Origin, ProgramVersion, Seq } from '../../protocol/ids.ts'
import type { Millis } from '../../protocol/time.ts'
import { isStorageBroken } from '../../cloud/storage/faults.ts'
import { STORE_FILE } from '../../cloud/store/sqlite/open.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { flip, flipInIndex, xor } from '../support/flipped-rows.ts'
import { HqWriter } from '../support/hq-writer.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
const NOW = (T0 + 1_000 * MINUTE) as Millis
const clock = { now: () => NOW }

let made: ReturnType<typeof freshDirectory>
let shop: OriginWriter
let hq: HqWriter
let ann: MemberId
let bob: MemberId
let redemption: FactId
/** How far the cloud has the shop's ledger, and HQ's. */
let taken: number
let takenOfHq: number
/** What a case works on: a copy of what was made. */
let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore

beforeAll(async () => {
  made = freshDirectory(true)
  cloud = new CloudCore(made.path, clock)
  await cloud.found(SMALL_PROGRAM)
  shop = await cloud.addStore()
  hq = await HqWriter.add(cloud)
  ;[ann, bob] = ['1', '2'].map((card, index) =>
    shop.enrol({ at: T0 + index }, [{ kind: 'card', value: card }]),
  ) as [MemberId, MemberId]
  for (let n = 0; n < 5; n++) sell(n, ann)
  redemption = shop.redeem({ at: T0 + 20 * MINUTE, member: ann }, COFFEE, 0, 0)
  // Nobody's member: set aside.
  sell(25, factIdOf(9_000 as Origin, 1 as Seq) as number as MemberId)
  await cloud.ingest.submit(shop.origin, shop.batch())
  taken = shop.seq
  hq.merge({ at: T0 + 30 * MINUTE, key: 'one', member: ann }, bob)
  await cloud.ingest.submit(hq.origin, hq.batch())
  takenOfHq = hq.seq
  await cloud.store.write(async (tx) => {
    const hold = { tenant: cloud.tenant, store: shop.store, member: ann, points: 5, expires: NOW + MINUTE }
    await tx.insertHold({ ...hold, key: 'h', perk: COFFEE, voucher: null, expires: hold.expires as Millis })
    const lease = {
      tenant: cloud.tenant,
      origin: shop.origin,
      store: shop.store,
      item: 0,
      code: null,
      granted: 10,
      spent: 0,
      returned: 0,
      writtenOff: 0,
      cap: 5,
      expires: (NOW + MINUTE) as Millis,
      recall: 0,
      answered: 0,
    }
    await tx.saveLeases([
      { ...lease, lease: 1, subject: 'points', member: ann },
      { ...lease, lease: 2, subject: 'budget', member: 0 as MemberId, item: COFFEE },
    ])
    const { origin } = shop
    await tx.saveContact({
      origin,
      saidSeq: shop.seq as Seq,
      contactAt: NOW,
      software: '1',
      program: 1 as ProgramVersion,
    })
    await tx.saveRedemptions([
      { id: redemption, tenant: cloud.tenant, perk: COFFEE, store: shop.store, counts: true },
    ])
  })
  await cloud.store.close()
})
afterAll(() => made.remove())

beforeEach(() => {
  directory = freshDirectory(true)
  cpSync(made.path, directory.path, { recursive: true })
  const { tenant } = cloud
  cloud = new CloudCore(directory.path, clock)
  cloud.tenant = tenant
})
afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

function sell(minute: number, member: MemberId): void {
  shop.sale({ at: T0 + minute * MINUTE + 5, member }, [{ sku: 'x', category: 'BAG', pieces: 1, amount: 700 }])
}

const file = (): string => join(directory.path, STORE_FILE)
const flipped = (sql: string) => (): void => flip(file(), sql)
const lostIn = (index: string, sql: string) => (): void => flipInIndex(file(), index, sql)

type Ask = () => Promise<unknown>
const holds: Ask = () => cloud.store.read.openHolds(cloud.tenant, ann, NOW)
const heldOfPerk: Ask = () => cloud.store.read.heldOfPerk(cloud.tenant, COFFEE, NOW)
const leases: Ask = () => cloud.store.read.leasesOfMembers([ann])
const budget: Ask = () => cloud.store.read.leasesOfBudget(cloud.tenant, COFFEE)
const uses: Ask = () => cloud.store.read.usesOfPerk(cloud.tenant, COFFEE)
const merged: Ask = () => cloud.store.read.member(bob)
const survivor: Ask = () => cloud.store.read.member(ann)
const late: Ask = async () => {
  sell(3, ann)
  return cloud.ingest.submit(shop.origin, shop.batch(taken + 1))
}
const forMerged: Ask = async () => {
  sell(40, bob)
  return cloud.ingest.submit(shop.origin, shop.batch(taken + 1))
}
const anotherMerged: Ask = async () => {
  const carl = shop.enrol({ at: T0 + 50 * MINUTE }, [{ kind: 'card', value: '3' }])
  sell(51, carl)
  await cloud.ingest.submit(shop.origin, shop.batch(taken + 1))
  hq.merge({ at: T0 + 52 * MINUTE, key: 'two', member: ann }, carl)
  return cloud.ingest.submit(hq.origin, hq.batch(takenOfHq + 1))
}
const givenBack: Ask = () =>
  cloud.store.write((tx) =>
    tx.saveRedemptions([
      { id: redemption, tenant: cloud.tenant, perk: COFFEE, store: shop.store, counts: false },
    ]),
  )

const aside: Ask = () => cloud.store.write((tx) => tx.quarantined([factIdOf(shop.origin, taken as Seq)]))

const MEMBER_SALE = `(SELECT min(id) FROM facts WHERE kind = 'sale')`

describe('S-12 S-14', () => {
  test.each<[string, () => void, Ask]>([
    // First, for what later cases sell would come to that member with it.
    [
      'whose a fact is, when facts of another come to that member',
      lostIn('facts_member', `UPDATE facts SET ${xor('member', 64)} WHERE id = ${MEMBER_SALE}`),
      anotherMerged,
    ],
    ['a decision', flipped(`UPDATE holds SET ${xor('points', 1)}`), holds],
    ['that a decision is open', flipped('UPDATE holds SET settled = 1 WHERE settled = 0'), holds],
    ['whose a decision is', lostIn('holds_open', `UPDATE holds SET ${xor('member', 64)}`), holds],
    ['what a decision is about', lostIn('holds_perk', `UPDATE holds SET ${xor('perk', 64)}`), heldOfPerk],
    ['a lease', flipped(`UPDATE leases SET ${xor('granted', 8)} WHERE lease = 1`), leases],
    [
      'whose a lease is',
      lostIn('leases_member', `UPDATE leases SET ${xor('member', 64)} WHERE lease = 1`),
      leases,
    ],
    ['the number of a lease', flipped('UPDATE leases SET lease = 65 WHERE lease = 1'), leases],
    [
      'what a lease is of',
      lostIn('leases_budget', `UPDATE leases SET ${xor('item', 64)} WHERE lease = 2`),
      budget,
    ],
    ['how often a perk was redeemed', flipped(`UPDATE uses SET ${xor('count', 1)}`), uses],
    ['of what that is', flipped(`UPDATE uses SET ${xor('perk', 64)}`), uses],
    ['where a redemption was', flipped(`UPDATE redemptions SET ${xor('store', 2)}`), givenBack],
    ['whom a merged member stands for', flipped(`UPDATE aliases SET ${xor('root', 64)}`), merged],
    ['that it is merged', flipped('DELETE FROM aliases'), merged],
    ['that another is merged into it, when its leases are asked for', flipped('DELETE FROM aliases'), leases],
    ['that it is merged, when a fact comes for it', flipped('DELETE FROM aliases'), forMerged],
    ['a merged name in its index', lostIn('aliases_root', `UPDATE aliases SET ${xor('root', 64)}`), leases],
    [
      'what was merged',
      flipped(`UPDATE links SET ${xor('survivor', 64)}`),
      () => cloud.store.write((tx) => tx.links([bob])),
    ],
    ['a member', flipped(`UPDATE members SET ${xor('store', 2)}`), survivor],
    [
      'when a state changed',
      flipped(`UPDATE states SET ${xor('change', 4096)}`),
      async () => (await survivor(), cloud.mended.length === 0),
    ],
    ['how far a ledger has come', flipped(`UPDATE origins SET ${xor('seq', 1)}`), late],
    ['whose a ledger is', flipped(`UPDATE origins SET ${xor('store', 4)}`), late],
    ['a record that was set aside', flipped('UPDATE quarantine SET bytes = zeroblob(length(bytes))'), aside],
    ['a zone', flipped(`UPDATE stores SET zone = 'Europe/Lisbon'`), late],
    ['a device', flipped(`UPDATE edges SET public_key = 'x'`), () => cloud.store.read.edges(cloud.tenant)],
    [
      'when a store was heard of',
      flipped(`UPDATE contacts SET ${xor('contact_at', 1)}`),
      () => cloud.store.read.contacts(cloud.tenant),
    ],
    [
      'a counter',
      flipped(`UPDATE meta SET value = '7' WHERE name = 'change'`),
      () => cloud.store.write((tx) => tx.meta('change')),
    ],
    ['the length of a list', flipped(`UPDATE tallies SET ${xor('count', 1)}`), leases],
    [
      'whose a fact is',
      lostIn('facts_member', `UPDATE facts SET ${xor('member', 64)} WHERE id = ${MEMBER_SALE}`),
      late,
    ],
    [
      'the member in a fact’s row',
      flipped(`UPDATE facts SET ${xor('member', 64)} WHERE id = ${MEMBER_SALE}`),
      late,
    ],
    [
      'the standing of a fact',
      flipped(`UPDATE facts SET status = 'countec' WHERE id = ${MEMBER_SALE}`),
      late,
    ],
    ['the time of a fact', flipped(`UPDATE facts SET ${xor('at', 1)} WHERE kind = 'sale'`), late],
    ['the key of a fact', flipped(`UPDATE facts SET key = key || 'x' WHERE kind = 'sale'`), late],
    [
      'what a fact came to',
      flipped(`UPDATE activities SET effects = replace(effects, ',7,', ',6,') WHERE kind = 'sale'`),
      late,
    ],
    [
      'what a fact came to, in points',
      flipped(`UPDATE activities SET ${xor('points', 1)} WHERE kind = 'sale'`),
      late,
    ],
    [
      'that a fact was logged',
      lostIn('activities_fact', `UPDATE activities SET ${xor('fact', 64)} WHERE kind = 'sale'`),
      late,
    ],
  ])('%s: a flipped bit there is no answer, and nothing more is written', async (_, flips, ask) => {
    flips()
    const cause = await ask().then(
      (answer) => answer,
      (thrown: unknown) => thrown,
    )
    if (cause === false) return
    expect(isStorageBroken(cause), String(cause)).toBe(true)
    await expect(cloud.store.write((tx) => tx.saveMeta('a', 'b'))).rejects.toThrow('the storage failed')
  })
})
