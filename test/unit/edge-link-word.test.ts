// What the link takes for the cloud's word: signed for this connection; of the time, the answer to its question; and of what changed meanwhile.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { encodeFrame } from '../../protocol/codec.ts'
import { SIGNATURE_BYTES, newKeyPair, seal } from '../../protocol/envelope.ts'
import type { DownFrame } from '../../protocol/down.ts'
import type { Hello } from '../../protocol/frames/hello.ts'
import type { MemberId, Seq } from '../../protocol/ids.ts'
import type { LeaseTerm } from '../../protocol/leases.ts'
import { BACKOFF_BASE_MS, CLOCK_ASK_MS } from '../../protocol/limits.ts'
import type { Money, Points } from '../../protocol/numbers.ts'
import { addressed, sealBeat } from '../../protocol/seals.ts'
import type { Millis } from '../../protocol/time.ts'
import { heldEdge } from '../support/held-edge.ts'
import type { HeldEdge } from '../support/held-edge.ts'

/** A word on a lease. */
const term = (granted: number): LeaseTerm => ({
  lease: 1,
  subject: 'points',
  member: 12 as MemberId,
  item: 0,
  code: null,
  granted,
  used: 0,
  cap: 500 as Points,
  expires: 9e12 as Millis,
  recall: 0,
})

let edge: HeldEdge
let hello: Hello
beforeEach(async () => {
  edge = heldEdge()
  edge.link.start()
  hello = edge.cloud.greet(edge.network.line)
  await edge.system.settle()
})
afterEach(() => {
  edge.link.stop()
  edge.ledger.close()
})

describe('P-TIME-6 CLK-3: the time of the cloud', () => {
  test('is asked for at the welcome and again after CLOCK_ASK_MS; only the answer to the last question counts', async () => {
    const { line } = edge.network
    const answer = (question: number | null, time: number): void => {
      edge.cloud.say(line, { type: 'time', time: time as Millis, question })
      line.deliver()
    }
    edge.cloud.hear(line)
    const [first] = edge.cloud.timeAsked
    expect(first).toBeGreaterThan(0)
    const off = (): number => edge.till.clock.now() - edge.system.now
    for (const other of [null, (first ?? 0) + 1]) answer(other, edge.system.now + 9_999_999)
    expect(off()).toBe(0)
    answer(first ?? 0, edge.system.now + 7_200_000)
    expect(off()).toBe(7_200_000)
    edge.system.now += CLOCK_ASK_MS
    for (let n = 0; n < 2; n++) answer(null, edge.system.now + 9_999_999)
    edge.cloud.hear(line)
    expect(edge.cloud.timeAsked).toHaveLength(2)
    // A recorded answer is an old one.
    answer(first ?? 0, edge.system.now)
    expect(off()).toBe(7_200_000)
  })
  test('the last word keeps its age when the clock is set', async () => {
    edge.cloud.hear(edge.network.line)
    edge.system.now += 4_000
    const [question] = edge.cloud.timeAsked
    edge.cloud.say(edge.network.line, {
      type: 'time',
      time: (edge.system.now + 9e9) as Millis,
      question: question ?? 0,
    })
    edge.network.line.deliver()
    edge.system.now += 3_000
    expect(edge.till.clock.now() - (edge.link.lastWordAt() ?? 0)).toBe(3_000)
  })
})

describe('N-5: down frames are verified before they are decoded', () => {
  const time = encodeFrame({ type: 'time', time: 0 as Millis, question: null })
  const gap = encodeFrame({ type: 'gap', expected: 1 as Seq })
  const question = encodeFrame({ type: 'find_member', question: 1, identity: null, member: 0 as MemberId })
  const none = new Uint8Array(0)
  const other = Buffer.alloc(16, 1)
  const otherKey = newKeyPair().privateKey
  const { misplaced, malformed } = CLOSE_CODES
  /** Frames that the cloud has said by then: challenge, welcome, members. */
  const NEXT = 3
  const byCloud = (frame: Uint8Array, address: Uint8Array): Uint8Array =>
    seal(frame, edge.cloud.keys.privateKey, address)
  test.each<[string, number, (nonce: Uint8Array) => Uint8Array]>([
    ['signed with another key', misplaced, (n) => seal(gap, otherKey, addressed('down', 7, n, NEXT))],
    ['not signed', misplaced, () => time],
    ['empty', misplaced, () => none],
    ['signed, and not CBOR', malformed, (n) => byCloud(Buffer.from([0xff]), addressed('down', 7, n, NEXT))],
    ['that only edges say', malformed, (n) => byCloud(question, addressed('down', 7, n, NEXT))],
    ['P-ENV-2 for another edge', misplaced, (n) => byCloud(gap, addressed('down', 8, n, NEXT))],
    ['P-ENV-2 for another connection', misplaced, () => byCloud(gap, addressed('down', 7, other, NEXT))],
    ['P-ENV-2 from before the hello', misplaced, () => byCloud(gap, addressed('down', 7, none, NEXT))],
    ['P-ENV-2 for the way up', misplaced, (n) => byCloud(gap, addressed('up', 7, n, NEXT))],
    ['P-ENV-2 for the place before', misplaced, (n) => byCloud(gap, addressed('down', 7, n, NEXT - 1))],
    ['P-ENV-2 for the place after', misplaced, (n) => byCloud(gap, addressed('down', 7, n, NEXT + 1))],
    ['P-ENV-2 for nobody, as an attestation', misplaced, () => byCloud(gap, none)],
    [
      'P-ENV-4 for everybody, and no sign of life',
      misplaced,
      () => byCloud(gap, addressed('down', 0, none, 0)),
    ],
  ])('a frame %s closes the link', (_, code, bytes) => {
    const { line } = edge.network
    line.down.push(bytes(hello.nonce))
    line.deliver()
    expect(line.closedByEdge).toBe(code)
    expect(edge.link.state).toBe('waiting')
    expect(edge.link.refusedFrames).toBe(1)
  })
  test('P-ENV-2: what the cloud said on an earlier connection, and what the edge said itself, is not heard on this one', async () => {
    const { network, cloud, system } = edge
    const asked = network.line.up.at(-1) ?? none
    expect(asked.length).toBeGreaterThan(SIGNATURE_BYTES)
    const seals = cloud.sealsOf(network.line)
    const head = cloud.hashes[0] ?? none
    const recorded = [
      asked,
      seals.seal({ type: 'ack', seq: 0 as Seq, head, ...cloud.credit }),
      seals.seal({ type: 'leases', cursor: 1, leases: [] }),
      seals.seal({ type: 'members', cursor: 1, members: [], more: false }),
    ]
    for (const [at, frame] of recorded.entries()) {
      network.line.break()
      const { length } = network.lines
      while (network.lines.length === length) await system.advance(BACKOFF_BASE_MS)
      cloud.greet(network.line)
      expect(edge.link.live()).toBe(true)
      network.line.down.push(frame)
      network.line.deliver()
      expect(network.line.closedByEdge).toBe(misplaced)
      expect(edge.link.refusedFrames).toBe(at + 1)
    }
    expect(edge.ledger.meta.cursors().members).toBe(0)
    expect(edge.ledger.leases.cursor).toBe(0)
  })
  test('P-LIFE-10: a hello names the one that this run of the software said before it, also one that was not welcomed', async () => {
    const { network, cloud, system } = edge
    const again = async (): Promise<void> => {
      network.line.break()
      const { length } = network.lines
      while (network.lines.length === length) await system.advance(BACKOFF_BASE_MS)
    }
    expect(hello.previous_nonce).toBeNull()
    await again()
    network.line.open()
    cloud.challenge(network.line)
    const unheard = cloud.hearOne(network.line, 'hello')
    expect(unheard.previous_nonce).toEqual(hello.nonce)
    await again()
    expect(cloud.greet(network.line).previous_nonce).toEqual(unheard.nonce)
  })
  test('P-ENV-4: a sign of life is heard on any connection, an earlier one than the last is none', async () => {
    const { line } = edge.network
    const beat = (at: number): void => {
      line.down.push(sealBeat(at as Millis, edge.cloud.keys.privateKey))
      line.deliver()
    }
    const heard = (): number | null => edge.link.lastWordAt()
    await edge.system.advance(1_000)
    const before = heard()
    beat(5_000)
    const first = heard()
    expect(first).toBeGreaterThan(before ?? Infinity)
    await edge.system.advance(1_000)
    beat(4_999)
    expect(heard()).toBe(first)
    beat(5_000)
    expect(heard()).toBeGreaterThan(first ?? Infinity)
    expect(edge.link.live()).toBe(true)
  })
  test('one flipped bit closes the link', () => {
    const { line } = edge.network
    edge.cloud.say(line, { type: 'time', time: 0 as Millis, question: null })
    const last = line.down.at(-1)
    if (last !== undefined) last[last.length - 1] = (last.at(-1) ?? 0) ^ 1
    line.deliver()
    expect(line.closedByEdge).toBe(CLOSE_CODES.misplaced)
  })
  test('P-ENV-2: an old word on leases, repeated on its connection, is not heard again; nor is what comes behind a lost frame or overtook one', async () => {
    const { network, cloud, system, ledger } = edge
    const leases = (n: number): DownFrame => ({ type: 'leases', cursor: n, leases: [term(100 * n)] })
    const meddle: ((down: Uint8Array[]) => void)[] = [
      // The first of three again behind them; the second lost; the second overtaken by the third.
      (down) => down.push(down[0] ?? none),
      (down) => down.splice(1, 1),
      (down) => down.splice(1, 2, ...down.slice(1).toReversed()),
    ]
    for (const [at, change] of meddle.entries()) {
      const { line } = network
      const cursor = 10 * at
      for (const n of [1, 2, 3]) cloud.say(line, leases(cursor + n))
      change(line.down)
      line.deliver()
      expect(line.closedByEdge).toBe(misplaced)
      expect(edge.link.refusedFrames).toBe(at + 1)
      // What came in its place was heard, and nothing else.
      expect(ledger.leases.cursor).toBe(cursor + (at === 0 ? 3 : 1))
      const { length } = network.lines
      while (network.lines.length === length) await system.advance(BACKOFF_BASE_MS)
      cloud.greet(network.line)
      expect(edge.link.live()).toBe(true)
    }
  })
})

test('P-SYNC-12 A-1: after a welcome answers are provisional until the cloud has told what changed meanwhile', async () => {
  const standing = async (): Promise<unknown> => {
    const told = await edge.till.quote({ lines: [{ sku: 'x', amount: 500 as Money }] })
    return told.ok && told.value.status
  }
  const tell = (more: boolean): void => {
    edge.cloud.say(edge.network.line, { type: 'members', cursor: 5, members: [], more })
    edge.network.line.deliver()
  }
  expect(await standing()).toBe('confirmed')
  edge.cloud.tells = false
  edge.network.line.break()
  await edge.system.advance(BACKOFF_BASE_MS)
  edge.cloud.greet(edge.network.line)
  expect(edge.link.live()).toBe(true)
  expect(await standing()).toBe('provisional')
  tell(true)
  expect(await standing()).toBe('provisional')
  tell(false)
  expect(await standing()).toBe('confirmed')
})
