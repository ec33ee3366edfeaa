// The whole of it in one process: stores, terminals, wires, a cloud, and a fate that breaks things, all from one seed.
import type { KeyObject } from 'node:crypto'
import { newKeyPair } from '../../protocol/envelope.ts'
import { factIdOf, originOf, seqOf } from '../../protocol/ids.ts'
import type { Origin, Seq, StoreId } from '../../protocol/ids.ts'
import type { Life } from '../../protocol/lives.ts'
import type { Millis } from '../../protocol/time.ts'
import type { CloudStore, EdgeRow } from '../../cloud/store/port.ts'
import { openCloudEpoch } from '../../cloud/domain/lives.ts'
import { openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { SyncHub } from '../../cloud/sync/hub.ts'
import type { SyncSocket } from '../../cloud/sync/hub.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { seededRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { cardsIn } from './auditor.ts'
import { sealFor } from './cheap-seals.ts'
import { CloudFiles, keptCloud, keylessCloud } from './cloud-disk.ts'
import type { CloudDisk } from './cloud-disk.ts'
import { crashing, withBug } from './crashing-store.ts'
import type { CrashPoint } from './crashing-store.ts'
import { ProcessGone } from './crashing-ledger.ts'
import { FileDisk } from './disk.ts'
import { MemoryDisk } from './memory-disk.ts'
import { LeaseWatch } from './lease-watch.ts'
import { Wire } from './network.ts'
import { Fates, weighed } from './fates.ts'
import { eventsMaxOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { BOUNDED, BOUNDED_PROGRAM, BOUNDS, PROGRAM } from './program.ts'
import { StoreNode } from './store-node.ts'
import { Terminal } from './terminal.ts'
import type { Acked } from './terminal.ts'
import { VirtualTime } from './virtual-time.ts'

const START = Date.UTC(2026, 2, 28, 21)
const HEAL_MS = 30 * 60_000
/** A world in which everything breaks all the time would never get its work done. */
const FATE_OVER_MS = 20 * 60_000
const ANSWER_MS = 10_000
const INSTALL_AGAIN_MS = 1_000
const CLOUD_RESTART_MS_MAX = 20_000
/** Facts that the cloud has and that are handed in again with those it may lack: terminals do not know exactly. */
const HANDED_IN_BESIDE = 3
/** A crash comes at one of so many calls into the cloud's store, or COMMITs. */
const DOOM_MAX: Readonly<Record<CrashPoint, number>> = { call: 60, commit: 3 }

export class World {
  readonly time: VirtualTime
  readonly random: Random
  readonly plan: Plan
  readonly stores: StoreNode[] = []
  readonly terminals: Terminal[] = []
  readonly happened: Record<string, number> = {}
  readonly #home = freshDirectory(true)
  readonly #cloudDisk: CloudDisk
  readonly #keys: { privateKey: KeyObject; publicKey: KeyObject } = newKeyPair()
  readonly cloudFaults: unknown[] = []
  /** Of vouchers that some store has given out. */
  readonly #codes: string[] = []
  readonly fates = new Fates(this)
  /** What did not add up after a commit, of the cloud or of a store (P-LEASE-3). */
  readonly overspent: string[] = []
  readonly watch: LeaseWatch
  #cloud: CloudCore | null = null
  #hub: SyncHub | null = null
  #cloudLife = 0
  /** Of members that a cloud knew before it was put back. */
  readonly formerCards = new Map<number, string>()
  /** Whose disks are gone: what the cloud has of them, only it and terminals have. */
  readonly #goneOrigins: Origin[] = []
  #tenant = 0
  #fateOn = true
  #busy: Terminal | undefined
  /** Calls into the cloud's store, or COMMITs, until its process dies; null: it lives on. */
  #cloudDoom: { readonly at: CrashPoint; left: number } | null = null

  constructor(plan: Plan) {
    this.plan = plan
    this.time = new VirtualTime(START, eventsMaxOf(plan))
    this.random = seededRandom(plan.seed)
    this.watch = new LeaseWatch(
      () => this.time.now(),
      plan.bounded ? BOUNDED : BOUNDS,
      (sentence) => this.overspent.push(sentence),
    )
    sealFor(plan.real)
    const files = plan.real ? new CloudFiles(`${this.#home.path}/cloud`) : undefined
    this.#cloudDisk = plan.bug === 'cloud counts keys twice' ? keylessCloud() : (files ?? keptCloud())
  }

  get cloud(): CloudCore {
    if (this.#cloud === null) throw new Error('the cloud is down')
    return this.#cloud
  }

  /** Every call of every terminal is answered. */
  get idle(): boolean {
    // Asked after every event: most often the one that was busy still is.
    if (this.#busy?.idle === false) return false
    this.#busy = this.terminals.find((terminal) => !terminal.idle)
    return this.#busy === undefined
  }

  async build(): Promise<void> {
    this.#startCloud()
    await this.cloud.found(this.plan.bounded ? BOUNDED_PROGRAM : PROGRAM)
    this.#tenant = this.cloud.tenant
    const { stores, terminalsPerStore } = this.plan
    for (let n = 0; n < stores; n++) {
      const row = await this.cloud.store.write((tx) => tx.insertStore(this.#tenant, `Store ${n}`, 'UTC'))
      const node = this.addNode(row.id)
      await node.install()
      for (let t = 0; t < terminalsPerStore; t++) this.addTerminal(node, `s${n}t${t}`)
    }
    this.#fate()
  }

  addTerminal(node: StoreNode, name: string): void {
    const { operationsPerTerminal, bug } = this.plan
    const terminal = new Terminal(name, node, this.time, this.random, {
      ...this.plan,
      operations: operationsPerTerminal,
      forgetsKeys: bug === 'terminals forget keys',
      codes: this.#codes,
      called: () => this.#called(),
    })
    this.terminals.push(terminal)
    terminal.begin()
  }

  addNode(store: StoreId, name?: string): StoreNode {
    const wire = new Wire(
      this.time,
      this.random,
      this.plan.latencyMsMax,
      `line of store ${store}`,
      (socket) => this.#accept(node, socket),
    )
    const surroundings = {
      time: this.time,
      random: this.random,
      cloud: () => this.cloud,
      attest: (edge: EdgeRow, lives: readonly Life[]) => this.#attest(edge, lives),
      disk: (disk: string) =>
        this.plan.real ? new FileDisk(`${this.#home.path}/${disk}`) : new MemoryDisk(disk),
      cloudKey: this.#keys.publicKey,
      bug: this.plan.bug,
      overspent: this.overspent,
    }
    const node: StoreNode = new StoreNode(store, wire, surroundings, name)
    this.stores.push(node)
    return node
  }

  async #attest(edge: EdgeRow, lives: readonly Life[]): Promise<string> {
    if (this.#hub === null) throw new ProcessGone()
    return this.#hub.attest(edge, lives)
  }

  #accept(node: StoreNode, socket: SyncSocket): boolean {
    if (this.#hub === null) return false
    const attestation = node.ledger?.identity()?.attestation ?? undefined
    this.#hub.accept(node.edge, socket, attestation).catch((cause: unknown) => {
      if (!(cause instanceof ProcessGone)) this.cloudFaults.push(cause)
    })
    return true
  }

  #startCloud(): void {
    // oxlint-disable-next-line typescript/no-this-alias -- for the getter below
    const world = this
    const life = ++this.#cloudLife
    const fate = {
      dies: (at: CrashPoint): boolean => this.#cloudLife === life && this.#cloudDies(at),
      get dead(): boolean {
        return world.#cloudLife !== life
      },
    }
    const { directory } = this.#cloudDisk
    const cloud = new CloudCore(
      directory,
      { now: () => this.time.now() },
      (store) =>
        withBug(
          crashing(
            this.watch.watched(store, () => this.#tenant),
            fate,
          ),
          this.plan.bug,
        ),
      this.#cloudDisk.open(),
    )
    cloud.tenant = this.#tenant
    this.#cloud = cloud
    const alive = (call: () => void) => (): void => {
      if (this.#cloudLife === life) call()
    }
    cloud.after = (ms, call) => this.time.after(ms, alive(call), 'cloud')
    cloud.onFault = (cause) => {
      if (this.#cloudLife === life && !(cause instanceof ProcessGone)) this.cloudFaults.push(cause)
    }
    const hub = new SyncHub({
      store: cloud.store,
      ingest: cloud.ingest,
      authority: cloud.authority,
      shelf: cloud.shelf,
      certify: (...asked) => cloud.certifier.certify(...asked),
      privateKey: this.#keys.privateKey,
      // What a dead process still tried is nobody's fault.
      onFault: (_, cause) => {
        if (this.#cloudLife === life && !(cause instanceof ProcessGone)) this.cloudFaults.push(cause)
      },
      system: {
        clock: { now: () => this.time.now() },
        after: (ms, call) => this.time.after(ms, alive(call), 'cloud'),
        randomBytes: (count) => Buffer.from(Array.from({ length: count }, () => this.random.below(256))),
      },
      onSeen: (tenant, store, member) => cloud.grants.seen(tenant, store, member),
      onReached: (tenant, store, away) => cloud.grants.inReach(tenant, store, away),
    })
    this.#hub = hub
    cloud.reached = () => hub.reached()
    cloud.drains = () => hub.load.draining > 0
    cloud.grants.start()
  }

  /** Asked at every call into the store. */
  #cloudDies(at: CrashPoint): boolean {
    if (this.#cloudDoom?.at !== at) return false
    this.#cloudDoom.left -= 1
    if (this.#cloudDoom.left > 0) return false
    this.#crashCloud()
    return true
  }

  #crashCloud(putBack?: string): void {
    const cloud = this.#cloud
    if (cloud === null) return
    this.#cloud = null
    this.#hub = null
    this.#cloudDoom = null
    this.#cloudLife += 1
    for (const { wire } of this.stores) wire.dropAll()
    const closed = cloud.store.close().then(() => this.#cloudDisk.abandon())
    this.time.after(1 + this.random.below(CLOUD_RESTART_MS_MAX), () => {
      void closed.then(async () => {
        if (putBack !== undefined) await this.#putCloudBack(putBack)
        this.#startCloud()
      })
    })
  }

  get isCloudUp(): boolean {
    return this.#cloud !== null
  }

  /** Between two entries of virtual time no transaction is open; the files are as whole as after a crash. */
  copyCloud(): string {
    const copy = `${this.#home.path}/cloud-copy`
    this.#cloudDisk.copyTo(copy)
    return copy
  }

  #openStore(): CloudStore {
    const { directory } = this.#cloudDisk
    return openSqliteStore({ directory, checkpointer: false, opened: this.#cloudDisk.open() })
  }

  async #rememberMembers(): Promise<void> {
    const store = this.#openStore()
    const facts = await store.read.facts(this.#tenant, { kind: 'enrolment' }, { after: 0, limit: 1_000_000 })
    for (const [member, card] of cardsIn(facts)) this.formerCards.set(member, card)
    await store.close()
    this.#cloudDisk.abandon()
  }

  /** As `restore` does: before anything else is done with it, the next epoch begins (BK-3). */
  async #putCloudBack(copy: string): Promise<void> {
    await this.#rememberMembers()
    this.#cloudDisk.putBack(copy)
    const store = this.#openStore()
    const now = this.time.now() as Millis
    await store.write((tx) => openCloudEpoch(tx, [this.#tenant], 0, now, 'because a backup was put back'))
    await this.watch.putBack(store, this.#tenant)
    for (const origin of this.#goneOrigins) {
      const { seq = 0 } = (await store.read.origin(origin)) ?? {}
      for (const terminal of this.terminals) terminal.handInAfter(origin, seq)
    }
    await store.close()
    this.#cloudDisk.abandon()
  }

  /** Something goes wrong every so often, until the world is healed. */
  #fate(): void {
    this.time.after(this.random.below(this.plan.fateMsMax), () => {
      if (!this.#fateOn || this.time.now() > START + FATE_OVER_MS) return
      this.#strike()
      this.#fate()
    })
  }

  #strike(): void {
    const strike = weighed(this.plan.strikes, this.random)
    this.happened[strike] = (this.happened[strike] ?? 0) + 1
    this.fates.strike(strike, this.random.pick(this.stores))
  }

  /** A terminal begins something new. */
  #called(): void {
    const { callsPerStrike } = this.plan
    if (!this.#fateOn || callsPerStrike === 0 || this.time.now() > START + FATE_OVER_MS) return
    if (this.random.below(callsPerStrike) === 0) this.time.after(0, () => this.#strike())
  }

  crashCloud(putBack?: string): void {
    this.#crashCloud(putBack)
  }

  /** Terminals of a store hand in again what they were answered since. */
  handInSince(node: StoreNode, at: number): void {
    for (const terminal of this.terminals) terminal.handInSince(node, at)
  }

  /** At some await of the work it does next. */
  crashCloudSoon(): void {
    const at = this.random.pick(['call', 'commit'] as const)
    this.#cloudDoom ??= { at, left: 1 + this.random.below(DOOM_MAX[at]) }
  }

  /** The node's disk is gone; a new device takes its place, and its terminals hand in what may not have reached the cloud. */
  loseDisk(node: StoreNode): void {
    const { ledger } = node
    if (this.#cloud === null || ledger === null) return
    const { origin } = node
    const { synced } = ledger.meta.cursors()
    const settled = ledger.lives.unsettled() === undefined
    const lives = [origin, ...ledger.lives.past().map((life) => life.origin)]
    this.#goneOrigins.push(...lives)
    void this.#seqsOf(this.#cloud, lives).then((seqs) => {
      const isKnown = (of: Origin, seq: number): boolean => seq <= (seqs.get(of) ?? 0) - HANDED_IN_BESIDE
      const isMissing = ({ origin: of, seq }: Acked): boolean => {
        const id = factIdOf(of as Origin, seq as Seq)
        // Facts of lives before it count as what they were recorded again as.
        const again = ledger.lives.again(id) ?? id
        if (!isKnown(originOf(again), seqOf(again))) return lives.includes(of as Origin)
        return originOf(again) === origin ? seqOf(again) > synced - HANDED_IN_BESIDE : !settled
      }
      for (const terminal of this.terminals) terminal.handInAgain(node, isMissing)
    })
    this.#install(node)
  }

  /** How far the cloud has these ledgers' lives: one that was put back may not have what it once acknowledged. */
  async #seqsOf({ store }: CloudCore, origins: readonly Origin[]): Promise<Map<Origin, number>> {
    const rows = await Promise.all(origins.map((origin) => store.read.origin(origin)))
    return new Map(rows.flatMap((row) => (row === undefined ? [] : [[row.origin, row.seq]])))
  }

  /** Enrolment is the cloud's work too: when it dies over it, somebody tries again, unless an older disk was put back meanwhile: that one is not lost. */
  #install(node: StoreNode): void {
    const { putBacks } = node
    const again = (): void =>
      void this.time.after(INSTALL_AGAIN_MS, () => {
        if (node.putBacks === putBacks) this.#install(node)
      })
    if (this.#cloud === null) return again()
    node.install().catch((cause: unknown) => {
      if (!(cause instanceof ProcessGone)) node.faults.push(cause)
      again()
    })
  }

  /** What somebody asks after the work is over, which may be another question to the cloud. */
  async answerTo<T>(question: Promise<T>): Promise<T> {
    let answer: { readonly value: T } | undefined
    void question.then((value) => (answer = { value }))
    await this.time.runUntil(() => answer !== undefined, ANSWER_MS)
    return question
  }

  /** No more faults; runs until everything is answered, synced and told. */
  async heal(): Promise<void> {
    this.#fateOn = false
    this.#cloudDoom = null
    for (const node of this.stores) node.calm()
    await this.time.runUntil(() => {
      for (const node of this.stores) {
        if (node.wire.state !== 'up') node.wire.set('up')
        node.clockOffMs = 0
      }
      this.fates.approve()
      return this.#quiet()
    }, HEAL_MS)
    await this.time.run(10_000)
  }

  #quiet(): boolean {
    if (this.#cloud === null) return false
    return this.idle && this.stores.every((node) => this.#synced(node))
  }

  /** For whoever looks at a world that does not come to rest. */
  unrest(): string {
    const waiting = this.stores.filter((node) => !this.#synced(node))
    const told = waiting.map(({ store, ledger, link, faults }) => {
      if (ledger === null) return `store ${store} is down (${String(faults.at(-1))})`
      const { synced } = ledger.meta.cursors()
      return `store ${store} ${link?.state}, ${synced} of ${ledger.seq}, life ${ledger.identity()?.epoch}, unsettled ${ledger.lives.unsettled()?.epoch ?? 'none'}`
    })
    const calls = this.terminals.filter(({ idle }) => !idle).length
    return [this.#cloud === null ? 'cloud down' : '', ...told, calls === 0 ? '' : `${calls} terminals wait`]
      .filter((part) => part !== '')
      .join('; ')
  }

  #synced(node: StoreNode): boolean {
    return (
      node.ledger !== null &&
      node.link?.live() === true &&
      node.ledger.meta.cursors().synced === node.ledger.head().seq &&
      node.ledger.lives.unsettled() === undefined
    )
  }

  async destroy(): Promise<void> {
    for (const node of this.stores) node.destroy()
    await this.#cloud?.store.close()
    this.#cloudLife += 1
    this.#cloudDisk.leave()
    this.#home.remove()
  }
}
