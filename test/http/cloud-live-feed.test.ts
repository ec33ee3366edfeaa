// The live feed on a real store, with the moments of its races held by the test: a reader that joins while a frame is being made, one whose tenant
// had no reader then, activities that no commit told of, and more of them than may wait.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import type { MemberId } from '../../protocol/ids.ts'
import {
  FEED_BACKLOG_BYTES_MAX,
  FEED_PAGE_MAX,
  FEED_PENDING_MAX,
  HEARTBEAT_MS,
} from '../../protocol/limits.ts'
import { hybridTime } from '../../protocol/time.ts'
import { noticeOf } from '../../cloud/domain/ingest/standing.ts'
import type { FeedPeer } from '../../cloud/http/feed/feed-reader.ts'
import { LiveFeed } from '../../cloud/http/feed/live-feed.ts'
import type { Reads } from '../../cloud/store/port.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { eventually } from '../support/cloud-node.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let store: OriginWriter
let feed: LiveFeed
let beat: () => void
/** While set, a member's name is not told; resolves them when released. */
let gate: { readonly opened: Promise<void>; readonly open: () => void } | null

/** How often a reader was given a page of the store. */
let pagesRead = 0

/** While set, a page that was read is not handed out. */
let pageHeld: Promise<void> | null

function closeGate(): { open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  gate = { opened: promise, open: resolve }
  return {
    open: () => {
      gate = null
      resolve()
    },
  }
}

beforeEach(async () => {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, { now: () => T0 + 1_000_000 })
  await cloud.found(SMALL_PROGRAM)
  store = await cloud.addStore()
  gate = null
  pageHeld = null
  beat = () => undefined
  const read: Reads = {
    ...cloud.store.read,
    activities: async (tenant, page) => {
      const rows = await cloud.store.read.activities(tenant, page)
      pagesRead += 1
      await pageHeld
      return rows
    },
    member: async (id) => {
      await gate?.opened
      return cloud.store.read.member(id)
    },
  }
  const system = {
    clock: cloud.clock,
    randomBytes: (count: number) => new Uint8Array(count),
    after(ms: number, call: () => void) {
      expect(ms).toBe(HEARTBEAT_MS)
      beat = call
      return () => (beat = () => undefined)
    },
  }
  const onFault = (cause: unknown): void => {
    throw cause
  }
  feed = await LiveFeed.open({ read, shelf: cloud.shelf, system, epoch: 1, onFault })
  cloud.ingest.onCommitted(({ activities }) => feed.committed(activities))
})
afterEach(async () => {
  feed.stop()
  await cloud.store.close()
  directory.remove()
})

class Peer implements FeedPeer {
  readonly positions: number[] = []
  readonly frames: number[] = []
  backlog = 0
  beats = 0
  closedWith: number | undefined
  welcomed = false

  welcome(): void {
    this.welcomed = true
  }
  async send({ text }: { text: string }): Promise<void> {
    const { activities } = JSON.parse(text) as { activities: { position: number }[] }
    this.frames.push(activities.length)
    this.positions.push(...activities.map(({ position }) => position))
  }
  backlogBytes(): number {
    return this.backlog
  }
  heartbeat(): void {
    this.beats++
  }
  close(code: number): void {
    this.closedWith = code
  }

  async upTo(position: number): Promise<number[]> {
    await eventually(
      () => this.positions.at(-1) ?? 0,
      (seen) => seen >= position,
    )
    return this.positions
  }
}

function join(after: number, tenant = cloud.tenant): Peer {
  const peer = new Peer()
  expect(feed.join(tenant, { epoch: 1, after }, peer, async () => true)).toBeDefined()
  return peer
}

/** Another merchant on the same node, with a guest's sale to hand in. */
async function otherTenant(): Promise<OriginWriter & { tenant: number }> {
  const { tenant } = cloud
  await cloud.found(null)
  const other = Object.assign(await cloud.addStore(), { tenant: cloud.tenant })
  cloud.tenant = tenant
  other.sale({ at: T0 }, [{ sku: 'x', amount: 100 }])
  return other
}

let enrolled = 0
/** One commit of `count` facts of a member nobody has named yet. */
async function commit(count = 1): Promise<void> {
  const from = store.seq + 1
  const member: MemberId = store.enrol({ at: T0 + enrolled }, [{ kind: 'card', value: `c${enrolled++}` }])
  for (let index = 1; index < count; index++)
    store.sale({ at: T0 + 500_000, member }, [{ sku: 'x', amount: 100 }])
  await cloud.ingest.submit(store.origin, store.batch(from))
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at)

describe('the live feed', () => {
  test('Q-4 F-2 a reader that joins while a frame is made gets what it lacks of it, and nothing twice', async () => {
    await commit()
    const first = join(0)
    await first.upTo(1)
    const held = closeGate()
    await commit()
    await commit()
    // The frame of the second commit waits for a name; whoever asks from now on is told at once.
    gate = null
    const second = join(1)
    await second.upTo(3)
    await commit()
    held.open()
    expect(await first.upTo(4)).toEqual([1, 2, 3, 4])
    expect(await second.upTo(4)).toEqual([2, 3, 4])
  })

  test('Q-4 F-1 what waited while a frame was made leaves as one frame', async () => {
    const peer = join(0)
    await eventually(() => peer.welcomed, Boolean)
    await commit()
    await peer.upTo(1)
    const held = closeGate()
    await commit(3)
    await commit(2)
    await commit(4)
    held.open()
    expect(await peer.upTo(10)).toEqual(range(1, 10))
    expect(peer.frames).toEqual([1, 3, 6])
  })

  test('a reader of another tenant that goes live while a frame is made misses nothing of its own', async () => {
    const own = cloud.tenant
    const other = await otherTenant()
    await commit()
    const peer = join(0)
    await peer.upTo(1)
    const names = closeGate()
    await commit()
    // The stranger has read that the log ends at 2, and is held before it can say so.
    const page = Promise.withResolvers<void>()
    pageHeld = page.promise
    const stranger = join(0, other.tenant)
    await eventually(() => stranger.welcomed, Boolean)
    await commit()
    await cloud.ingest.submit(other.origin, other.batch())
    names.open()
    const nextNames = closeGate()
    await peer.upTo(2)
    page.resolve()
    pageHeld = null
    // Its page is through when another one of the same kind is.
    await join(3, other.tenant).upTo(4)
    nextNames.open()
    expect(await peer.upTo(3)).toEqual([1, 2, 3])
    expect(await stranger.upTo(4)).toEqual([4])
    expect(cloud.tenant).toBe(own)
  })

  test('what no commit told of is sent with the next that is, or at the next heartbeat', async () => {
    await commit()
    const peer = join(0)
    await peer.upTo(1)
    const notice = (): Promise<unknown> =>
      cloud.store.write((tx) =>
        tx.appendActivities([
          noticeOf(cloud.tenant, { at: hybridTime(T0), store: store.store, id: 0 as never }, 'fork', 'text'),
        ]),
      )
    await notice()
    await commit()
    expect(await peer.upTo(3)).toEqual([1, 2, 3])
    await notice()
    beat()
    expect(await peer.upTo(4)).toEqual([1, 2, 3, 4])
    expect(peer.beats).toBe(1)
  })

  test('Q-4 FEED_PENDING_MAX activities wait to be put into a frame; with one more all readers read on from the store', async () => {
    await commit()
    const peer = join(0)
    await peer.upTo(1)
    const [given] = await cloud.store.read.activities(cloud.tenant, { after: 0, limit: 1 })
    if (given === undefined) throw new Error('one was committed')
    const readWhile = async (waiting: number, to: number): Promise<number> => {
      const nextNames = closeGate()
      await commit()
      pagesRead = 0
      // What was given already is passed over, but it waits like any other.
      feed.committed(Array.from({ length: waiting }, () => given))
      await commit()
      nextNames.open()
      await peer.upTo(to)
      return pagesRead
    }
    expect(await readWhile(FEED_PENDING_MAX - 1, 3)).toBe(0)
    expect(await readWhile(FEED_PENDING_MAX, 5)).toBeGreaterThan(0)
    expect(peer.positions).toEqual([1, 2, 3, 4, 5])
  })

  test('Q-4 a reader far behind gets pages, then goes live', async () => {
    for (let count = 0; count < 3; count++) await commit(450)
    const peer = join(0)
    expect(await peer.upTo(1350)).toEqual(range(1, 1350))
    expect(peer.frames).toEqual([FEED_PAGE_MAX, 350])
    await commit()
    expect(await peer.upTo(1351)).toHaveLength(1351)
  })

  test('Q-4 F-3 a live reader is cut only when what it holds back is above the bound, and leaves', async () => {
    const [slow, quick] = [join(0), join(0)]
    await commit()
    await slow.upTo(1)
    slow.backlog = FEED_BACKLOG_BYTES_MAX
    await commit()
    await slow.upTo(2)
    slow.backlog += 1
    await commit()
    expect(await quick.upTo(3)).toEqual([1, 2, 3])
    expect([slow.closedWith, slow.positions, quick.closedWith]).toEqual([
      CLOSE_CODES.resume,
      [1, 2],
      undefined,
    ])
    expect(feed.readerCount).toBe(1)
  })
})
