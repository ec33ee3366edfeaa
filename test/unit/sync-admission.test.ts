// Many edges at one hub, over sockets worked by hand: who may send, who is told to come later, and whose place a connection takes.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { returnMsOf } from '../../cloud/sync/admission.ts'
import { SyncHub } from '../../cloud/sync/hub.ts'
import { realSystem } from '../../cloud/system.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { decodeDownFrame } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import { exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import {
  CONNECT_WAIT_MS_MAX,
  DOWN_BACKLOG_BYTES_MAX,
  DOWN_PAUSE_DRAIN_MS,
  DOWN_PAUSE_MS,
  DRAIN_CREDIT_BYTES,
  DRAIN_CREDIT_FACTS,
  DRAIN_EDGES_MAX,
  GREETINGS_MAX,
  HTTP_SOCKETS_MAX,
  LIVE_CREDIT_BYTES,
  LIVE_CREDIT_FACTS,
  POST_LINES_MAX,
  RETURNS_PER_SECOND,
  RETURN_SPREAD_MS_MAX,
  SYNC_BYTES_WAITING_TOTAL_MAX,
} from '../../protocol/limits.ts'
import { EdgeSeals } from '../../protocol/seals.ts'
import type { UpFrame } from '../../protocol/up.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const LIVE = { credit_facts: LIVE_CREDIT_FACTS, credit_bytes: LIVE_CREDIT_BYTES }
const DRAIN = { credit_facts: DRAIN_CREDIT_FACTS, credit_bytes: DRAIN_CREDIT_BYTES }
const T0 = Date.UTC(2026, 0, 5, 10)
const edgeKeys = newKeyPair()
const cloudKeys = newKeyPair()

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let hub: SyncHub
/** Timers that were asked for, and not cancelled. */
let timers: { ms: number; call: () => void }[] = []

class Peer {
  readonly told: DownFrame[] = []
  closed: number | undefined
  /** What the socket has not sent yet. */
  buffered = 0
  say: (sealed: Uint8Array) => void = () => undefined
  gone: () => void = () => undefined
  #stirred: () => void = () => undefined
  readonly edge: OriginWriter & { edge: number }
  readonly seals: EdgeSeals

  constructor(edge: OriginWriter & { edge: number }) {
    this.edge = edge
    this.seals = new EdgeSeals(edge.edge, {
      privateKey: edgeKeys.privateKey,
      publicKey: cloudKeys.publicKey,
    })
  }

  async connect(): Promise<this> {
    await hub.accept(this.edge.edge, {
      send: (bytes) => {
        const frame = this.seals.unseal(bytes)
        const decoded = frame && decodeDownFrame(frame)
        if (decoded?.ok !== true) throw new Error('the cloud sent what is no frame of its own')
        this.told.push(decoded.value)
        this.#stirred()
      },
      close: (code) => {
        this.closed ??= code
        this.gone()
        this.#stirred()
      },
      bufferedBytes: () => this.buffered,
      onMessage: (listener) => void (this.say = listener),
      onClose: (listener) => void (this.gone = listener),
    })
    return this
  }

  send(frame: UpFrame): void {
    this.say(this.seals.seal(frame))
  }

  async next<T extends DownFrame['type']>(type: T): Promise<Extract<DownFrame, { type: T }>> {
    for (;;) {
      const at = this.told.findIndex((frame) => frame.type === type)
      // Its tag was just compared.
      if (at >= 0) return this.told.splice(at, 1)[0] as Extract<DownFrame, { type: T }>
      if (this.closed !== undefined) throw new Error(`closed with ${this.closed}`)
      await new Promise<void>((resolve) => void (this.#stirred = resolve))
    }
  }

  async hello(
    seq = this.edge.seq,
    run: { last: Uint8Array | null } = { last: null },
  ): Promise<Extract<DownFrame, { type: 'welcome' }>> {
    const challenge = await this.next('challenge')
    const nonce = this.seals.challenged(challenge.nonce)
    this.send({ ...this.edge.hello(nonce, seq), previous_nonce: run.last })
    run.last = nonce
    return this.next('welcome')
  }
}

const peer = async (): Promise<Peer> =>
  new Peer(await cloud.addStore(exportPublicKey(edgeKeys.publicKey))).connect()

beforeEach(async () => {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, realSystem.clock)
  await cloud.found(SMALL_PROGRAM)
  timers = []
  hub = new SyncHub({
    store: cloud.store,
    ingest: cloud.ingest,
    authority: cloud.authority,
    shelf: cloud.shelf,
    certify: (...asked) => cloud.certifier.certify(...asked),
    system: {
      ...realSystem,
      after(ms, call) {
        const timer = { ms, call }
        timers.push(timer)
        return () => void (timers = timers.filter((other) => other !== timer))
      },
    },
    privateKey: cloudKeys.privateKey,
    onFault: (_, cause) => {
      throw cause
    },
  })
})
afterEach(async () => {
  await hub.stop()
  await cloud.store.close()
  directory.remove()
})

test('P-SYNC-7 ADM-1 R15 welcome and ack say what may be out; beyond DRAIN_EDGES_MAX an edge waits until an ack gives it credit', async () => {
  const far = 100_000
  const live = await peer()
  expect(await live.hello()).toMatchObject(LIVE)
  const draining: Peer[] = []
  for (let count = 0; count < DRAIN_EDGES_MAX; count++) {
    const one = await peer()
    expect(await one.hello(far)).toMatchObject(DRAIN)
    draining.push(one)
  }
  const waits = await peer()
  expect(await waits.hello(far)).toMatchObject({ credit_facts: 0, credit_bytes: 0 })
  live.edge.sale({ at: T0 }, [{ sku: 'x', amount: 100 }])
  live.send(live.edge.batch())
  expect(await live.next('ack')).toMatchObject({ seq: 1, ...LIVE })
  draining[0]?.gone()
  expect(await waits.next('ack')).toMatchObject({ seq: 0, ...DRAIN })
})

test('D-1 ADM-1 what is new goes down soon, and less often to a store that drains a backlog', async () => {
  const pauses = (): number[] =>
    timers.map(({ ms }) => ms).filter((ms) => ms === DOWN_PAUSE_MS || ms === DOWN_PAUSE_DRAIN_MS)
  await (await peer()).hello()
  expect(pauses()).toEqual([DOWN_PAUSE_MS])
  await (await peer()).hello(100_000)
  expect(pauses()).toEqual([DOWN_PAUSE_MS, DOWN_PAUSE_DRAIN_MS])
})

test('ADM-2 what all edges together have waiting is bounded; who goes beyond comes again later', async () => {
  const megabyte = new Uint8Array(1024 * 1024)
  const each = 15
  const fitting = Math.floor(SYNC_BYTES_WAITING_TOTAL_MAX / (each * megabyte.length))
  const peers: Peer[] = []
  for (let count = 0; count <= fitting; count++) peers.push(await peer())
  for (const one of peers) for (let frame = 0; frame < each; frame++) one.say(megabyte)
  expect(peers.map(({ closed }) => closed).filter((code) => code !== undefined)).toEqual([CLOSE_CODES.busy])
  expect(peers.at(-1)?.closed).toBe(CLOSE_CODES.busy)
})

test('ADM-3 as many greetings as may be make the hub busy, none of them for longer than CONNECT_WAIT_MS_MAX', async () => {
  const edge = await cloud.addStore(exportPublicKey(edgeKeys.publicKey))
  const peers: Peer[] = []
  for (let count = 0; count < GREETINGS_MAX; count++) {
    expect(hub.busy).toBe(false)
    peers.push(await new Peer(edge).connect())
  }
  expect(hub.busy).toBe(true)
  // One that was let in when there was a place, and came to a hub that has none.
  expect((await new Peer(edge).connect()).closed).toBe(CLOSE_CODES.busy)
  await peers[0]?.hello()
  expect(hub.busy).toBe(false)
  expect(peers[0]?.closed).toBeUndefined()
  for (const { ms, call } of timers.slice()) if (ms === CONNECT_WAIT_MS_MAX) call()
  expect(peers.slice(1).every(({ closed }) => closed === CLOSE_CODES.malformed)).toBe(true)
  expect(peers[0]?.closed).toBeUndefined()
})

test('ADM-3 a fleet spreads its return over its size, over RETURN_SPREAD_MS_MAX at most, which is as many as there can be', () => {
  const most = (RETURN_SPREAD_MS_MAX / 1000) * RETURNS_PER_SECOND
  expect([0, 1, RETURNS_PER_SECOND, most, most + RETURNS_PER_SECOND].map(returnMsOf)).toEqual([
    0,
    1000 / RETURNS_PER_SECOND,
    1000,
    RETURN_SPREAD_MS_MAX,
    RETURN_SPREAD_MS_MAX,
  ])
  expect(most).toBeGreaterThanOrEqual(HTTP_SOCKETS_MAX + POST_LINES_MAX)
})

test('ADM-5 D-1 while DOWN_BACKLOG_BYTES_MAX are unsent nothing more goes down, and then all of it from where it stopped', async () => {
  const one = await peer()
  await one.hello()
  const pause = async (): Promise<void> => {
    for (const { ms, call } of timers.splice(0)) if (ms === DOWN_PAUSE_MS) call()
    await new Promise<void>((resolve) => void setImmediate(resolve))
  }
  one.buffered = DOWN_BACKLOG_BYTES_MAX
  for (let version = 2; version <= 3; version++)
    expect((await cloud.shelf.publish(cloud.tenant, SMALL_PROGRAM, null)).ok).toBe(true)
  const member = one.edge.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
  one.send(one.edge.batch())
  await one.next('ack')
  for (let n = 0; n < 3; n++) await pause()
  expect(one.told.map(({ type }) => type)).toEqual([])
  one.buffered = DOWN_BACKLOG_BYTES_MAX - 1
  await pause()
  expect(await one.next('corrections')).toMatchObject({ corrections: [{ points: 50 }] })
  expect(one.told).toMatchObject([
    { type: 'program', version: 2 },
    { type: 'program', version: 3 },
    { type: 'members', more: false, members: [{ member }] },
  ])
})

test('ADM-4 only a good hello takes the place of the edge’s earlier connection', async () => {
  const first = await peer()
  await first.hello()
  const silent = await new Peer(first.edge).connect()
  expect(first.closed).toBeUndefined()
  expect(silent.closed).toBeUndefined()
  const second = await new Peer(first.edge).connect()
  await second.hello()
  expect(first.closed).toBe(CLOSE_CODES.replaced)
  expect(hub.connected().size).toBe(1)
})

test('G-14 P-LIFE-10 two idle images of one machine are told to HQ once one of them comes back, and one machine that starts again is not', async () => {
  const edge = await cloud.addStore(exportPublicKey(edgeKeys.publicKey))
  const told = async () => {
    await hub.stop()
    return (await cloud.store.read.conflicts(cloud.tenant, false, { after: 0, limit: 9 })).map(
      ({ kind, subject, store, text }) => ({ kind, subject, store, text }),
    )
  }
  const comes = async (run: { last: Uint8Array | null }): Promise<void> =>
    void (await (await new Peer(edge).connect()).hello(0, run))
  const [first, second] = [{ last: null }, { last: null }]
  await comes(first)
  await comes(first)
  await comes({ last: null })
  await comes(second)
  expect(await told()).toEqual([])
  await comes({ ...first })
  expect(await told()).toMatchObject([{ kind: 'clone', subject: String(edge.origin), store: edge.store }])
  await comes(second)
  expect(await told()).toHaveLength(1)
})

test('ADM-4 I-10 P-SYNC-2 two lines of one device, and a batch that comes twice on both: each answer is the stored place, and what the old line says late is not heard', async () => {
  const old = await peer()
  await old.hello()
  const { edge } = old
  for (let n = 0; n < 3; n++) edge.sale({ at: T0 + n }, [{ sku: 'x', amount: 100 }])
  for (let twice = 0; twice < 2; twice++) {
    old.send(edge.batch(1, 2))
    expect(await old.next('ack')).toMatchObject({ seq: 2 })
  }
  const next = await new Peer(edge).connect()
  expect(await next.hello()).toMatchObject({ seq: 2, credit_facts: LIVE_CREDIT_FACTS })
  old.send(edge.batch(3, 3))
  for (let twice = 0; twice < 2; twice++) {
    next.send(edge.batch(1, 2))
    expect(await next.next('ack')).toMatchObject({ seq: 2, credit_facts: LIVE_CREDIT_FACTS })
  }
  expect(await cloud.head(edge.origin)).toBe(2)
  next.send(edge.batch(2, 3))
  expect(await next.next('ack')).toMatchObject({ seq: 3 })
})
