// One cloud and nodes of stores in virtual time over wires that hold, for tests of the lives of a ledger: real files, real till, link and hub. Disks are
// copied, put back and cloned as a technician would.
import { cpSync, rmSync } from 'node:fs'
import { newKeyPair } from '../../protocol/envelope.ts'
import type { StoreId } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import { SyncHub } from '../../cloud/sync/hub.ts'
import type { InputOf, WriteKind } from '../../edge/till/inputs.ts'
import type { StoredAnswer } from '../../edge/till/till.ts'
import { FileDisk } from '../simulation/disk.ts'
import { Wire } from '../simulation/network.ts'
import { StoreNode } from '../simulation/store-node.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'
import { CloudCore, freshDirectory } from './cloud-core.ts'
import { SMALL_PROGRAM } from './programs.ts'
import { seededRandom } from './random.ts'

const START = Date.UTC(2026, 2, 28, 21)
const LATENCY_MS_MAX = 80
const PATIENCE_MS = 10 * 60_000

export interface Receipt {
  readonly id: string
  readonly epoch: number
  readonly seq: number
  readonly hash: string
}

export class SmallWorld {
  readonly time = new VirtualTime(START)
  readonly #random = seededRandom(5)
  readonly #home = freshDirectory()
  readonly #keys = newKeyPair()
  readonly #nodes: StoreNode[] = []
  readonly faults: unknown[] = []
  readonly overspent: string[] = []
  cloud: CloudCore
  #hub: SyncHub
  #tenant = 0

  private constructor() {
    this.cloud = this.#openCloud(`${this.#home.path}/cloud`)
    this.#hub = this.#openHub()
  }

  static async build(): Promise<SmallWorld> {
    const world = new SmallWorld()
    await world.cloud.found(SMALL_PROGRAM)
    world.#tenant = world.cloud.tenant
    return world
  }

  #openCloud(directory: string): CloudCore {
    const cloud = new CloudCore(directory, { now: () => this.time.now() })
    cloud.tenant = this.#tenant
    return cloud
  }

  #openHub(): SyncHub {
    const { store, ingest, authority, shelf, certifier } = this.cloud
    return new SyncHub({
      store,
      ingest,
      authority,
      shelf,
      certify: (...asked) => certifier.certify(...asked),
      privateKey: this.#keys.privateKey,
      onFault: (_, cause) => this.faults.push(cause),
      system: {
        clock: { now: () => this.time.now() },
        after: (ms, call) => this.time.after(ms, call),
        randomBytes: (count) => Buffer.from(Array.from({ length: count }, () => this.#random.below(256))),
      },
    })
  }

  get directory(): string {
    return this.#home.path
  }

  /** The cloud's process ends; `between` may change its files. */
  async restartCloud(between: (directory: string) => void = () => undefined): Promise<void> {
    for (const { wire } of this.#nodes) wire.set('cut')
    await this.time.run(10_000)
    await this.#hub.stop()
    await this.cloud.store.close()
    between(this.cloud.directory)
    this.cloud = this.#openCloud(this.cloud.directory)
    this.#hub = this.#openHub()
    for (const { wire } of this.#nodes) wire.set('up')
  }

  async copyCloud(): Promise<string> {
    await this.cloud.ingest.idle()
    const copy = `${this.#home.path}/cloud-copy`
    cpSync(this.cloud.directory, copy, { recursive: true })
    return copy
  }

  putCloudBack(copy: string, directory: string): void {
    rmSync(directory, { recursive: true, force: true })
    cpSync(copy, directory, { recursive: true })
  }

  async addStore(): Promise<StoreNode> {
    const row = await this.cloud.store.write((tx) => tx.insertStore(this.#tenant, 'Store', 'UTC'))
    const node = this.#node(row.id, `store-${row.id}`)
    await node.install()
    return node
  }

  /** A second node on a copy of another's disk. */
  clone(of: StoreNode): StoreNode {
    const copy = of.copyDisk()
    const node = this.#node(of.store, `clone-${this.#nodes.length}`)
    node.putBack(copy)
    return node
  }

  #node(store: StoreId, name: string): StoreNode {
    const wire = new Wire(this.time, this.#random, LATENCY_MS_MAX, 'line of the store', (socket) => {
      void this.#hub.accept(node.edge, socket, node.ledger?.identity()?.attestation ?? undefined)
      return true
    })
    const node: StoreNode = new StoreNode(
      store,
      wire,
      {
        time: this.time,
        random: this.#random,
        cloud: () => this.cloud,
        attest: (...device) => this.#hub.attest(...device),
        disk: (disk) => new FileDisk(`${this.#home.path}/${disk}`),
        cloudKey: this.#keys.publicKey,
        bug: undefined,
        overspent: this.overspent,
      },
      name,
    )
    this.#nodes.push(node)
    return node
  }

  async write<K extends WriteKind>(
    node: StoreNode,
    kind: K,
    key: string,
    input: InputOf<K>,
  ): Promise<Result<StoredAnswer>> {
    const { till } = node
    if (till === null) throw new Error('the node is down')
    const call = { terminal: 't1', key, requestHash: Buffer.alloc(32, key) }
    let answer: Result<StoredAnswer> | undefined
    void till.write(kind, call, input).then((result) => (answer = result))
    await this.time.runUntil(() => answer !== undefined, PATIENCE_MS)
    if (answer === undefined) throw new Error('no answer')
    return answer
  }

  /** A guest's sale, or a member's by card. */
  async sell(node: StoreNode, key: string, card?: string): Promise<Receipt> {
    const lines = [{ sku: 'TEA', quantity: 1, amount: 250 }]
    const input = card === undefined ? { lines } : { lines, member: { kind: 'card' as const, value: card } }
    return receiptOf(await this.write(node, 'sale', key, input as InputOf<'sale'>))
  }

  /** Until the node is online, everything it holds is acknowledged, and all its ended lives are settled. */
  async synced(node: StoreNode): Promise<void> {
    await this.time.runUntil(() => {
      const { ledger, link } = node
      return (
        ledger !== null &&
        link?.live() === true &&
        ledger.lives.unsettled() === undefined &&
        ledger.meta.cursors().synced === ledger.seq
      )
    }, PATIENCE_MS)
    await this.time.run(2_000)
  }

  /** Keys the cloud counts, in the order of keys. */
  async counted(): Promise<string[]> {
    const rows = await this.cloud.store.read.facts(this.#tenant, {}, { after: 0, limit: 10_000 })
    return rows
      .filter(({ status, kind }) => status !== 'duplicate' && kind !== 'resolution')
      .map(({ key }) => key)
      .sort()
  }

  async conflicts(): Promise<string[]> {
    const rows = await this.cloud.store.read.notices(this.#tenant, { after: 0, limit: 1_000 })
    return rows.map(({ notice }) => notice?.code ?? '')
  }

  /** Saved states are the folds, and the ledgers' chains are whole. */
  async sound(): Promise<void> {
    await this.cloud.outcomes()
    for (const { ledger, faults } of this.#nodes) {
      const { chain_ok, faults: wrong } = ledger?.verify() ?? { chain_ok: true, faults: [] }
      if (!chain_ok || wrong.length > 0) throw new Error(wrong.join('; '))
      if (faults.length > 0) throw faults[0]
    }
    if (this.faults.length > 0) throw this.faults[0]
    if (this.overspent.length > 0) throw new Error(this.overspent[0])
  }

  async destroy(): Promise<void> {
    for (const node of this.#nodes) node.destroy()
    await this.cloud.store.close()
    this.#home.remove()
  }
}

export function receiptOf(answer: Result<StoredAnswer>): Receipt {
  if (!answer.ok) throw new Error(answer.refusal.detail)
  const { receipt } = JSON.parse(Buffer.from(answer.value.body).toString()) as { receipt: Receipt }
  return receipt
}
