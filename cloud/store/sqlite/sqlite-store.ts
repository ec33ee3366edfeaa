// The embedded engine: one file, one writing connection, one reading connection. Writes queue up behind each other because a transaction of one
// must not see another's half; a write that throws is rolled back whole, and the next starts clean.
import { join } from 'node:path'
import type { Database, Statement } from 'better-sqlite3'
import type { CloudStore, Reads, Writes } from '../port.ts'
import { Checkpointer } from '../../storage/checkpointer.ts'
import { DiskRoom } from '../../storage/disk-room.ts'
import type { SpaceOf } from '../../storage/disk-room.ts'
import { markFailed } from '../../storage/failure-mark.ts'
import { isStorageBroken, isStorageFull } from '../../storage/faults.ts'
import { StorageFull } from '../room-port.ts'
import type { RoomLook } from '../room-port.ts'
import { damaged, watched } from './failure.ts'
import { IssuedMemory } from './issued-memory.ts'
import { STORE_FILE, openDatabase, openReader } from './open.ts'
import type { OpenStore } from './open.ts'
import { issuedWhole } from './platform-rows.ts'
import { sqliteReads } from './reads.ts'
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
}

/** A store on a disk of its own. */
export interface DiskStore extends CloudStore {
  /** From the first look on nothing is written while the disk is nearly full (S-8). */
  lookAtRoom(): RoomLook
  /** The walk found the file not to be what it was (S-5): as if the disk had failed. */
  foundDamaged(fault: string): void
}

export function openSqliteStore(options: SqliteOptions): DiskStore {
  return new SqliteStore(options)
}

export interface Snapshot {
  readonly read: Reads
  /** What SQLite finds wrong with pages, indexes and rows; empty when nothing is. */
  structure(): string[]
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
  return {
    read: sqliteReads(reader),
    structure: () =>
      reader
        .prepare<[], string>('PRAGMA integrity_check(10)')
        .pluck()
        .all()
        .filter((said) => said !== 'ok'),
    copyTo: async (to) => void (await reader.backup(join(to, STORE_FILE))),
    close: () => void reader.close(),
  }
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
  readonly #onBroken: (cause: unknown) => void
  /** Why nothing more is written (S-4). */
  #broken: unknown

  constructor({
    directory,
    onBroken = () => undefined,
    checkpointer = true,
    spaceOf,
    opened,
  }: SqliteOptions) {
    this.#onBroken = onBroken
    const { path, writer, reader, unlock } = opened ?? openDatabase(directory)
    // A thread's error comes as a copy without its class; that it failed at all is what counts.
    this.#checkpointer = checkpointer ? new Checkpointer(path, (cause) => this.#break(cause)) : null
    this.#written = writer.prepare<[], number>('SELECT total_changes()').pluck()
    this.#writer = writer
    this.#reader = reader
    this.#unlock = unlock
    this.#path = path
    this.#spaceOf = spaceOf
    const reads = sqliteReads(reader)
    const sql = preparer(reader)
    const issued: Reads['issued'] = async (hash) => this.#issued.of(hash, () => issuedWhole(sql, hash))
    this.read = watched({ ...reads, issued }, (cause) => this.#failed(cause))
    this.#writes = this.#issued.watch(sqliteWrites(writer))
  }

  write<T>(work: (tx: Writes) => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => this.#transaction(work))
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
      this.#writes = this.#issued.watch(sqliteWrites(this.#writer))
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
    this.#unlock()
  }
}
