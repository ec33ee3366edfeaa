// The embedded engine: one file, one writing connection, one reading connection. Writes queue up behind each other because a transaction of one
// must not see another's half; a write that throws is rolled back whole, and the next starts clean.
import { join } from 'node:path'
import type { Database, Statement } from 'better-sqlite3'
import type { MemberId } from '../../../protocol/ids.ts'
import { idText } from '../../../protocol/ids.ts'
import { MENDING_WAIT_MS_MAX } from '../../../protocol/limits.ts'
import type { MendRows, MendState } from '../member-port.ts'
import type { CloudStore, Reads, TenantId, Writes } from '../port.ts'
import { Checkpointer } from '../../storage/checkpointer.ts'
import { DiskRoom } from '../../storage/disk-room.ts'
import type { SpaceOf } from '../../storage/disk-room.ts'
import { markFailed } from '../../storage/failure-mark.ts'
import { isStorageBroken, isStorageFull } from '../../storage/faults.ts'
import { UnsoundRow, askedAgain } from '../../storage/unsound.ts'
import type { UnsoundListed } from '../../storage/unsound.ts'
import { StorageFull } from '../room-port.ts'
import type { RoomLook } from '../room-port.ts'
import { damaged, leaveSums, watched } from './failure.ts'
import { IssuedMemory } from './issued-memory.ts'
import { STORE_FILE, openDatabase, openReader } from './open.ts'
import type { OpenStore } from './open.ts'
import { issuedWhole } from './platform-rows.ts'
import { sqliteReads } from './reads.ts'
import { CollectionRows, unsoundRows } from './collection-rows.ts'
import { remadeRows } from './remade-rows.ts'
import { rowFaults } from './row-sums.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { preparer } from './statements.ts'
import { sqliteWrites } from './writes.ts'

/** Rows written between two checkpoints of the log: about a thousand pages. */
const CHECKPOINT_ROWS = 1_000

export interface SqliteOptions {
  readonly directory: string
  /** Told once that the disk failed: stop the process (S-4). */
  readonly onBroken?: (cause: unknown) => void
  /** Without it commits move the log themselves (S-7): a thread would be another clock in a simulation. */
  readonly checkpointer?: boolean
  /** A stand-in for the file system. */
  readonly spaceOf?: SpaceOf
  /** Connections that outlive the store, in a simulation in which only the process dies. */
  readonly opened?: OpenStore | undefined
  readonly mendingMsMax?: number
}

/** A store on a disk of its own. */
export interface DiskStore extends CloudStore {
  /** From the first look on nothing is written while the disk is nearly full (S-8). */
  lookAtRoom(): RoomLook
  /** Rows that the walk found not to be what was written are made again (S-15). */
  remake(listed: readonly UnsoundListed[]): Promise<void>
  /** The walk found the file not to be what it was (S-5): as if the disk had failed. */
  foundDamaged(fault: string): void
}

export function openSqliteStore(options: SqliteOptions): DiskStore {
  return new SqliteStore(options)
}

export interface Snapshot {
  readonly read: Reads
  /** Members that were read with a state that is not what was written (S-12). */
  readonly unsound: readonly MemberId[]
  /** How many such states a node made again, and when last. */
  mended(): { readonly count: number; readonly last: number } | null
  /** What SQLite finds wrong with pages, indexes and rows, or rows with their sums; empty when nothing is. Beside it rows that are made again when they are read (S-15). */
  structure(): { readonly faults: readonly string[]; readonly listed: readonly UnsoundListed[] }
  /** The same moment as a store of its own, in another directory. */
  copyTo(directory: string): Promise<void>
  close(): void
}

/** One moment of the file, beside whatever node works in it: reads see nothing that is committed later. */
export function openSnapshot(directory: string): Snapshot {
  const reader = openReader(directory)
  const version = reader.pragma('user_version', { simple: true })
  if (version !== SCHEMA_VERSION) {
    reader.close()
    throw new Error(
      `${directory} has tables of version ${String(version)}, this release knows ${SCHEMA_VERSION}`,
    )
  }
  reader.exec('BEGIN')
  const sql = preparer(reader)
  const unsound: MemberId[] = []
  return {
    read: sqliteReads(reader, (member) => void unsound.push(member)),
    unsound,
    mended: () => mendedOf(sql(`SELECT value FROM meta WHERE name = 'states_mended'`).get()?.value),
    structure: () => {
      const faults = reader
        .prepare<[], string>('PRAGMA integrity_check(10)')
        .pluck()
        .all()
        .filter((said) => said !== 'ok')
      if (faults.length > 0) return { faults, listed: [] }
      const { lost, listed } = unsoundRows(sql)
      return { faults: [...rowFaults(sql), ...lost], listed }
    },
    copyTo: async (to) => void (await reader.backup(join(to, STORE_FILE))),
    close: () => void reader.close(),
  }
}

/** As the domain notes it: how often, and when last. */
function mendedOf(noted: unknown): ReturnType<Snapshot['mended']> {
  if (typeof noted !== 'string') return null
  const [count = 0, last = 0] = noted.split(' ').map(Number)
  return { count, last }
}

class SqliteStore implements DiskStore {
  readonly read: Reads
  readonly #writer: Database
  readonly #reader: Database
  readonly #unlock: () => void
  readonly #path: string
  readonly #spaceOf: SpaceOf | undefined
  /** Undefined until it is first looked at (S-8). */
  #room: DiskRoom | undefined
  readonly #issued = new IssuedMemory()
  readonly #checkpointer: Checkpointer | null
  /** Rows written since this connection was opened. */
  readonly #written: Statement<[], number>
  #checkpointed = 0
  #writes: Writes
  #queue: Promise<unknown> = Promise.resolve()
  /** Members that a read of this turn gave out with a state that is not what was written. */
  readonly #unsound: MemberId[] = []
  /** Whether nobody has the file open after the close: then sums of its pages are left (S-5). */
  readonly #endsAtClose: boolean
  readonly #tenantOf: Statement<[MemberId, MemberId], TenantId | null>
  #mend: MendState | undefined
  #mendRows: MendRows | undefined
  readonly #kept: CollectionRows
  readonly #mendingMsMax: number
  readonly #onBroken: (cause: unknown) => void
  /** Why nothing more is written (S-4). */
  #broken: unknown

  constructor({
    directory,
    onBroken = () => undefined,
    checkpointer = true,
    spaceOf,
    opened,
    mendingMsMax = MENDING_WAIT_MS_MAX,
  }: SqliteOptions) {
    this.#onBroken = onBroken
    this.#mendingMsMax = mendingMsMax
    const { path, writer, reader, unlock } = opened ?? openDatabase(directory)
    this.#endsAtClose = opened === undefined
    // A thread's error comes as a copy without its class; that it failed at all is what counts.
    this.#checkpointer = checkpointer ? new Checkpointer(path, (cause) => this.#break(cause)) : null
    this.#written = writer.prepare<[], number>('SELECT total_changes()').pluck()
    this.#writer = writer
    this.#kept = new CollectionRows(preparer(writer))
    this.#reader = reader
    this.#unlock = unlock
    this.#path = path
    this.#spaceOf = spaceOf
    this.#tenantOf = writer
      .prepare<[MemberId, MemberId], TenantId | null>(
        'SELECT coalesce((SELECT tenant FROM members WHERE id = ?), (SELECT tenant FROM states WHERE member = ?))',
      )
      .pluck()
    const reads = sqliteReads(reader, (member) => void this.#unsound.push(member))
    const sql = preparer(reader)
    const issued: Reads['issued'] = async (hash) => this.#issued.of(hash, () => issuedWhole(sql, hash))
    this.read = watched({ ...reads, issued }, (cause) => this.#failed(cause), {
      mended: () => this.#mending(),
      remade: (rows) => this.#inTime(this.remake(rows)),
    })
    this.#writes = this.#freshWrites()
  }

  /** They know how far the counters have come in what is committed. */
  #freshWrites(): Writes {
    return this.#issued.watch(sqliteWrites(this.#writer, this.#kept, (members) => this.#mendStates(members)))
  }

  mendStatesBy(mend: MendState): void {
    this.#mend = mend
  }

  mendRowsBy(mend: MendRows): void {
    this.#mendRows = mend
  }

  /**
   * S-12: where the last read gave out states that are not what was written, they are made again first, in a transaction of its own. A read within a
   * transaction would so wait for its own end: it fails, the transaction is rolled back, and the next in the queue makes them again.
   */
  #mending(): Promise<void> | undefined {
    if (this.#unsound.length === 0) return undefined
    const members = [...new Set(this.#unsound.splice(0))]
    return this.#inTime(this.write(() => this.#mendStates(members)))
  }

  async #inTime(mending: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const sentence = `a state has waited ${this.#mendingMsMax} ms to be made again: where a transaction reads, it has to read by its own "tx"`
      timer = setTimeout(() => reject(new Error(sentence)), this.#mendingMsMax).unref()
    })
    await Promise.race([mending, late]).finally(() => clearTimeout(timer))
  }

  /** Within the open transaction. */
  async #mendStates(members: readonly MemberId[]): Promise<void> {
    for (const member of members) {
      const tenant = this.#tenantOf.get(member, member)
      const why =
        typeof tenant !== 'number' || this.#mend === undefined
          ? `the state of member ${idText(member)} is not what was written`
          : await this.#mend(this.#writes, tenant, member)
      if (why !== undefined) throw new UnsoundRow(why)
    }
  }

  remake(listed: readonly UnsoundListed[]): Promise<void> {
    return this.write(() => this.#remake(listed))
  }

  /** Within the open transaction: rows that are not what was written, as their members' facts say (S-15). */
  async #remake(listed: readonly UnsoundListed[]): Promise<void> {
    const mend = this.#mendRows
    const tenantOf = (member: MemberId): TenantId => {
      const tenant = this.#tenantOf.get(member, member)
      if (mend === undefined || typeof tenant !== 'number')
        throw new UnsoundRow(`rows of member ${idText(member)} are not what was written`)
      return tenant
    }
    const members = await remadeRows(this.#writer, this.#kept, listed, async (member) =>
      mend?.project(this.#writes, tenantOf(member), member),
    )
    for (const member of members) await mend?.tell(this.#writes, tenantOf(member), member)
  }

  write<T>(work: (tx: Writes) => Promise<T>): Promise<T> {
    const result = this.#queue.then(() =>
      askedAgain(
        () => this.#transaction(work),
        (rows) => this.#transaction(() => this.#remake(rows)),
      ),
    )
    this.#queue = result.catch(() => undefined)
    return result
  }

  onAccessChanged(listener: () => void): void {
    this.#issued.onChanged(listener)
  }

  async #transaction<T>(work: (tx: Writes) => Promise<T>): Promise<T> {
    if (this.#broken !== undefined) throw new Error('the storage failed', { cause: this.#broken })
    if (this.#room?.room === 'low') throw new StorageFull()
    try {
      this.#writer.exec('BEGIN IMMEDIATE')
      const value = await work(this.#writes)
      this.#writer.exec('COMMIT')
      this.#issued.committed()
      this.#wrote()
      return value
    } catch (cause) {
      this.#failed(cause)
      // What the file says cannot be asked any more.
      if (this.#broken !== undefined) throw cause
      if (this.#writer.inTransaction) this.#writer.exec('ROLLBACK')
      // The change counter may have run ahead of what was rolled back.
      this.#writes = this.#freshWrites()
      if (!isStorageFull(cause)) throw cause
      this.#room?.full()
      throw new StorageFull({ cause })
    }
  }

  lookAtRoom(): RoomLook {
    if (this.#room === undefined) this.#room = new DiskRoom(this.#path, this.#spaceOf)
    else this.#room.look()
    const { room, space, lowBytes } = this.#room
    return { room, space, lowBytes }
  }

  foundDamaged(fault: string): void {
    this.#break(damaged(this.#path, fault))
  }

  #wrote(): void {
    if (this.#checkpointer === null) return
    const written = this.#written.get() ?? 0
    if (written - this.#checkpointed < CHECKPOINT_ROWS) return
    this.#checkpointed = written
    this.#checkpointer.ask()
    this.#room?.look()
  }

  #failed(cause: unknown): void {
    if (isStorageBroken(cause)) this.#break(cause)
  }

  #break(cause: unknown): void {
    if (this.#broken !== undefined) return
    this.#broken = cause
    markFailed(this.#path)
    this.#onBroken(cause)
  }

  async close(): Promise<void> {
    await this.#queue
    this.#reader.close()
    this.#checkpointer?.close()
    this.#writer.close()
    if (this.#broken === undefined && this.#endsAtClose) leaveSums(this.#path)
    this.#unlock()
  }
}
