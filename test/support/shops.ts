// Shops and a cloud in one process, on one clock that stands still until it is moved: real ledgers, tills, links, sessions and leases, with a line between
// each shop and the cloud that a test cuts and mends. Nothing is random; what is sent over a line that is up arrives at the end of the loop turn.
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { pino } from 'pino'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { claimsFault } from '../../cloud/domain/leases/member-books.ts'
import { decodeState } from '../../cloud/evaluation/state.ts'
import type { LeaseRow } from '../../cloud/store/lease-port.ts'
import { SyncHub } from '../../cloud/sync/hub.ts'
import type { SyncSocket } from '../../cloud/sync/hub.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import type { Ledger } from '../../edge/ledger/ledger.ts'
import type { SocketFactory } from '../../edge/sync/socket.ts'
import { Link } from '../../edge/sync/link.ts'
import type { Receipt } from '../../edge/till/answers.ts'
import type { InputOf, WriteKind } from '../../edge/till/inputs.ts'
import { Till } from '../../edge/till/till.ts'
import { exportPrivateKey, exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import type { MemberId, Origin, StoreId } from '../../protocol/ids.ts'
import { idFromText } from '../../protocol/ids.ts'
import { LEASES_PAUSE_MS } from '../../protocol/limits.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import { CloudCore, freshDirectory } from './cloud-core.ts'
import type { Plain } from './till-under-test.ts'
import { VirtualSystem } from './virtual-system.ts'

const ABNORMAL = 1006

export class Shops {
  readonly system = new VirtualSystem(Date.UTC(2026, 0, 5, 10))
  readonly shops: Shop[] = []
  readonly cloud: CloudCore
  readonly hub: SyncHub
  readonly keys = newKeyPair()
  readonly home = freshDirectory()
  readonly faults: unknown[] = []

  private constructor() {
    const { system } = this
    this.cloud = new CloudCore(join(this.home.path, 'cloud'), system.clock)
    this.cloud.after = (ms, call) => system.after(ms, call)
    this.hub = new SyncHub({
      store: this.cloud.store,
      ingest: this.cloud.ingest,
      authority: this.cloud.authority,
      shelf: this.cloud.shelf,
      certify: (...asked) => this.cloud.certifier.certify(...asked),
      privateKey: this.keys.privateKey,
      onFault: (_, cause) => this.faults.push(cause),
      onSeen: (tenant, store, member) => this.cloud.grants.seen(tenant, store, member),
      onReached: (tenant, store, away) => this.cloud.grants.inReach(tenant, store, away),
      system: {
        clock: system.clock,
        after: (ms, call) => system.after(ms, call),
        randomBytes: (n) => Buffer.alloc(n, 7),
      },
    })
    this.cloud.reached = () => this.hub.reached()
  }

  static async open(program: ProgramDocument, count: number): Promise<Shops> {
    const shops = new Shops()
    await shops.cloud.found(program)
    for (let n = 0; n < count; n++) shops.shops.push(await Shop.open(shops, `Shop ${n}`))
    shops.cloud.grants.start()
    await shops.pass()
    return shops
  }

  async add(name: string): Promise<Shop> {
    const shop = await Shop.open(this, name)
    this.shops.push(shop)
    await this.pass()
    return shop
  }

  shop(index: number): Shop {
    const found = this.shops[index]
    if (found === undefined) throw new Error(`no shop ${index}`)
    return found
  }

  /** Until what was said has arrived and leases were looked after. */
  async pass(ms = LEASES_PAUSE_MS * 3): Promise<void> {
    await this.system.advance(ms)
  }

  /** Time goes on without anything happening on the way; what was due by then happens after it. */
  async leap(ms: number): Promise<void> {
    this.system.now += ms
    await this.pass()
  }

  /** Another version of the program, in force now. */
  async publish(program: ProgramDocument): Promise<void> {
    const { cloud } = this
    const published = await cloud.shelf.publish(cloud.tenant, program, null)
    if (!published.ok) throw new Error(published.refusal.detail)
    await this.pass()
  }

  leases(
    filter: { store?: StoreId; member?: MemberId; open?: boolean } = { open: true },
  ): Promise<LeaseRow[]> {
    return this.cloud.store.read.leaseList(this.cloud.tenant, filter, { after: 0, limit: 10_000 })
  }

  /** P-LEASE-3 for every member; and that nothing broke. */
  async check(): Promise<string[]> {
    const { cloud, system } = this
    const program = (await cloud.shelf.of(cloud.tenant)).program(hybridTime(system.now))
    const wrong: string[] = [
      ...this.faults,
      ...cloud.faults,
      ...this.shops.flatMap(({ faults }) => faults),
    ].map(String)
    for (const row of await cloud.store.read.members(cloud.tenant, { after: 0, limit: 10_000 })) {
      const state = row.state === null ? undefined : decodeState(row.state)
      if (state === undefined) continue
      const fault = await cloud.store.write(async (tx) =>
        claimsFault(program, state, {
          leases: await tx.leasesOfMembers([row.id]),
          holds: await tx.openHolds(cloud.tenant, row.id, system.now as Millis),
          books: await tx.books([row.id]),
        }),
      )
      if (fault !== undefined) wrong.push(`member ${row.id}: ${fault}`)
    }
    return wrong
  }

  async conflicts(): Promise<string[]> {
    const rows = await this.cloud.store.read.conflicts(this.cloud.tenant, false, { after: 0, limit: 1_000 })
    return rows.map(({ kind }) => kind)
  }

  async close(): Promise<void> {
    for (const shop of this.shops) shop.stop()
    await this.hub.stop()
    await this.cloud.grants.stop()
    await this.cloud.store.close()
    this.home.remove()
  }
}

export class Shop {
  readonly faults: unknown[] = []
  readonly store: StoreId
  readonly #shops: Shops
  readonly directory: string
  #up = true
  #wallAhead = 0
  #life = 0
  #keys = 0
  #drop: (() => void) | undefined
  ledger: Ledger
  till: Till
  link: Link

  private constructor(shops: Shops, store: StoreId, directory: string) {
    this.store = store
    this.#shops = shops
    this.directory = directory
    ;[this.ledger, this.till, this.link] = this.#start()
  }

  static async open(shops: Shops, name: string): Promise<Shop> {
    const { cloud, home, keys } = shops
    const { tenant } = cloud
    const own = newKeyPair()
    const life = await cloud.store.write(async (tx) => {
      const row = await tx.insertStore(tenant, name, 'UTC')
      const publicKey = exportPublicKey(own.publicKey)
      const edge = await tx.insertEdge({ tenant, store: row.id, publicKey, enrolledAt: 0 as Millis })
      return tx.insertOrigin({ tenant, store: row.id, edge: edge.id })
    })
    const directory = join(home.path, `shop-${life.store}`)
    const ledger = openLedger({ directory })
    ledger.enrol({
      edge: life.edge,
      origin: life.origin,
      epoch: 1,
      store: { id: life.store, name, zone: 'UTC' },
      privateKey: exportPrivateKey(own.privateKey),
      cloudPublicKey: exportPublicKey(keys.publicKey),
      cloudUrl: 'test:',
    })
    ledger.close()
    return new Shop(shops, life.store, directory)
  }

  get origin(): Origin {
    const origin = this.ledger.identity()?.origin
    if (origin === undefined) throw new Error('a shop is enrolled')
    return origin
  }

  #start(): [Ledger, Till, Link] {
    const { system } = this.#shops
    const life = ++this.#life
    const alive = (call: () => void) => (): void => {
      if (this.#life === life) call()
    }
    const mine = {
      clock: { now: () => system.now + this.#wallAhead },
      monotonic: () => system.now,
      random: () => 0.5,
      after: (ms: number, call: () => void) => system.after(ms, alive(call)),
      soon: (call: () => void) => system.soon(alive(call)),
    }
    const ledger = openLedger({ directory: this.directory })
    const onFault = (cause: unknown): void => void this.faults.push(cause)
    const till = new Till({ ledger, system: mine, software: 'test', onFault })
    const link = new Link({
      ledger,
      till,
      system: mine,
      software: 'test',
      log: pino({ enabled: false }),
      open: this.#line(),
    })
    till.connect(link)
    link.start()
    return [ledger, till, link]
  }

  #line(): SocketFactory {
    return (events) => {
      const { system, hub } = this.#shops
      let open = true
      let heard: (bytes: Uint8Array) => void = () => undefined
      let gone: () => void = () => undefined
      const end = (code: number): void => {
        if (!open) return
        open = false
        system.soon(() => {
          gone()
          events.closed(code)
        })
      }
      // A line that is cut says nothing any more; both ends hear of it at once.
      const carry = (to: () => void): void => system.soon(() => void (open && this.#up && to()))
      this.#drop = () => end(ABNORMAL)
      const socket: SyncSocket = {
        send: (bytes) => carry(() => events.message(Buffer.from(bytes))),
        close: (code) => end(code),
        bufferedBytes: () => 0,
        onMessage: (listener) => (heard = listener),
        onClose: (listener) => (gone = listener),
      }
      system.soon(() => {
        if (!this.#up) return end(ABNORMAL)
        events.opened()
        void hub.accept(this.ledger.identity()?.edge ?? 0, socket)
      })
      return { send: (bytes) => carry(() => heard(Buffer.from(bytes))), close: (code) => end(code) }
    }
  }

  async cut(): Promise<void> {
    this.#up = false
    this.#drop?.()
    await this.#shops.system.settle()
  }

  /** Nothing arrives any more, and neither end hears of it. */
  mute(): void {
    this.#up = false
  }

  /** And waits until it is welcome again. */
  async mend(): Promise<void> {
    this.#up = true
    for (let tries = 0; tries < 100 && !this.link.live(); tries++) await this.#shops.pass(1_000)
    await this.#shops.pass()
  }

  /** The machine's clock jumps: nobody can trust it until the cloud has told the time. */
  jumpClock(ms: number): void {
    this.#wallAhead += ms
  }

  stop(): void {
    this.#life += 1
    this.#drop?.()
    this.ledger.close()
  }

  /** Killed, and started again on the same files. */
  async restart(): Promise<void> {
    this.stop()
    ;[this.ledger, this.till, this.link] = this.#start()
    await this.#shops.system.settle()
  }

  /** A receipt, or the code of the refusal. */
  start<K extends WriteKind>(kind: K, input: Plain<InputOf<K>>, key?: string): Promise<Receipt | string> {
    const call = {
      terminal: 't1',
      key: key ?? `s${this.store}-${++this.#keys}`,
      requestHash: createHash('sha256')
        .update(JSON.stringify([kind, input]))
        .digest(),
    }
    // The brands of numbers are only types.
    return this.till.write(kind, call, input as InputOf<K>).then((result) => {
      if (!result.ok) return result.refusal.code
      return JSON.parse(Buffer.from(result.value.body).toString()) as Receipt
    })
  }

  async write<K extends WriteKind>(
    kind: K,
    input: Plain<InputOf<K>>,
    key?: string,
  ): Promise<Receipt | string> {
    const answer = this.start(kind, input, key)
    let done = false
    void answer.then(() => (done = true))
    for (let ms = 0; ms < 3_000; ms += 100) {
      await this.#shops.system.settle()
      if (done) break
      await this.#shops.pass(100)
    }
    return answer
  }

  async done<K extends WriteKind>(kind: K, input: Plain<InputOf<K>>, key?: string): Promise<Receipt> {
    const answer = await this.write(kind, input, key)
    if (typeof answer === 'string') throw new Error(`refused: ${answer}`)
    return answer
  }

  async enrol(card: string): Promise<MemberId> {
    const { receipt } = await this.done('enrolment', { identities: [{ kind: 'card', value: card }] })
    return idFromText<MemberId>(receipt.id) ?? (0 as MemberId)
  }

  /** What `authority` the redemption was decided by, or why it was refused. */
  async redeem(
    member: MemberId,
    perk: number,
    more: { capture?: boolean; points?: number } = {},
  ): Promise<string> {
    const answer = await this.write('redemption', { member: String(member), perk, ...more })
    return typeof answer === 'string' ? answer : (answer.redemption?.authority ?? '')
  }

  async use(code: string): Promise<string> {
    const answer = await this.write('voucher_use', { code })
    return typeof answer === 'string' ? answer : (answer.voucher?.authority ?? '')
  }
}
