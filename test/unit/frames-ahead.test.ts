// Frames that are opened ahead of their turn by a thread beside the loop (I-15): real seals, the real thread, and nothing else.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OpenerThread } from '../../cloud/opener.ts'
import { FramesAhead } from '../../cloud/sync/frames-ahead.ts'
import type { OpenedFrame, Opening } from '../../cloud/sync/frames-ahead.ts'
import { CHAIN_GENESIS, chainHash } from '../../protocol/chain.ts'
import { decodeUpFrame } from '../../protocol/codec.ts'
import { newKeyPair } from '../../protocol/envelope.ts'
import type { Batch } from '../../protocol/frames/batch.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'
import { BATCHES_IN_FLIGHT_MAX, OPENED_AHEAD_BYTES_MIN, OPENING_FRAMES_MAX } from '../../protocol/limits.ts'
import { CloudSeals, EdgeSeals } from '../../protocol/seals.ts'
import type { SealedFrame } from '../../protocol/seals.ts'
import { seededRandom } from '../support/random.ts'

const EDGE = 7
const NONCE = new Uint8Array(16).fill(3)
const edgeKeys = newKeyPair()
const cloudKeys = newKeyPair()
const random = seededRandom(8)

let edge: EdgeSeals
let frames: FramesAhead
let opener: OpenerThread
let broken: unknown[]
/** Given to the thread. */
let asked: SealedFrame[]

beforeEach(() => {
  broken = []
  asked = []
  opener = new OpenerThread((cause) => void broken.push(cause))
  const counted = {
    open(frame: SealedFrame) {
      asked.push(frame)
      return opener.open(frame)
    },
  }
  edge = new EdgeSeals(EDGE, { privateKey: edgeKeys.privateKey, publicKey: cloudKeys.publicKey })
  edge.challenged(NONCE)
  const keys = { privateKey: cloudKeys.privateKey, publicKey: edgeKeys.publicKey }
  frames = new FramesAhead(new CloudSeals(EDGE, keys, NONCE), counted)
})

afterEach(() => opener.stop())

/** Of facts that no packing makes smaller; nobody here looks into them. */
function batchOf(bytes: number): Batch {
  const fact = (): Buffer => Buffer.from(Array.from({ length: 500 }, () => random.below(256)))
  const facts = Array.from({ length: Math.ceil(bytes / 500) }, fact)
  return {
    type: 'batch',
    origin: 4 as Origin,
    from: 1 as Seq,
    previous: CHAIN_GENESIS,
    waiting: 0 as Seq,
    facts,
  }
}

const large = (): Batch => batchOf(2 * OPENED_AHEAD_BYTES_MIN)

function chainOf({ previous, facts }: Batch): Buffer {
  let hash: Uint8Array = previous
  return Buffer.concat(facts.map((fact) => (hash = chainHash(hash, fact))))
}

function factsIn(opened: OpenedFrame | undefined): Buffer | undefined {
  const decoded = opened && decodeUpFrame(opened.bytes)
  return decoded?.ok === true && decoded.value.type === 'batch'
    ? Buffer.concat(decoded.value.facts)
    : undefined
}

const factsOf = ({ facts }: Batch): Buffer => Buffer.concat(facts)

const hashesIn = (opened: OpenedFrame | undefined): Buffer | undefined =>
  opened?.hashes ? Buffer.from(opened.hashes) : undefined

test('I-15 large frames are opened by the thread, with the hashes of their chain, small ones in their turn; each for its own place', async () => {
  const batches = [large(), batchOf(600), large(), batchOf(600), large()]
  const openings = batches.map((batch) => frames.take(edge.seal(batch), true))
  expect(asked).toHaveLength(3)
  for (const [index, batch] of batches.entries()) {
    const opened = await openings[index]?.()
    expect(factsIn(opened)?.equals(factsOf(batch))).toBe(true)
    expect(hashesIn(opened)).toEqual(index % 2 === 0 ? chainOf(batch) : undefined)
  }
})

test('I-15 P-ENV-2 a frame that came twice, or by another hand, is opened for no place', async () => {
  const first = edge.seal(large())
  const stranger = new EdgeSeals(EDGE, { ...cloudKeys, privateKey: newKeyPair().privateKey })
  stranger.challenged(NONCE)
  stranger.seal({ type: 'ask_time', question: 1 })
  const openings = [first, first, stranger.seal(large())].map((sealed) => frames.take(sealed, true))
  const opened = await Promise.all(openings.map((opening) => opening()))
  expect(asked).toHaveLength(3)
  expect(opened.map((one) => one !== undefined)).toEqual([true, false, false])
})

test('I-15 nothing is opened ahead for somebody who has not proved to be the edge', async () => {
  const batch = large()
  const opening = frames.take(edge.seal(batch), false)
  expect(asked).toHaveLength(0)
  expect(factsIn(await opening())?.equals(factsOf(batch))).toBe(true)
})

test('I-15 of one connection BATCHES_IN_FLIGHT_MAX are opened ahead; what is beyond is opened in its turn, and each that had its turn makes room', async () => {
  const openings: Opening[] = []
  const come = (): unknown => openings.push(frames.take(edge.seal(large()), true))
  for (let n = 0; n < BATCHES_IN_FLIGHT_MAX + 2; n++) come()
  expect(asked).toHaveLength(BATCHES_IN_FLIGHT_MAX)
  await openings[0]?.()
  come()
  expect(asked).toHaveLength(BATCHES_IN_FLIGHT_MAX + 1)
  for (const opening of openings.slice(1)) expect(factsIn(await opening())).toBeDefined()
})

test('I-15 of all connections together OPENING_FRAMES_MAX are with the thread', async () => {
  const frame = new CloudSeals(EDGE, { ...cloudKeys, publicKey: edgeKeys.publicKey }, NONCE).next(
    edge.seal(large()),
  )
  const openings = Array.from({ length: OPENING_FRAMES_MAX }, () => opener.open(frame))
  expect(openings).not.toContain(undefined)
  expect(opener.open(frame)).toBeUndefined()
  for (const opening of openings) await opening
  expect(await opener.open(frame)).toBeDefined()
})

test('I-15 a thread that breaks down is told; what it had is opened all the same, and what comes after in its turn', async () => {
  const seals = new CloudSeals(EDGE, { ...cloudKeys, publicKey: edgeKeys.publicKey }, NONCE)
  const batches = [large(), large(), large()]
  const [first, second, third] = batches.map((batch) => seals.next(edge.seal(batch)))
  if (first === undefined || second === undefined || third === undefined) throw new Error('three were sealed')
  const openings = [
    opener.open(first),
    // No key of any edge: it brings down whoever verifies by it.
    opener.open({ ...second, publicKey: 'none' as never }),
    opener.open(third),
  ]
  await expect(openings[1]).rejects.toThrow('DECODER')
  expect(hashesIn(await openings[0])).toEqual(chainOf(batches[0] ?? large()))
  expect(hashesIn(await openings[2])).toEqual(chainOf(batches[2] ?? large()))
  expect(broken).toHaveLength(1)
  expect(opener.open(first)).toBeUndefined()
})

test('I-15 what the thread had when the node stops is opened', async () => {
  const batch = large()
  const opening = frames.take(edge.seal(batch), true)
  await opener.stop()
  expect(hashesIn(await opening())).toEqual(chainOf(batch))
  expect(broken).toEqual([])
})
