// What one edge may have waiting in the cloud (I-10). Everything is real but the wire: signed frames go into a session of the hub by hand, all in one
// turn, so that none is worked on before the last has come, which is the most a network can do to a session.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { decodeDownFrame } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import { exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { ProgramVersion } from '../../protocol/ids.ts'
import {
  BATCHES_IN_FLIGHT_MAX,
  BATCH_BYTES_MAX,
  QUESTIONS_OPEN_MAX,
  SYNC_BYTES_WAITING_MAX,
  SYNC_FRAMES_WAITING_MAX,
} from '../../protocol/limits.ts'
import { EdgeSeals } from '../../protocol/seals.ts'
import type { UpFrame } from '../../protocol/up.ts'
import { OpenerThread } from '../../cloud/opener.ts'
import { SyncHub } from '../../cloud/sync/hub.ts'
import { realSystem } from '../../cloud/system.ts'
import { seededRandom } from '../support/random.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let hub: SyncHub
let opener: OpenerThread
let openedAhead = 0
let store: OriginWriter
let seals: EdgeSeals
const edgeKeys = newKeyPair()
const cloudKeys = newKeyPair()
/** What the session does to its socket. */
let told: DownFrame[] = []
let closed: { code: number; reason: string } | undefined
let say: (sealed: Uint8Array) => void = () => undefined
/** Resolves at the next frame or the close. */
let stirred: () => void = () => undefined

const sealed = (frame: UpFrame): Uint8Array => seals.seal(frame)

function question(number: number, value = String(number)): Uint8Array {
  const identity = { kind: 'card' as const, value }
  return sealed({ type: 'find_member', question: number, identity, member: NO_MEMBER })
}

const answers = (type: DownFrame['type']): DownFrame[] => told.filter((frame) => frame.type === type)

/** An answer takes at least a turn to reach a store and to be followed by its next frame. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise<void>((resolve) => void (stirred = resolve))
  await new Promise<void>((resolve) => void setImmediate(resolve))
}

beforeEach(async () => {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, realSystem.clock)
  await cloud.found(SMALL_PROGRAM)
  const added = await cloud.addStore(exportPublicKey(edgeKeys.publicKey))
  store = added
  seals = new EdgeSeals(added.edge, { privateKey: edgeKeys.privateKey, publicKey: cloudKeys.publicKey })
  told = []
  closed = undefined
  openedAhead = 0
  opener = new OpenerThread((cause) => {
    throw cause
  })
  hub = new SyncHub({
    opener: {
      open(frame) {
        openedAhead += 1
        return opener.open(frame)
      },
    },
    store: cloud.store,
    ingest: cloud.ingest,
    authority: cloud.authority,
    shelf: cloud.shelf,
    certify: (...asked) => cloud.certifier.certify(...asked),
    certifyAgain: () => Promise.resolve({ certificate: 'another', ca: 'the next' }),
    system: realSystem,
    privateKey: cloudKeys.privateKey,
    onFault: (_, cause) => {
      throw cause
    },
  })
  await hub.accept(added.edge, {
    send(bytes) {
      const frame = seals.unseal(bytes)
      const decoded = frame && decodeDownFrame(frame)
      if (decoded?.ok !== true) throw new Error('the cloud sent what is no frame of its own')
      told.push(decoded.value)
      stirred()
    },
    close(code, reason) {
      closed = { code, reason }
      stirred()
    },
    bufferedBytes: () => 0,
    onMessage: (listener) => void (say = listener),
    onClose: () => undefined,
  })
  const [challenge] = told
  if (challenge?.type !== 'challenge') throw new Error('a session begins with its challenge')
  say(sealed({ ...store.hello(seals.challenged(challenge.nonce)), program: 0 as ProgramVersion }))
  // HQ changes the CA at every moment of the greeting (G-13).
  while (answers('welcome').length === 0) {
    for (let n = 0; n < 50; n++) {
      hub.certifyAgain(cloud.tenant)
      await Promise.resolve()
    }
    await new Promise<void>((resolve) => void setImmediate(resolve))
  }
})

test('G-13: no certificate goes out before the welcome, for the edge would not take it', async () => {
  hub.certifyAgain(cloud.tenant)
  await until(() => answers('certificate').length > 0)
  const types = told.map(({ type }) => type)
  expect(types.indexOf('certificate')).toBeGreaterThan(types.indexOf('welcome'))
})

afterEach(async () => {
  await hub.stop()
  await opener.stop()
  await cloud.store.close()
  directory.remove()
})

const random = seededRandom(5)
/** 64 characters that no packing makes much smaller. */
function unlike(): string {
  return Buffer.from(Array.from({ length: 48 }, () => random.below(256))).toString('base64')
}

/** Batches as full as a store makes them, each right after the one before. */
function fullBatches(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => {
    const from = store.seq + 1
    let bytes = 0
    while (bytes < BATCH_BYTES_MAX - 100 * 1024) {
      const lines = Array.from({ length: 900 }, () => ({ sku: unlike(), amount: 100 }))
      store.sale({ at: T0 + store.seq * 1000 }, lines)
      bytes += store.bytes.at(-1)?.length ?? 0
    }
    return sealed(store.batch(from))
  })
}

test('I-10 a store with as many questions and full batches open as it may have is answered everything', async () => {
  const batches = fullBatches(BATCHES_IN_FLIGHT_MAX)
  const questions = Array.from({ length: QUESTIONS_OPEN_MAX }, (_, index) => question(index + 1))
  for (const frame of [...batches, ...questions]) say(frame)
  await until(() => closed !== undefined || answers('found_member').length === QUESTIONS_OPEN_MAX)
  expect(closed).toBeUndefined()
  expect(answers('ack').at(-1)).toMatchObject({ seq: store.seq })
  expect(await cloud.head(store.origin)).toBe(store.seq)
})

test('I-15 what was opened ahead is chained like any other: what the cloud has is compared by hash and skipped, another history is a fork', async () => {
  for (const frame of fullBatches(2)) say(frame)
  say(sealed(store.batch(1)))
  store.sale({ at: T0 + store.seq * 1000 }, [{ sku: 'new', amount: 100 }])
  say(sealed(store.batch(2)))
  await until(() => closed !== undefined || answers('ack').length > 0)
  say(question(1))
  await until(() => answers('found_member').length === 1)
  expect(answers('ack').at(-1)).toMatchObject({ seq: store.seq, head: store.hashes.at(-1) })
  expect(openedAhead).toBe(4)

  const { facts, ...batch } = store.batch(1)
  const changed = facts.map((fact, index) => {
    const bytes = Buffer.from(fact)
    if (index === 1) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    return bytes
  })
  say(sealed({ ...batch, facts: changed }))
  await until(() => answers('ended').length > 0)
  expect(answers('ended')).toMatchObject([{ reason: 'fork' }])
  expect(openedAhead).toBe(5)
})

test('I-12 batches that come together share commits and their acks, in their order; a question behind them sees what they brought', async () => {
  const cards = Array.from({ length: BATCHES_IN_FLIGHT_MAX }, (_, at) => `card-${at}`)
  const members: number[] = []
  const frames = cards.map((value) => {
    const from = store.seq + 1
    members.push(store.enrol({ at: T0 + from }, [{ kind: 'card', value }]))
    return sealed(store.batch(from))
  })
  let commits = 0
  cloud.ingest.onCommitted(() => (commits += 1))
  for (const frame of [...frames, question(1, cards.at(-1))]) say(frame)
  await until(() => answers('found_member').length === 1)
  const acked = told.flatMap((frame) => (frame.type === 'ack' ? [frame.seq] : []))
  expect(acked).toEqual(acked.toSorted((a, b) => a - b))
  expect(acked.at(-1)).toBe(cards.length)
  expect(acked).toHaveLength(commits)
  expect(commits).toBeLessThan(BATCHES_IN_FLIGHT_MAX)
  expect(answers('found_member')[0]).toMatchObject({ member: members.at(-1) })
})

test('I-10 as many frames as may wait are answered; one more cuts the connection, and nothing of it is worked on', async () => {
  const frames = Array.from({ length: SYNC_FRAMES_WAITING_MAX }, (_, index) => question(index + 1))
  for (const frame of frames) say(frame)
  await until(() => closed !== undefined || answers('found_member').length === frames.length)
  expect(closed).toBeUndefined()

  store.sale({ at: T0 }, [{ sku: 'x', amount: 100 }])
  told = []
  for (const frame of [sealed(store.batch()), ...frames]) say(frame)
  expect(closed).toEqual({
    code: CLOSE_CODES.too_many,
    reason: expect.stringContaining(`${SYNC_FRAMES_WAITING_MAX + 1} frames`) as string,
  })
  await hub.stop()
  expect(told).toEqual([])
  expect(await cloud.head(store.origin)).toBe(0)
})

test('I-10 what waits is also bounded in bytes; what was answered does not count', async () => {
  const [first = new Uint8Array()] = fullBatches(1)
  const fitting = Math.floor(SYNC_BYTES_WAITING_MAX / first.length)
  const again = (): void => say(sealed(store.batch(1)))
  say(first)
  for (let round = 1; round <= 2; round++) {
    for (let count = round === 1 ? 1 : 0; count < fitting; count++) again()
    // Behind them, so that they were answered when this is.
    say(question(round))
    await until(() => closed !== undefined || answers('found_member').length === round)
    expect(closed).toBeUndefined()
  }
  for (let count = 0; count <= fitting; count++) again()
  expect(closed?.code).toBe(CLOSE_CODES.too_many)
})
