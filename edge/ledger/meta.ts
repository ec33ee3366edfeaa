// Who this edge is, and where its ledger stands beside its facts: the clock's floor, what the cloud has, how far the cloud's own logs were
// read. Cursors change in the transaction that stores what they cover (P-SYNC-5); the acknowledged seq covers nothing of ours, so it may
// ride on the next commit: losing it costs nothing, because the cloud says it again in its welcome.
import type { LifeEnd } from '../../protocol/lives.ts'
import type { FactId, Origin, Seq, StoreId } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import type { HybridTime } from '../../protocol/time.ts'
import type { Database, Statement } from './database.ts'
import { soundRow, sumOfRow } from './row-sums.ts'

export interface EdgeIdentity {
  readonly edge: number
  readonly origin: Origin
  readonly epoch: number
  readonly store: { readonly id: StoreId; readonly name: string; readonly zone: string }
  /** PEM; the edge's signing key. */
  readonly privateKey: string
  /** As exportPublicKey gives it. */
  readonly cloudPublicKey: string
  readonly cloudUrl: string
  /** Why the life before this one ended; null for a ledger's first. */
  readonly why?: LifeEnd | null
  /** The machine and directory the ledger was made for; '' before its first start. */
  readonly binding?: string
  /** A copy's own signing key (PEM), until the cloud has made it a device of its own. */
  readonly applicantKey?: string | null
  /** The cloud's signed word that this device was enrolled (P-ATT-1); null where none was given yet. */
  readonly attestation?: string | null
}

export interface Cursors {
  /** What the cloud has of this ledger, by its own word, in that life of the cloud (0: none yet). */
  readonly synced: Seq
  readonly cloudEpoch: number
  readonly members: number
  readonly corrections: number
}

interface Standing {
  clock: HybridTime
  time: number | null
  word: number | null
  synced: Seq
  cloud_epoch: number
  last_word_at: number | null
  members_cursor: number
  corrections_cursor: number
  threads_saved: FactId
}

interface EdgeRow {
  edge: number
  origin: Origin
  epoch: number
  store: StoreId
  store_name: string
  zone: string
  private_key: string
  cloud_public_key: string
  cloud_url: string
  why: LifeEnd | null
  binding: string
  applicant_key: string | null
  attestation: string | null
}

export class Meta {
  readonly #database: Database
  readonly #read: Statement<[], Standing>
  readonly #write: Statement<
    [HybridTime, number | null, number | null, Seq, number, number | null, number, number, FactId, number]
  >
  #standing: Standing
  #identity: EdgeIdentity | undefined

  constructor(database: Database) {
    this.#database = database
    this.#read = database.prepare('SELECT * FROM standing')
    this.#write = database.prepare(
      `UPDATE standing SET clock = ?, time = ?, word = ?, synced = ?, cloud_epoch = ?, last_word_at = ?, members_cursor = ?, corrections_cursor = ?,
       threads_saved = ?, sum = ? WHERE one = 1`,
    )
    this.#standing = this.#load()
    this.#identity = this.#loadIdentity()
  }

  get identity(): EdgeIdentity | undefined {
    return this.#identity
  }

  enrol(identity: EdgeIdentity): void {
    assert(this.#identity === undefined, 'a ledger is enrolled once: it has one origin')
    this.setIdentity(identity)
  }

  /** Inside a transaction, where something of it changes: the life, the machine, the device. */
  setIdentity(identity: EdgeIdentity): void {
    const { edge, origin, epoch, store, privateKey, cloudPublicKey, cloudUrl } = identity
    const { why = null, binding = '', applicantKey = null, attestation = null } = identity
    const { id, name, zone } = store
    this.#database
      .prepare('INSERT OR REPLACE INTO edge VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(
        edge,
        origin,
        epoch,
        id,
        name,
        zone,
        privateKey,
        cloudPublicKey,
        cloudUrl,
        why,
        binding,
        applicantKey,
        attestation,
      )
    this.#identity = identity
  }

  cursors(): Cursors {
    const { synced, cloud_epoch, members_cursor, corrections_cursor } = this.#standing
    return { synced, cloudEpoch: cloud_epoch, members: members_cursor, corrections: corrections_cursor }
  }

  get clock(): HybridTime {
    return this.#standing.clock
  }

  /** Floor of the edge's clock (CLK-1); null before the first fact. */
  get time(): number | null {
    return this.#standing.time
  }

  /** The latest time that the cloud has told, with what passed since (CLK-3); null before the first fact. */
  get word(): number | null {
    return this.#standing.word
  }

  /** When the cloud last said anything, in this edge's time; null before its first word. */
  get lastWordAt(): number | null {
    return this.#standing.last_word_at
  }

  /** Facts up to here have their members' threads in the table. */
  get threadsSaved(): FactId {
    return this.#standing.threads_saved
  }

  // Each changes the memory at once and the file with the next `save`; `reload` forgets what a failed transaction had changed.
  /** The time of the last fact, the latest time that has certainly come (CLK-1), and the cloud's (CLK-3). */
  setClock(clock: HybridTime, time: number, word: number): void {
    this.#standing.clock = clock
    this.#standing.time = time
    this.#standing.word = word
  }

  /** The time of the last fact, where nothing else of the clock is known. */
  setFloor(clock: HybridTime): void {
    this.#standing.clock = clock
  }

  setSynced(seq: Seq, cloudEpoch: number): void {
    this.#standing.synced = seq
    this.#standing.cloud_epoch = cloudEpoch
  }

  setLastWordAt(at: number): void {
    this.#standing.last_word_at = at
  }

  setMembersCursor(cursor: number): void {
    this.#standing.members_cursor = cursor
  }

  setCorrectionsCursor(cursor: number): void {
    this.#standing.corrections_cursor = cursor
  }

  setThreadsSaved(fact: FactId): void {
    this.#standing.threads_saved = fact
  }

  save(): void {
    const at = this.#standing
    this.#write.run(
      at.clock,
      at.time,
      at.word,
      at.synced,
      at.cloud_epoch,
      at.last_word_at,
      at.members_cursor,
      at.corrections_cursor,
      at.threads_saved,
      sumOfRow('standing', at),
    )
  }

  reload(): void {
    this.#standing = this.#load()
    this.#identity = this.#loadIdentity()
  }

  #load(): Standing {
    const standing = this.#read.get()
    assert(standing !== undefined, 'the standing row exists from the schema on')
    return soundRow('standing', standing)
  }

  #loadIdentity(): EdgeIdentity | undefined {
    const row = this.#database.prepare<[], EdgeRow>('SELECT * FROM edge').get()
    if (row === undefined) return undefined
    return {
      edge: row.edge,
      origin: row.origin,
      epoch: row.epoch,
      store: { id: row.store, name: row.store_name, zone: row.zone },
      privateKey: row.private_key,
      cloudPublicKey: row.cloud_public_key,
      cloudUrl: row.cloud_url,
      why: row.why,
      binding: row.binding,
      applicantKey: row.applicant_key,
      attestation: row.attestation,
    }
  }
}
