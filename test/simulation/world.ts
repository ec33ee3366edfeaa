// The whole of it in one process: stores, terminals, wires, a cloud, and a fate that breaks things, all from one seed.
import type { KeyObject } from 'node:crypto'
import { newKeyPair } from '../../protocol/envelope.ts'
import type { StoreId } from '../../protocol/ids.ts'
import { SyncHub } from '../../cloud/sync/hub.ts'
import type { SyncSocket } from '../../cloud/sync/hub.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { seededRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { signCheaply } from './cheap-signatures.ts'
import { crashing, withBug } from './crashing-store.ts'
import type { CrashPoint } from './crashing-store.ts'
import { ProcessGone } from './crashing-ledger.ts'
import { Wire } from './network.ts'
import { STRIKES } from './plan.ts'
import type { Plan, Strike } from './plan.ts'
import { StoreNode } from './store-node.ts'
import { Terminal } from './terminal.ts'
import { VirtualTime } from './virtual-time.ts'

signCheaply()

const START = Date.UTC(2026, 2, 28, 21)
const HEAL_MS = 30 * 60_000
/** A world in which everything breaks all the time would never get its work done. */
const FATE_OVER_MS = 20 * 60_000
const INSTALL_AGAIN_MS = 1_000
const CLOUD_RESTART_MS_MAX = 20_000
/** A crash comes at one of so many calls into the cloud's store, or COMMITs. */
const DOOM_MAX: Readonly<Record<CrashPoint, number>> = { call: 60, commit: 3 }

export class World {
  readonly time = new VirtualTime(START)
  readonly random: Random
  readonly plan: Plan
  readonly stores: StoreNode[] = []
  readonly terminals: Terminal[] = []
  readonly happened: Record<string, number> = {}
  readonly #home: ReturnType<typeof freshDirectory>
  readonly #keys: { privateKey: KeyObject; publicKey: KeyObject } = newKeyPair()
  readonly cloudFaults: unknown[] = []
  #cloud: CloudCore | null = null
  #hub: SyncHub | null = null
  #cloudLife = 0
  #tenant = 0
  #fateOn = true
  /** Calls into the cloud's store, or COMMITs, until its process dies; null: it lives on. */
  #cloudDoom: { readonly at: CrashPoint; left: number } | null = null

  constructor(plan: Plan) {
    this.plan = plan
    this.random = seededRandom(plan.seed)
    this.#home = freshDirectory(true)
  }

  get cloud(): CloudCore {
    if (this.#cloud === null) throw new Error('the cloud is down')
    return this.#cloud
  }

  /** Every call of every terminal is answered. */
  get idle(): boolean {
    return this.terminals.every((terminal) => terminal.idle)
  }

  async build(): Promise<void> {
    this.#startCloud()
    await this.cloud.found({ ...SMALL_PROGRAM, offline: { share_percent: 60, hours: 2 } })
    this.#tenant = this.cloud.tenant
    const { stores, terminalsPerStore, operationsPerTerminal, bug } = this.plan
    for (let n = 0; n < stores; n++) {
      const row = await this.cloud.store.write((tx) => tx.insertStore(this.#tenant, `Store ${n}`, 'UTC'))
      const node = this.#addNode(row.id)
      await node.install()
      for (let t = 0; t < terminalsPerStore; t++) {
        const terminal = new Terminal(`s${n}t${t}`, node, this.time, this.random, {
          ...this.plan,
          operations: operationsPerTerminal,
          forgetsKeys: bug === 'terminals forget keys',
        })
        this.terminals.push(terminal)
        terminal.begin()
      }
    }
    this.#fate()
  }

  #addNode(store: StoreId): StoreNode {
    const wire = new Wire(this.time, this.random, this.plan.latencyMsMax, (socket) =>
      this.#accept(node, socket),
    )
    const node: StoreNode = new StoreNode(store, wire, {
      time: this.time,
      random: this.random,
      cloud: () => this.cloud,
      directory: this.#home.path,
      cloudKey: this.#keys.publicKey,
      bug: this.plan.bug,
    })
    this.stores.push(node)
    return node
  }

  #accept(node: StoreNode, socket: SyncSocket): boolean {
    if (this.#hub === null) return false
    void this.#hub.accept(node.edge, socket)
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
    const cloud = new CloudCore(`${this.#home.path}/cloud`, { now: () => this.time.now() }, (store) =>
      withBug(crashing(store, fate), this.plan.bug),
    )
    cloud.tenant = this.#tenant
    this.#cloud = cloud
    const alive = (call: () => void) => (): void => {
      if (this.#cloudLife === life) call()
    }
    cloud.after = (ms, call) => this.time.after(ms, alive(call))
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
        after: (ms, call) => this.time.after(ms, alive(call)),
        randomBytes: (count) => Buffer.from(Array.from({ length: count }, () => this.random.below(256))),
      },
      onSeen: (tenant, store, member) => cloud.grants.seen(tenant, store, member),
      onReached: (tenant, store) => cloud.grants.inReach(tenant, store),
    })
    this.#hub = hub
    cloud.reached = () => hub.reached()
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

  #crashCloud(): void {
    const cloud = this.#cloud
    if (cloud === null) return
    this.#cloud = null
    this.#hub = null
    this.#cloudDoom = null
    this.#cloudLife += 1
    for (const { wire } of this.stores) wire.dropAll()
    const closed = cloud.store.close()
    this.time.after(1 + this.random.below(CLOUD_RESTART_MS_MAX), () => {
      void closed.then(() => this.#startCloud())
    })
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
    STRIKE[strike](this, this.random.pick(this.stores))
  }

  crashCloud(): void {
    this.#crashCloud()
  }

  /** At some await of the work it does next. */
  crashCloudSoon(): void {
    const at = this.random.pick(['call', 'commit'] as const)
    this.#cloudDoom ??= { at, left: 1 + this.random.below(DOOM_MAX[at]) }
  }

  /** The node's disk is gone; a new device takes its place, and terminals hand in what may not have reached the cloud. */
  loseDisk(node: StoreNode): void {
    if (this.#cloud === null || node.ledger === null) return
    const { origin } = node
    const { synced } = node.ledger.meta.cursors()
    this.#install(node)
    for (const terminal of this.terminals) terminal.handInAgain(origin, synced)
  }

  /** Enrolment is the cloud's work too: when it dies over it, somebody tries again. */
  #install(node: StoreNode): void {
    const again = (): void => void this.time.after(INSTALL_AGAIN_MS, () => this.#install(node))
    if (this.#cloud === null) return again()
    node.install().catch((cause: unknown) => {
      if (!(cause instanceof ProcessGone)) node.faults.push(cause)
      again()
    })
  }

  /** No more faults; runs until everything is answered, synced and told. */
  async heal(): Promise<void> {
    this.#fateOn = false
    this.#cloudDoom = null
    await this.time.runUntil(() => {
      for (const { wire } of this.stores) if (wire.state !== 'up') wire.set('up')
      return this.#quiet()
    }, HEAL_MS)
    await this.time.run(10_000)
  }

  #quiet(): boolean {
    if (this.#cloud === null) return false
    return this.idle && this.stores.every((node) => this.#synced(node))
  }

  #synced(node: StoreNode): boolean {
    return (
      node.ledger !== null &&
      node.link?.live() === true &&
      node.ledger.meta.cursors().synced === node.ledger.head().seq
    )
  }

  async destroy(): Promise<void> {
    for (const node of this.stores) node.destroy()
    await this.#cloud?.store.close()
    this.#home.remove()
  }
}

/** What each strike does to the world, or to one store of it. */
const STRIKE: Readonly<Record<Strike, (world: World, node: StoreNode) => void>> = {
  'line cut': (_, node) => node.wire.set('cut'),
  'line a black hole': (_, node) => node.wire.set('black hole'),
  'line healed': (_, node) => node.wire.set('up'),
  'store crashes': (_, node) => node.crash(),
  'store crashes in a commit': (_, node) => node.crashInCommit(),
  'store full': (_, node) => node.fill(),
  'cloud crashes': (world) => world.crashCloud(),
  'cloud crashes in a transaction': (world) => world.crashCloudSoon(),
  'disk lost': (world, node) => world.loseDisk(node),
}

function weighed(weights: Readonly<Record<Strike, number>>, random: Random): Strike {
  let left = random.below(STRIKES.reduce((sum, strike) => sum + weights[strike], 0))
  return STRIKES.find((strike) => (left -= weights[strike]) < 0) ?? 'line healed'
}
