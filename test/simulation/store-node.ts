// One simulated store: a real ledger file, till and link, restarted and replaced at will. A crash keeps what was committed and nothing else.
import { join } from 'node:path'
import { pino } from 'pino'
import { exportPrivateKey, exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import type { KeyObject } from 'node:crypto'
import type { Origin, StoreId } from '../../protocol/ids.ts'
import type { Millis } from '../../protocol/time.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import type { Ledger } from '../../edge/ledger/ledger.ts'
import { Link } from '../../edge/sync/link.ts'
import type { System } from '../../edge/system.ts'
import { Till } from '../../edge/till/till.ts'
import type { CloudCore } from '../support/cloud-core.ts'
import type { Random } from '../support/random.ts'
import type { Wire } from './network.ts'
import type { VirtualTime } from './virtual-time.ts'

const RESTART_MS_MAX = 20_000

/** What a store stands in. */
export interface Surroundings {
  readonly time: VirtualTime
  readonly random: Random
  readonly cloud: () => CloudCore
  readonly directory: string
  readonly cloudKey: KeyObject
}

export class StoreNode {
  readonly store: StoreId
  readonly wire: Wire
  ledger: Ledger | null = null
  till: Till | null = null
  link: Link | null = null
  /** Rises with every life of the process; answers of an older life are never heard. */
  life = 0
  readonly #world: Surroundings
  #disk = 0
  faults: unknown[] = []

  constructor(store: StoreId, wire: Wire, world: Surroundings) {
    this.store = store
    this.wire = wire
    this.#world = world
  }

  /** A new device on a fresh disk: enrolled with a key of its own, a new life of the store's ledger. */
  async install(): Promise<void> {
    this.stop()
    this.#disk += 1
    const keys = newKeyPair()
    const { store } = this.#world.cloud()
    const identity = await store.write(async (tx) => {
      const tenant = this.#world.cloud().tenant
      const row = {
        tenant,
        store: this.store,
        publicKey: exportPublicKey(keys.publicKey),
        enrolledAt: 0 as Millis,
      }
      const edge = await tx.insertEdge(row)
      const life = await tx.insertOrigin({ tenant, store: this.store, edge: edge.id })
      return { edge: edge.id, origin: life.origin, epoch: life.epoch }
    })
    const ledger = openLedger({ directory: this.#directory() })
    ledger.enrol({
      ...identity,
      store: { id: this.store, name: `Store ${this.store}`, zone: 'UTC' },
      privateKey: exportPrivateKey(keys.privateKey),
      cloudPublicKey: exportPublicKey(this.#world.cloudKey),
      cloudUrl: 'sim:',
    })
    ledger.close()
    this.start()
  }

  get origin(): Origin {
    const origin = this.ledger?.identity()?.origin
    if (origin === undefined) throw new Error('the node is down')
    return origin
  }

  get edge(): number {
    return this.ledger?.identity()?.edge ?? 0
  }

  #directory(): string {
    return join(this.#world.directory, `store-${this.store}-disk-${this.#disk}`)
  }

  start(): void {
    const life = ++this.life
    const alive = (call: () => void) => (): void => {
      if (this.life === life) call()
    }
    const { time, random } = this.#world
    const system: System = {
      clock: { now: () => time.now() },
      random: () => random.next(),
      after: (ms, call) => time.after(ms, alive(call)),
      soon: (call) => void time.after(0, alive(call)),
    }
    this.ledger = openLedger({ directory: this.#directory() })
    this.till = new Till({
      ledger: this.ledger,
      system,
      software: 'sim',
      onFault: (cause) => this.faults.push(cause),
    })
    const open = this.wire.factory()
    this.link = new Link({
      ledger: this.ledger,
      till: this.till,
      system,
      software: 'sim',
      log: pino({ enabled: false }),
      open: (events, via) =>
        open(
          {
            opened: alive(() => events.opened()),
            message: (bytes) => alive(() => events.message(bytes))(),
            closed: (code) => alive(() => events.closed(code))(),
            refused: (refused) => alive(() => events.refused(refused))(),
          },
          via,
        ),
    })
    this.till.connect(this.link)
    this.link.start()
  }

  /** The process is gone at once: no draining, no closing of anything in an orderly way. */
  stop(): void {
    this.life += 1
    this.ledger?.close()
    this.ledger = null
    this.till = null
    this.link = null
    this.wire.dropAll()
  }

  crash(): void {
    this.stop()
    const { time, random } = this.#world
    const life = this.life
    time.after(1 + random.below(RESTART_MS_MAX), () => {
      if (this.life === life) this.start()
    })
  }
}
