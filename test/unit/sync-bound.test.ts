// What is signed for one connection, edge and way is heard on no other (P-ENV-2). Two devices of one key, which is the worst they could have, at one
// hub over sockets worked by hand.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SyncHub } from '../../cloud/sync/hub.ts'
import { realSystem } from '../../cloud/system.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { decodeDownFrame } from '../../protocol/codec.ts'
import { exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import type { Hello } from '../../protocol/frames/hello.ts'
import { EdgeSeals } from '../../protocol/seals.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

type Store = OriginWriter & { edge: number }

const edgeKeys = newKeyPair()
const cloudKeys = newKeyPair()
const NOT_OURS = {
  code: CLOSE_CODES.unauthorised,
  reason: 'not signed by this edge for this place on this connection',
}
const MISPLACED = { ...NOT_OURS, code: CLOSE_CODES.misplaced }

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let hub: SyncHub

/** One connection, from the challenge on. */
class Connection {
  readonly sent: Uint8Array[] = []
  readonly heard: Uint8Array[] = []
  readonly store: Store
  readonly seals: EdgeSeals
  closed: { code: number; reason: string } | undefined
  #listener: (sealed: Uint8Array) => void = () => undefined
  #stirred: () => void = () => undefined

  constructor(store: Store) {
    this.store = store
    this.seals = new EdgeSeals(store.edge, {
      privateKey: edgeKeys.privateKey,
      publicKey: cloudKeys.publicKey,
    })
  }

  async open(): Promise<this> {
    await hub.accept(this.store.edge, {
      send: (sealed) => {
        this.heard.push(sealed)
        this.#stirred()
      },
      close: (code, reason) => {
        this.closed ??= { code, reason }
        this.#stirred()
      },
      bufferedBytes: () => 0,
      onMessage: (listener) => void (this.#listener = listener),
      onClose: () => undefined,
    })
    return this
  }

  say(sealed: Uint8Array): void {
    this.sent.push(sealed)
    this.#listener(sealed)
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => void (this.#stirred = resolve))
  }

  /** The hello it says, which is not said yet. */
  hello(nonce?: Uint8Array): Hello {
    const bytes = this.seals.unseal(this.heard[0] ?? new Uint8Array())
    const challenge = bytes && decodeDownFrame(bytes)
    if (challenge?.ok !== true || challenge.value.type !== 'challenge')
      throw new Error('no challenge for this edge')
    const own = this.seals.challenged(challenge.value.nonce)
    return this.store.hello(nonce ?? own)
  }

  async greet(): Promise<this> {
    this.say(this.seals.seal(this.hello()))
    await this.until(() => this.closed !== undefined || this.heard.length > 1)
    expect(this.closed).toBeUndefined()
    return this
  }
}

const connect = (store: Store): Promise<Connection> => new Connection(store).open()

async function sells(connection: Connection): Promise<void> {
  const { store, heard, seals } = connection
  const before = heard.length
  store.sale({ at: Date.UTC(2026, 0, 5, 10) }, [{ sku: 'TEA', amount: 100 }])
  connection.say(seals.seal(store.batch(store.seq)))
  await connection.until(() => heard.length > before)
}

beforeEach(async () => {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, realSystem.clock)
  await cloud.found(SMALL_PROGRAM)
  hub = new SyncHub({
    store: cloud.store,
    ingest: cloud.ingest,
    authority: cloud.authority,
    shelf: cloud.shelf,
    certify: (...asked) => cloud.certifier.certify(...asked),
    system: realSystem,
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

test('P-ENV-2 S07: what an edge said on an earlier connection, on another edge’s, or what it was told is refused by its signature and counted', async () => {
  const [store, other] = [
    await cloud.addStore(exportPublicKey(edgeKeys.publicKey)),
    await cloud.addStore(exportPublicKey(edgeKeys.publicKey)),
  ]
  const first = await (await connect(store)).greet()
  await sells(first)
  const theirs = await (await connect(other)).greet()
  const head = await cloud.head(store.origin)
  expect(head).toBe(1)
  let refused = 0
  for (const greeted of [false, true])
    for (const frame of [...first.sent, ...first.heard, ...theirs.sent, ...theirs.heard]) {
      const line = await connect(store)
      if (greeted) await line.greet()
      line.say(frame)
      await line.until(() => line.closed !== undefined)
      expect(line.closed).toEqual(greeted ? MISPLACED : NOT_OURS)
      refused += 1
      expect(hub.refusedFrames).toBe(refused)
    }
  expect(refused).toBeGreaterThanOrEqual(2 * 7)
  expect(await cloud.head(store.origin)).toBe(head)
  // What the cloud tells one of them is nothing to the other, nor to itself on another connection.
  const again = await (await connect(store)).greet()
  for (const sealed of [...first.heard, ...theirs.heard]) expect(again.seals.unseal(sealed)).toBeUndefined()
  for (const sealed of again.heard.slice(1)) expect(again.seals.unseal(sealed)).toBeDefined()
})

test('P-ENV-2 S10: a frame that is repeated on its connection, comes behind a lost one or has overtaken another is refused and counted; what came in its place counts', async () => {
  const store = await cloud.addStore(exportPublicKey(edgeKeys.publicKey))
  const batch = (line: Connection, seq: number): Uint8Array => line.seals.seal(store.batch(seq, seq))
  const meddle: ((sealed: Uint8Array[]) => (Uint8Array | undefined)[])[] = [
    ([one, two, three]) => [one, two, three, one],
    ([one, two, three]) => [one, one, two, three],
    ([one, , three]) => [one, three],
    ([one, two, three]) => [one, three, two],
  ]
  const taken = [3, 1, 1, 1]
  let head = 0
  for (const [at, change] of meddle.entries()) {
    while (store.seq < head + 3) store.sale({ at: Date.UTC(2026, 0, 5, 10) }, [{ sku: 'TEA', amount: 100 }])
    const line = await (await connect(store)).greet()
    const sent = change([1, 2, 3].map((n) => batch(line, head + n)))
    for (const sealed of sent) line.say(sealed ?? new Uint8Array())
    await line.until(() => line.closed !== undefined)
    expect(line.closed).toEqual(MISPLACED)
    expect(hub.refusedFrames).toBe(at + 1)
    await cloud.ingest.idle()
    head += taken[at] ?? 0
    expect(await cloud.head(store.origin)).toBe(head)
  }
  // The real device goes on.
  const line = await (await connect(store)).greet()
  await sells(line)
  expect(line.closed).toBeUndefined()
})

test('P-ENV-2: a hello whose nonce is no nonce is refused', async () => {
  const line = await connect(await cloud.addStore(exportPublicKey(edgeKeys.publicKey)))
  line.say(line.seals.seal(line.hello(new Uint8Array(15))))
  await line.until(() => line.closed !== undefined)
  expect(line.closed).toEqual({ code: CLOSE_CODES.malformed, reason: 'a nonce has 16 bytes' })
})
