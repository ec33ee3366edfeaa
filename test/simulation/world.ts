// The whole of it in one process: stores, terminals, wires, a cloud, and a fate that breaks things, all from one seed.
import type { KeyObject } from 'node:crypto'
import { newKeyPair } from '../../protocol/envelope.ts'
import type { StoreId } from '../../protocol/ids.ts'
import { SyncHub } from '../../cloud/sync/hub.ts'
import type { SyncSocket } from '../../cloud/sync/hub.ts'
import type { CloudStore } from '../../cloud/store/port.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { seededRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { Wire } from './network.ts'
import { StoreNode } from './store-node.ts'
import { Terminal } from './terminal.ts'
import { VirtualTime } from './virtual-time.ts'

export interface Plan {
  readonly seed: number
  readonly stores: number
  readonly operationsPerTerminal: number
  /** Planted bugs, which the auditor must find. */
  readonly bug?: 'cloud counts keys twice' | 'terminals forget keys'
}

const TERMINALS_PER_STORE = 2
const CARDS = 14
const START = Date.UTC(2026, 2, 28, 21)
const FATE_MS_MAX = 25_000
const HEAL_MS = 30 * 60_000

export class World {
  readonly time = new VirtualTime(START)
  readonly random: Random
  readonly stores: StoreNode[] = []
  readonly terminals: Terminal[] = []
  readonly happened: Record<string, number> = {}
  readonly #plan: Plan
  readonly #home = freshDirectory()
  readonly #keys: { privateKey: KeyObject; publicKey: KeyObject } = newKeyPair()
  readonly cloudFaults: unknown[] = []
  #cloud: CloudCore | null = null
  #hub: SyncHub | null = null
  #cloudLife = 0
  #tenant = 0
  #fateOn = true

  constructor(plan: Plan) {
    this.#plan = plan
    this.random = seededRandom(plan.seed)
  }

  get cloud(): CloudCore {
    if (this.#cloud === null) throw new Error('the cloud is down')
    return this.#cloud
  }

  async build(): Promise<void> {
    this.#startCloud()
    await this.cloud.found(SMALL_PROGRAM)
    this.#tenant = this.cloud.tenant
    const cards = Array.from({ length: CARDS }, (_, n) => `${n}`)
    for (let n = 0; n < this.#plan.stores; n++) {
      const row = await this.cloud.store.write((tx) => tx.insertStore(this.#tenant, `Store ${n}`, 'UTC'))
      const node = this.#addNode(row.id)
      await node.install()
      for (let t = 0; t < TERMINALS_PER_STORE; t++) {
        const bug = this.#plan.bug === 'terminals forget keys'
        const count = this.#plan.operationsPerTerminal
        const terminal = new Terminal(`s${n}t${t}`, node, this.time, this.random, cards, count, bug)
        this.terminals.push(terminal)
        terminal.begin()
      }
    }
    this.#fate()
  }

  #addNode(store: StoreId): StoreNode {
    const wire = new Wire(this.time, this.random, (socket) => this.#accept(node, socket))
    const node: StoreNode = new StoreNode(store, wire, {
      time: this.time,
      random: this.random,
      cloud: () => this.cloud,
      directory: this.#home.path,
      cloudKey: this.#keys.publicKey,
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
    const life = ++this.#cloudLife
    const cloud = new CloudCore(`${this.#home.path}/cloud`, { now: () => this.time.now() }, (store) =>
      this.#plan.bug === 'cloud counts keys twice' ? forgettingKeys(store) : store,
    )
    cloud.tenant = this.#tenant
    this.#cloud = cloud
    this.#hub = new SyncHub({
      store: cloud.store,
      ingest: cloud.ingest,
      authority: cloud.authority,
      shelf: cloud.shelf,
      privateKey: this.#keys.privateKey,
      // What a dead process still tried is nobody's fault.
      onFault: (_, cause) => {
        if (this.#cloudLife === life) this.cloudFaults.push(cause)
      },
      system: {
        clock: { now: () => this.time.now() },
        after: (ms, call) =>
          this.time.after(ms, () => {
            if (this.#cloudLife === life) call()
          }),
        randomBytes: (count) => Buffer.from(Array.from({ length: count }, () => this.random.below(256))),
      },
    })
  }

  #crashCloud(): void {
    const cloud = this.#cloud
    if (cloud === null) return
    this.#cloud = null
    this.#hub = null
    this.#cloudLife += 1
    for (const { wire } of this.stores) wire.dropAll()
    void cloud.store.close()
    this.time.after(1 + this.random.below(20_000), () => this.#startCloud())
  }

  /** Something goes wrong every so often, until the world is healed. */
  #fate(): void {
    this.time.after(this.random.below(FATE_MS_MAX), () => {
      if (!this.#fateOn) return
      this.#strike()
      this.#fate()
    })
  }

  #strike(): void {
    const node = this.random.pick(this.stores)
    const roll = this.random.below(100)
    const word =
      roll < 25
        ? 'cut'
        : roll < 35
          ? 'black hole'
          : roll < 60
            ? 'heal'
            : roll < 80
              ? 'edge crash'
              : roll < 92
                ? 'cloud crash'
                : 'disk lost'
    this.happened[word] = (this.happened[word] ?? 0) + 1
    switch (word) {
      case 'cut':
      case 'black hole':
        return node.wire.set(word)
      case 'heal':
        return node.wire.set('up')
      case 'edge crash':
        return node.ledger === null ? undefined : node.crash()
      case 'cloud crash':
        return this.#crashCloud()
      default:
        return this.#loseDisk(node)
    }
  }

  #loseDisk(node: StoreNode): void {
    if (this.#cloud === null || node.ledger === null) return
    const { origin } = node
    const { synced } = node.ledger.meta.cursors()
    void node.install()
    for (const terminal of this.terminals) terminal.handInAgain(origin, synced)
  }

  /** No more faults; runs until everything is answered, synced and told. */
  async heal(): Promise<void> {
    this.#fateOn = false
    await this.time.runUntil(() => {
      for (const { wire } of this.stores) if (wire.state !== 'up') wire.set('up')
      return this.#quiet()
    }, HEAL_MS)
    await this.time.run(10_000)
  }

  #quiet(): boolean {
    if (this.#cloud === null) return false
    return (
      this.terminals.every((terminal) => terminal.idle) && this.stores.every((node) => this.#synced(node))
    )
  }

  #synced(node: StoreNode): boolean {
    return (
      node.ledger !== null &&
      node.link?.live() === true &&
      node.ledger.meta.cursors().synced === node.ledger.head().seq
    )
  }

  async destroy(): Promise<void> {
    for (const node of this.stores) node.stop()
    await this.#cloud?.store.close()
    this.#home.remove()
  }
}

/** Planted bug: the cloud knows no business keys. */
function forgettingKeys(store: CloudStore): CloudStore {
  return {
    read: store.read,
    close: () => store.close(),
    write: (work) =>
      store.write((tx) =>
        work({
          ...tx,
          factsByKeys: async () => [],
          insertFacts: (rows) => tx.insertFacts(rows.map((row) => ({ ...row, key: `${row.key}#${row.id}` }))),
        }),
      ),
  }
}
