// One simulated store: a real ledger file, till and link, restarted and replaced at will. A crash keeps what was committed and nothing else; where a
// process ends by itself (an error nobody handles), it is started again, as a supervisor would.
import type { KeyObject } from 'node:crypto'
import { pino } from 'pino'
import { sparesOf } from '../../cloud/domain/lives.ts'
import { isStorageFull } from '../../cloud/storage/faults.ts'
import type { OpenDatabase } from '../../edge/ledger/database.ts'
import { Ledger } from '../../edge/ledger/ledger.ts'
import { Link } from '../../edge/sync/link.ts'
import type { System } from '../../edge/system.ts'
import { Till } from '../../edge/till/till.ts'
import { exportPrivateKey, exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import type { Origin, StoreId } from '../../protocol/ids.ts'
import type { Millis } from '../../protocol/time.ts'
import type { EdgeRow } from '../../cloud/store/port.ts'
import type { Life } from '../../protocol/lives.ts'
import type { CloudCore } from '../support/cloud-core.ts'
import type { Random } from '../support/random.ts'
import { CrashingLedger, ProcessGone } from './crashing-ledger.ts'
import type { Disk, DiskImage } from './disk.ts'
import type { Wire } from './network.ts'
import type { Bug } from './plan.ts'
import type { VirtualTime } from './virtual-time.ts'

const RESTART_MS_MAX = 20_000
const NO_LOG = pino({ enabled: false })
const FULL_MS_MAX = 5_000
/** Planted bug NORMAL: the disk has everything only so often. */
const COMMITS_UNSYNCED_MAX = 8
/** Planted bug "acknowledged before commit": how much later. */
const COMMIT_LATE_MS = 2_000

/** What a store stands in. */
export interface Surroundings {
  readonly time: VirtualTime
  readonly random: Random
  readonly cloud: () => CloudCore
  /** As enrolment does. */
  readonly attest: (edge: EdgeRow, lives: readonly Life[]) => Promise<string>
  /** A fresh one, of that name. */
  readonly disk: (name: string) => Disk
  readonly cloudKey: KeyObject
  readonly bug: Bug | undefined
  /** Leases that did not add up after a commit. */
  readonly overspent: string[]
}

export class StoreNode {
  readonly store: StoreId
  readonly wire: Wire
  ledger: Ledger | null = null
  till: Till | null = null
  link: Link | null = null
  /** Rises with every life of the process; answers of an older life are never heard. */
  life = 0
  /** Times that another disk's files came in the place of its own. */
  putBacks = 0
  /** How far its machine's clock is off. */
  clockOffMs = 0
  /** What a node in a store may not do, whatever happens to it. */
  readonly faults: unknown[] = []
  readonly #world: Surroundings
  #open: OpenDatabase | null = null
  readonly #name: string
  #disk: Disk
  #disks = 0
  #dieInCommit: 'before' | 'after' | null = null
  #gone = false
  #commits = 0
  #synced: DiskImage = []

  /** Two nodes of one store have different names. */
  constructor(store: StoreId, wire: Wire, world: Surroundings, name = `store-${store}`) {
    this.#name = name
    this.store = store
    this.wire = wire
    this.#world = world
    this.#disk = world.disk(`${name}-disk-0`)
  }

  /** A new device on a fresh disk: enrolled with a key of its own, a new life of the store's ledger. */
  async install(): Promise<void> {
    this.#stop()
    this.#disk.leave()
    this.#disks += 1
    this.#disk = this.#world.disk(`${this.#name}-disk-${this.#disks}`)
    const keys = newKeyPair()
    const { store } = this.#world.cloud()
    const made = await store.write(async (tx) => {
      const tenant = this.#world.cloud().tenant
      const draft = {
        tenant,
        store: this.store,
        publicKey: exportPublicKey(keys.publicKey),
        enrolledAt: 0 as Millis,
      }
      const edge = await tx.insertEdge(draft)
      const first = await tx.insertOrigin({ tenant, store: this.store, edge: edge.id })
      return { row: edge, life: first, spares: await sparesOf(tx, edge) }
    })
    const { row, life, spares } = made
    const attestation = await this.#world.attest(row, [life, ...spares])
    const ledger = new Ledger(this.#disk.open())
    const enrolled = {
      edge: row.id,
      origin: life.origin,
      epoch: life.epoch,
      store: { id: this.store, name: `Store ${this.store}`, zone: 'UTC' },
      privateKey: exportPrivateKey(keys.privateKey),
      cloudPublicKey: exportPublicKey(this.#world.cloudKey),
      cloudUrl: 'sim:',
      attestation,
    }
    ledger.enrol(enrolled, spares)
    ledger.close()
    this.#noteSynced()
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

  /** It asked HQ to be a device of its own, and has heard nothing yet. */
  get isApplicant(): boolean {
    return this.link?.state === 'held' || (this.ledger?.identity()?.applicantKey ?? null) !== null
  }

  /** The disk as it is now; the files of a running node are as whole as after a crash. */
  copyDisk(): DiskImage {
    return this.#disk.image()
  }

  /** Another disk's files in the place of this node's, which is started on them. */
  putBack(image: DiskImage): void {
    this.putBacks += 1
    this.#stop()
    this.#disk.putBack(image)
    this.start()
  }

  start(): void {
    const life = ++this.life
    this.#step(() => this.#assemble(life))
  }

  #assemble(life: number): void {
    const alive = (call: () => void) => (): void => {
      if (this.life === life) this.#step(call)
    }
    const { time, random, bug } = this.#world
    const named = `store ${this.store}`
    const system: System = {
      clock: { now: () => time.now() + this.clockOffMs },
      monotonic: () => time.now(),
      random: () => random.next(),
      after: (ms, call) => time.after(ms, alive(call), named),
      soon: (call) => void time.after(0, alive(call), named),
    }
    this.ledger = this.#openLedger()
    this.till = new Till({
      ledger: this.ledger,
      system,
      software: 'sim',
      onFault: (cause) => this.#fault(cause),
    })
    if (bug === 'epoch reused') this.till.beginLife = () => true
    this.till.resume(this.#disk.binding)
    const open = this.wire.factory()
    this.link = new Link({
      ledger: this.ledger,
      till: this.till,
      system,
      software: 'sim',
      log: NO_LOG,
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
    if (bug === 'timer without rest') restless(system)
  }

  /** The process is gone at once: no draining, no closing of anything in an orderly way. */
  crash(): void {
    if (this.ledger === null) return
    this.#stop()
    if (this.#world.bug === 'NORMAL instead of FULL') this.#disk.putBack(this.#synced)
    this.#startLater()
  }

  /** The next commit is the process's last, and may or may not have happened. */
  crashInCommit(): void {
    this.#dieInCommit = this.#world.random.pick(['before', 'after'])
  }

  /** No commit is its last any more. */
  calm(): void {
    this.#dieInCommit = null
  }

  /** The disk takes no page more, for a while. */
  fill(): void {
    if (this.#open === null) return
    const life = this.life
    this.#disk.fill()
    this.#world.time.after(this.#world.random.below(FULL_MS_MAX), () => {
      if (this.life === life) this.#disk.makeRoom()
    })
  }

  destroy(): void {
    this.#stop()
    this.#disk.leave()
  }

  #openLedger(): Ledger {
    const open = this.#disk.open()
    this.#open = open
    const opened = this.life
    const { time, bug } = this.#world
    const late = (commit: () => void): void => {
      const life = this.life
      time.after(COMMIT_LATE_MS, () => {
        if (this.life === life) commit()
      })
    }
    const ledger = new CrashingLedger(open, {
      isGone: () => this.life !== opened,
      dies: () => {
        const when = this.#dieInCommit
        this.#dieInCommit = null
        return when
      },
      gone: () => {
        this.#gone = true
        this.life += 1
      },
      committed: () => {
        this.#commits += 1
        if (this.#commits % COMMITS_UNSYNCED_MAX === 0) this.#noteSynced()
      },
      late: bug === 'acknowledged before commit' ? late : null,
      wrong: (sentence) => this.#world.overspent.push(`store ${this.store}: ${sentence}`),
    })
    if (bug === 'lease not deducted') ledger.leases.spend = () => undefined
    return ledger
  }

  /** Runs a step of the process. An error nobody handles ends it; when it is gone, its file is closed once nobody is in it any more. */
  #step(call: () => void): void {
    try {
      call()
    } catch (cause) {
      this.#fault(cause)
      this.#gone = true
    }
    if (this.#gone) this.crash()
  }

  #fault(cause: unknown): void {
    if (!(cause instanceof ProcessGone) && !isStorageFull(cause)) this.faults.push(cause)
  }

  #startLater(): void {
    const { time, random } = this.#world
    const life = this.life
    time.after(1 + random.below(RESTART_MS_MAX), () => {
      if (this.life === life) this.start()
    })
  }

  #stop(): void {
    this.life += 1
    this.#open?.close()
    this.#open = null
    this.ledger = null
    this.till = null
    this.link = null
    this.#dieInCommit = null
    this.#gone = false
    this.wire.dropAll()
  }

  #noteSynced(): void {
    if (this.#world.bug === 'NORMAL instead of FULL') this.#synced = this.#disk.image()
  }
}

/** Planted bug: it looks again at once whether there is something to do. */
function restless({ soon }: Pick<System, 'soon'>): void {
  soon(() => restless({ soon }))
}
