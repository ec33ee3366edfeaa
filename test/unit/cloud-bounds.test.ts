// Bounds of the cloud's own work (P-LIM-1): how much one look takes, how much is lent of one member, how often it looks after itself, and how far apart two
// clouds number what they give out.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pino } from 'pino'
import { openCloudEpoch, sparesOf } from '../../cloud/domain/lives.ts'
import { leasesFor } from '../../cloud/domain/leases/policy.ts'
import { NO_CLAIMS } from '../../cloud/domain/leases/member-books.ts'
import { Moments } from '../../cloud/domain/moments.ts'
import { compile } from '../../cloud/evaluation/compile.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import type { Entitlement } from '../../cloud/evaluation/state.ts'
import { StorageKeeper } from '../../cloud/storage-keeper.ts'
import { Lanes } from '../../cloud/domain/ingest/lanes.ts'
import { acceptedOf } from '../../cloud/domain/accepted-record.ts'
import type { CloudStore, DueRow, QuarantineRow } from '../../cloud/store/port.ts'
import type { DiskStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { factIdOf } from '../../protocol/ids.ts'
import type { MemberId, Origin, Seq, StoreId } from '../../protocol/ids.ts'
import {
  DEVICES_SKIPPED,
  DISK_LOOK_MS,
  DUE_COMMIT_MAX,
  DUE_SWEEP_MAX,
  FACT_BYTES_MAX,
  INGEST_GROUP_BATCHES_MAX,
  INGEST_GROUP_FACTS_MAX,
  LEASES_MEMBER_PERKS_MAX,
  LEASES_MEMBER_VOUCHERS_MAX,
  LEASES_SKIPPED,
  LIVE_BATCH_FACTS,
  NUMBERS_APART,
  ORIGINS_APART,
  ORIGINS_SKIPPED,
  SPARES_MAX,
  INSPECT_MS,
  INSPECT_SHARE,
  WALK_FIRST_MS,
  WALK_MS,
} from '../../protocol/limits.ts'
import type { Millis } from '../../protocol/time.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { OriginWriter } from '../support/origin-writer.ts'
import { VirtualSystem } from '../support/virtual-system.ts'
import { program } from '../tables/story.ts'

const NOW = Date.UTC(2026, 0, 5, 10)

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
beforeEach(() => {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, { now: () => NOW })
})
afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

test('U-6 of limited perks LEASES_MEMBER_PERKS_MAX are lent to a member’s store, of entitlements LEASES_MEMBER_VOUCHERS_MAX', () => {
  const lent = (perks: number, vouchers: number): number[] => {
    const limited = Array.from({ length: perks }, (_, at) => ({
      id: 301 + at,
      title: `Once ${at}`,
      points: 0,
      limit: { count: 1, interval: 'ALL_TIME' },
    }))
    const entitlements = Array.from({ length: vouchers }, (_, at) => ({
      code: `CODE${at}`,
      perk: 301,
      fact: 1,
      index: at,
      from: 0,
      expires: 0,
      status: 'issued',
      before: null,
      uses: 1,
      usedBy: 0,
      ended: 0,
    })) as unknown as Entitlement[]
    const wishes = leasesFor({
      program: compile(program({ redeem_perks: limited, offline: { share_percent: 50 } })),
      member: 8_589_934_593 as MemberId,
      state: { ...newState(), entitlements },
      claims: NO_CLAIMS,
      places: [{ store: 1 as StoreId, origin: 2 as Origin }],
      now: NOW,
      day: 0,
    })
    return ['uses', 'voucher'].map((subject) => wishes.filter((wish) => wish.subject === subject).length)
  }
  const [perks, vouchers] = [LEASES_MEMBER_PERKS_MAX, LEASES_MEMBER_VOUCHERS_MAX]
  expect(lent(perks, vouchers)).toEqual([perks, vouchers])
  expect(lent(perks + 1, vouchers + 1)).toEqual([perks, vouchers])
})

test('DUE-1 a look takes DUE_SWEEP_MAX members, however many more are due', async () => {
  await cloud.found(program({}))
  let pages = 0
  // What is due of each was settled meanwhile: only the pages are of interest.
  const page = Array.from({ length: DUE_COMMIT_MAX }, (_, at) => ({
    tenant: cloud.tenant,
    member: at + 1,
    due: NOW,
  }))
  const dueMembers = async (): Promise<DueRow[]> => {
    pages += 1
    return page as unknown as DueRow[]
  }
  const moments = new Moments({
    store: {
      read: { ...cloud.store.read, dueMembers },
      write: cloud.store.write.bind(cloud.store),
    } as unknown as CloudStore,
    ingest: cloud.ingest,
    shelf: cloud.shelf,
    clock: cloud.clock,
    after: () => () => undefined,
    onFault: (cause) => {
      throw cause
    },
  })
  expect(await moments.sweep()).toBe(0)
  expect(pages * DUE_COMMIT_MAX).toBe(DUE_SWEEP_MAX)
})

test('I-11 a commit takes INGEST_GROUP_BATCHES_MAX batches of INGEST_GROUP_FACTS_MAX facts together', () => {
  const sizes = (count: number, facts: number): number[] => {
    const lanes = new Lanes<{
      readonly origin: Origin
      readonly batch: { readonly facts: readonly unknown[] }
    }>()
    const batch = { facts: Array.from({ length: facts }) }
    for (let at = 1; at <= count; at++) lanes.push({ origin: at as Origin, batch })
    const groups: number[] = []
    while (lanes.length > 0) groups.push(lanes.take().length)
    return groups
  }
  expect(sizes(INGEST_GROUP_BATCHES_MAX, 1)).toEqual([INGEST_GROUP_BATCHES_MAX])
  expect(sizes(INGEST_GROUP_BATCHES_MAX + 1, 1)).toEqual([INGEST_GROUP_BATCHES_MAX, 1])
  const fitting = INGEST_GROUP_FACTS_MAX / LIVE_BATCH_FACTS
  expect(sizes(fitting, LIVE_BATCH_FACTS)).toEqual([fitting])
  expect(sizes(fitting + 1, LIVE_BATCH_FACTS)).toEqual([fitting, 1])
})

test('CON-4 I-4 what is larger than FACT_BYTES_MAX does not count, as it came or as HQ writes it; what is as large does', async () => {
  await cloud.found(program({}))
  const writer = await cloud.addStore()
  /** A sale of so many bytes: lines of one size, and some longer by what is left over. */
  const saleOf = (bytes: number): Uint8Array => {
    const encoded = (count: number, longer: number): Uint8Array => {
      const lines = Array.from({ length: count }, (_, at) => ({
        sku: 'x'.repeat(30 + Math.max(0, Math.min(34, longer - 34 * at))),
        category: 'y'.repeat(64),
        amount: 100,
      }))
      const made = new OriginWriter(writer.origin, writer.store)
      made.sale({ at: NOW - 1_000 }, lines)
      return made.bytes[0] ?? new Uint8Array()
    }
    const thousand = encoded(1_000, 0).length
    const each = encoded(1_001, 0).length - thousand
    const more = bytes - thousand
    return encoded(1_000 + Math.floor(more / each), more % each)
  }
  expect(saleOf(FACT_BYTES_MAX)).toHaveLength(FACT_BYTES_MAX)
  const accepted = (bytes: Uint8Array): Promise<unknown> =>
    cloud.store.write(async (tx) => {
      const [row, store] = [await tx.origin(writer.origin), await tx.store(writer.store)]
      if (row === undefined || store === undefined) throw new Error('they were just added')
      const aside = { id: factIdOf(writer.origin, 1 as Seq), bytes } as QuarantineRow
      return acceptedOf(tx, aside, { row, store }, undefined)
    })
  expect(await accepted(saleOf(FACT_BYTES_MAX))).toMatchObject({ ok: true })
  expect(await accepted(saleOf(FACT_BYTES_MAX + 1))).toMatchObject({
    refusal: { code: 'record_unsound', detail: expect.stringContaining('larger') as unknown },
  })
})

test('P-LIFE-3 a device has SPARES_MAX spare lives, made where they are lacking and not again', async () => {
  await cloud.found(program({}))
  const { edge } = await cloud.addStore()
  const spares = (): Promise<unknown[]> =>
    cloud.store.write(async (tx) => {
      const row = await tx.edge(edge)
      if (row === undefined) throw new Error('it was just added')
      return sparesOf(tx, row)
    })
  const first = await spares()
  expect(first).toHaveLength(SPARES_MAX)
  expect(await spares()).toEqual(first)
})

test('S-8 S-10 the disk is looked at every DISK_LOOK_MS, the whole file after WALK_FIRST_MS and every WALK_MS, its rows between', async () => {
  const system = new VirtualSystem(NOW)
  let looks = 0
  const lookAtRoom = () => {
    looks += 1
    return { room: 'ample', space: { free: 1, total: 1 }, lowBytes: 0 } as const
  }
  const keeper = new StorageKeeper({
    store: { lookAtRoom } as unknown as DiskStore,
    directory: directory.path,
    system: {
      clock: system.clock,
      after: (ms, call) => system.after(ms, call),
      randomBytes: (count) => new Uint8Array(count),
    },
    log: pino({ level: 'silent' }),
  })
  let walks = 0
  let inspections = 0
  let took = 1
  keeper.walk = async () => void (walks += 1)
  keeper.inspect = async () => {
    inspections += 1
    return took
  }
  keeper.start()
  expect(system.waits).toEqual([DISK_LOOK_MS, INSPECT_MS, WALK_FIRST_MS])
  expect([looks, inspections, walks]).toEqual([1, 0, 0])
  await system.advance(WALK_FIRST_MS)
  expect([looks, inspections, walks]).toEqual([
    1 + WALK_FIRST_MS / DISK_LOOK_MS,
    WALK_FIRST_MS / INSPECT_MS,
    1,
  ])
  expect(system.waits).toEqual([DISK_LOOK_MS, INSPECT_MS, WALK_MS])
  took = INSPECT_MS
  await system.advance(INSPECT_MS)
  expect(system.waits).toEqual([DISK_LOOK_MS, INSPECT_SHARE * INSPECT_MS, WALK_MS - INSPECT_MS])
  keeper.stop()
  expect(system.waits).toEqual([])
})

test('G-8 a cloud that was put back numbers on beyond what it may have given out, and two put back from one backup apart', async () => {
  await cloud.found(program({}))
  await cloud.addStore()
  interface Numbers {
    readonly origin: number
    readonly hold: number
    readonly lease: number
    readonly store: number
    readonly edge: number
  }
  const undone = new Error('undone')
  /** The next numbers after a restore that begins this epoch; of the same backup each time. */
  const numbers = async (epoch: number | null): Promise<Numbers> => {
    let found: Numbers | undefined
    const work = cloud.store.write(async (tx) => {
      if (epoch !== null)
        await openCloudEpoch(tx, [cloud.tenant], epoch - 1, Date.UTC(2020, 0, 1) as Millis, 'for the test')
      const { id: store } = await tx.insertStore(cloud.tenant, 'Next', 'UTC')
      const device = { tenant: cloud.tenant, store, publicKey: '', enrolledAt: 0 as Millis }
      const { id: edge } = await tx.insertEdge(device)
      const { origin } = await tx.insertOrigin({ tenant: cloud.tenant, store, edge })
      const hold = { tenant: cloud.tenant, store, key: 'k', member: 1 as MemberId, perk: null, voucher: null }
      const { id } = await tx.insertHold({ ...hold, points: 0, expires: 0 as Millis })
      found = { origin, hold: id, lease: await tx.lastLease(), store, edge }
      throw undone
    })
    await work.catch((cause: unknown) => {
      if (cause !== undone) throw cause
    })
    if (found === undefined) throw new Error('nothing was numbered')
    return found
  }
  const before = await numbers(null)
  for (const epoch of [2, ORIGINS_APART, NUMBERS_APART - 1, NUMBERS_APART]) {
    const [origins, times] = [1 + (epoch % ORIGINS_APART), 1 + (epoch % NUMBERS_APART)]
    const next = await numbers(epoch)
    expect(next.origin).toBeGreaterThanOrEqual(before.origin - 1 + ORIGINS_SKIPPED * origins)
    expect(next.origin).toBeLessThanOrEqual(before.origin + 1 + ORIGINS_SKIPPED * origins)
    expect(next.hold - before.hold).toBe(ORIGINS_SKIPPED * times)
    expect(next.lease - before.lease).toBe(LEASES_SKIPPED * times)
    expect(next.store - before.store).toBe(DEVICES_SKIPPED * times)
    expect(next.edge - before.edge).toBe(DEVICES_SKIPPED * times)
  }
})
