// Bits that flip beneath a running cloud in rows that no fact makes again at once, and in keys of their indexes: whatever is asked then is answered as before or
// not at all. A key is flipped in its index alone; SQLite goes on finding by it.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { factIdOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, Origin, ProgramVersion, RuleId, Seq } from '../../protocol/ids.ts'
import type { Millis } from '../../protocol/time.ts'
import type { ResponseRow, Writes } from '../../cloud/store/port.ts'
import { pino } from 'pino'
import { StorageKeeper } from '../../cloud/storage-keeper.ts'
import { isStorageBroken } from '../../cloud/storage/faults.ts'
import { STORE_FILE } from '../../cloud/store/sqlite/open.ts'
import type { DiskStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { systemWith } from '../../cloud/system.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { flip, flipInIndex, flipInRow, xor } from '../support/flipped-rows.ts'
import { HqWriter } from '../support/hq-writer.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
const NOW = (T0 + 1_000 * MINUTE) as Millis
const clock = { now: () => NOW }

const CHALLENGE = 1 as RuleId
const SALE_KEY = 'sale-0'
const LINE = { sku: 'x', category: 'BAG', pieces: 1, amount: 700 }

let made: ReturnType<typeof freshDirectory>
let shop: OriginWriter
let hq: HqWriter
let ann: MemberId
let bob: MemberId
let redemption: FactId
let setAside: FactId
/** A sale for whoever turns out to have the card 7, and goods of it that came back. */
let unclaimed: FactId
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
  for (let n = 0; n < 5; n++) sell(n, ann, `sale-${n}`)
  redemption = shop.redeem({ at: T0 + 20 * MINUTE, member: ann }, COFFEE, 0, 0)
  // Nobody's member: set aside.
  sell(25, factIdOf(9_000 as Origin, 1 as Seq) as number as MemberId)
  await cloud.ingest.submit(shop.origin, shop.batch())
  taken = shop.seq
  setAside = factIdOf(shop.origin, taken as Seq)
  unclaimed = shop.sale({ at: T0 + 26 * MINUTE, claim: { kind: 'card', value: '7' } }, [LINE])
  shop.giveBack({ at: T0 + 27 * MINUTE }, [{ sale: unclaimed, line: 0, pieces: 1, amount: 700 }])
  shop.takeBack({ at: T0 + 28 * MINUTE }, unclaimed)
  await cloud.ingest.submit(shop.origin, shop.batch(taken + 1))
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
    await tx.saveVouchers([{ tenant: cloud.tenant, code: 'CODE', member: ann }])
    await tx.insertResponse(response(1))
    await tx.insertResponse(response(2))
    const log = await tx.activitiesOfMember(ann, { after: 0, limit: 100 })
    const sale = log.findLast(({ kind }) => kind === 'sale')
    if (sale !== undefined) await tx.appendActivities([{ ...sale, revision: 1, effects: [], points: 0 }])
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

function sell(minute: number, member: MemberId, key?: string): void {
  shop.sale({ at: T0 + minute * MINUTE + 5, member, ...(key === undefined ? {} : { key }) }, [LINE])
}

function response(number: number): ResponseRow {
  const { tenant } = cloud
  return { tenant, challenge: CHALLENGE, number, period: '2026-06', numberInPeriod: number, fact: redemption }
}

const file = (): string => join(directory.path, STORE_FILE)
const flipped = (sql: string) => (): void => flip(file(), sql)
const lostIn = (index: string, sql: string, back?: string) => (): void =>
  flipInIndex(file(), index, sql, back)
/** The row, and all trees but the second. */
const lostInFirst = (second: string, sql: string) => (): void => flipInRow(file(), second, sql)

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
const soldAgain: Ask = () => {
  shop.sale({ at: T0 + 60 * MINUTE, member: ann, key: SALE_KEY }, [LINE])
  return cloud.ingest.submit(shop.origin, shop.batch(taken + 1))
}
const soldByCard: Ask = () => {
  shop.sale({ at: T0 + 61 * MINUTE, claim: { kind: 'card', value: '1' } }, [LINE])
  return cloud.ingest.submit(shop.origin, shop.batch(taken + 1))
}
const enrolledLate: Ask = () => {
  shop.enrol({ at: T0 + 62 * MINUTE }, [{ kind: 'card', value: '7' }])
  return cloud.ingest.submit(shop.origin, shop.batch(taken + 1))
}
const mergedFurther: Ask = async () => {
  const carl = shop.enrol({ at: T0 + 50 * MINUTE }, [{ kind: 'card', value: '3' }])
  await cloud.ingest.submit(shop.origin, shop.batch(taken + 1))
  hq.merge({ at: T0 + 52 * MINUTE, key: 'three', member: bob }, carl)
  return cloud.ingest.submit(hq.origin, hq.batch(takenOfHq + 1))
}
const inStore = (ask: (tx: Writes) => Promise<unknown>) => (): Promise<unknown> => cloud.store.write(ask)
const respondedAgain: Ask = () =>
  cloud.store.write(async (tx) => {
    const { number, numberInPeriod } = await tx.lastResponse(cloud.tenant, CHALLENGE, '2026-06')
    await tx.insertResponse({ ...response(number + 1), numberInPeriod: numberInPeriod + 1 })
  })
const givenBack: Ask = () =>
  cloud.store.write((tx) =>
    tx.saveRedemptions([
      { id: redemption, tenant: cloud.tenant, perk: COFFEE, store: shop.store, counts: false },
    ]),
  )

const aside: Ask = () => cloud.store.write((tx) => tx.quarantined([setAside]))

const MEMBER_OF_SALE = `(SELECT member FROM facts WHERE kind = 'sale' AND member > 0 LIMIT 1)`
const MEMBER_SALE = `(SELECT min(id) FROM facts WHERE kind = 'sale')`

describe('S-12 S-14', () => {
  test.each<[string, () => void, Ask]>([
    // First, for what later cases merge would lead to it, or what they sell come to its member.
    [
      'with whom a name was merged',
      lostIn('links_merged', `UPDATE links SET ${xor('merged', 64)}`),
      mergedFurther,
    ],
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
    [
      'when a fact came',
      flipped(`UPDATE facts SET ${xor('received_at', 2 ** 43)} WHERE kind = 'sale'`),
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
      'the member in a fact’s row, when its business key comes again',
      (): void =>
        flipInRow(file(), 'facts_member', `UPDATE facts SET ${xor('member', 64)} WHERE id = ${MEMBER_SALE}`),
      soldAgain,
    ],
    ...(
      [
        ['is asked for', () => cloud.store.read.member(ann)],
        ['is asked for by a card', () => cloud.store.read.memberByIdentity(cloud.tenant, 'card', '1')],
        ['is looked for among others', () => cloud.store.read.orphans(cloud.tenant, { after: 0, limit: 9 })],
      ] as const
    ).map(([when, ask]): [string, () => void, Ask] => [
      `a member, when it ${when}`,
      flipped(`UPDATE members SET id = id + (1 << 40) WHERE id = ${MEMBER_OF_SALE}`),
      ask,
    ]),
    [
      'whose a state is',
      flipped(`UPDATE states SET member = member + 64 WHERE member = ${MEMBER_OF_SALE}`),
      () => cloud.store.read.orphans(cloud.tenant, { after: 0, limit: 100 }),
    ],
    [
      'the business key of a sale',
      lostIn(
        'facts_key',
        `UPDATE facts SET key = 'x' || key WHERE kind = 'sale'`,
        `UPDATE facts SET key = substr(key, 2) WHERE kind = 'sale'`,
      ),
      soldAgain,
    ],
    [
      'the business key of a sale, to one that is asked for',
      lostIn(
        'facts_key',
        `UPDATE facts SET key = 'asked' WHERE id = ${MEMBER_SALE}`,
        `UPDATE facts SET key = '${SALE_KEY}' WHERE id = ${MEMBER_SALE}`,
      ),
      inStore((tx) => tx.factsByKeys(cloud.tenant, [{ key: 'asked', store: shop.store }])),
    ],
    [
      'the business key of a sale, when HQ asks for it',
      lostIn(
        'facts_key',
        `UPDATE facts SET key = 'x' || key WHERE kind = 'sale'`,
        `UPDATE facts SET key = substr(key, 2) WHERE kind = 'sale'`,
      ),
      inStore((tx) => tx.factsWithKey(cloud.tenant, SALE_KEY)),
    ],
    [
      'a card',
      lostInFirst('identities_second', `UPDATE identities SET value = 'x' || value WHERE value = '1'`),
      soldByCard,
    ],
    [
      'a card, when its member is asked for',
      lostInFirst('identities_second', `UPDATE identities SET value = 'x' || value WHERE value = '1'`),
      () => cloud.store.read.memberByIdentity(cloud.tenant, 'card', '1'),
    ],
    [
      'what a sale waits for',
      lostIn(
        'facts_claim',
        `UPDATE facts SET claim = 'x' || claim WHERE claim = 'card:7'`,
        `UPDATE facts SET claim = substr(claim, 2) WHERE claim = 'xcard:7'`,
      ),
      enrolledLate,
    ],
    [
      'which sale a return follows',
      lostIn(
        'facts_claim',
        `UPDATE facts SET claim = 'x' || claim WHERE kind = 'return'`,
        `UPDATE facts SET claim = substr(claim, 2) WHERE kind = 'return'`,
      ),
      inStore((tx) => tx.factsFollowing(cloud.tenant, [{ first: unclaimed, last: unclaimed }])),
    ],
    [
      'which fact a void is about',
      lostIn('facts_about', `UPDATE facts SET ${xor('about', 64)} WHERE kind = 'void'`),
      inStore((tx) => tx.factsAbout([unclaimed], 'void')),
    ],
    [
      'where a fact stands',
      flipped(`UPDATE facts SET id = id + (1 << 40) WHERE id = ${MEMBER_SALE}`),
      inStore((tx) => tx.factsByIds([factIdOf(shop.origin, 3 as Seq)])),
    ],
    [
      'where a fact stands, when it is read',
      flipped(`UPDATE facts SET id = id + (1 << 40) WHERE id = ${MEMBER_SALE}`),
      () => cloud.store.read.fact(factIdOf(shop.origin, 3 as Seq)),
    ],
    [
      'a correction of a fact',
      lostIn('activities_fact', `UPDATE activities SET ${xor('fact', 64)} WHERE revision > 0`),
      late,
    ],
    [
      'the key of a decision',
      lostInFirst('holds_key_second', `UPDATE holds SET key = 'x'`),
      inStore((tx) => tx.holdByKey(shop.store, 'h')),
    ],
    [
      'the code of a voucher',
      lostInFirst('vouchers_second', `UPDATE vouchers SET code = 'x' WHERE code = 'CODE'`),
      () => cloud.store.read.memberOfVoucher(cloud.tenant, 'CODE'),
    ],
    [
      'which redemption counts',
      lostInFirst('redemptions_second', `UPDATE redemptions SET id = id + 64`),
      givenBack,
    ],
    [
      'the number of a response',
      lostInFirst('responses_second', `UPDATE responses SET number = 0 WHERE number = 2`),
      respondedAgain,
    ],
    [
      'the number of a response in its month',
      lostInFirst('responses_period_second', `UPDATE responses SET number_in_period = 0 WHERE number = 2`),
      respondedAgain,
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

test('S-10 a key that an index lost, and that nobody looks up, is found when the file is inspected', async () => {
  const keeper = new StorageKeeper({
    // It is the store on the disk, in whatever it is wrapped.
    store: cloud.store as DiskStore,
    directory: directory.path,
    system: systemWith(clock),
    log: pino({ level: 'silent' }),
  })
  expect(await keeper.inspect()).toBeGreaterThan(0)
  await cloud.store.write((tx) => tx.saveMeta('a', 'b'))
  flipInIndex(file(), 'states_change', `UPDATE states SET ${xor('change', 4096)}`)
  await keeper.inspect()
  await expect(cloud.store.write((tx) => tx.saveMeta('a', 'b'))).rejects.toThrow('the storage failed')
})
