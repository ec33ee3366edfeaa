// The ledger is the only writer of store truth. A fact and its position are one row, so "recorded" and "will be synced" cannot disagree
// (L-2). Seqs have no gaps (L-3): a reader that sees n has seen all before it. It knows no network and no loyalty: who decides what a
// fact is worth hands in bytes and an answer.
// Hot: append. Budget: 8 microseconds a fact in groups of 500, see bench/sales.ts.
import { CHAIN_GENESIS, chainHash, sameHash } from '../../protocol/chain.ts'
import type { FactId, MemberId, Origin, Seq } from '../../protocol/ids.ts'
import { NO_FACT, SEQ_SPAN, factIdOf, seqOf } from '../../protocol/ids.ts'
import type { Life, LifeEnd } from '../../protocol/lives.ts'
import { RESTORED_MARK } from '../../protocol/restored.ts'
import { assert } from '../../protocol/result.ts'
import { Checkpointer } from '../../cloud/storage/checkpointer.ts'
import { DiskRoom } from '../../cloud/storage/disk-room.ts'
import { markFailed } from '../../cloud/storage/failure-mark.ts'
import { isStorageBroken, isStorageFull } from '../../cloud/storage/faults.ts'
import { Clients } from './clients.ts'
import type { OpenDatabase } from './database.ts'
import { IN_MEMORY, LEDGER_FILE, LedgerDamaged, openDatabase } from './database.ts'
import { factAt, factStatements, giveKeyUp, insertFact, keptAnswer } from './fact-statements.ts'
import type { FactRow, KeptAnswer } from './fact-statements.ts'
import { structureFault } from './inspection.ts'
import { Frames } from './frames.ts'
import { Leases } from './leases.ts'
import { Lives } from './lives.ts'
import type { TailRow } from './lives.ts'
import { Members } from './members.ts'
import { Hours } from './hours.ts'
import { Managers } from './managers.ts'
import type { EdgeIdentity } from './meta.ts'
import { Meta } from './meta.ts'
import { ProgramVersions } from './program-versions.ts'
import { rowFaults, soundFact } from './row-sums.ts'
import { Sentinel, readSentinel } from './sentinel.ts'
import type { SentinelWord } from './sentinel.ts'
import { Sequels } from './sequels.ts'
import { Terminals } from './terminals.ts'
import { Threads } from './threads.ts'
import { verifyFacts, walkTail } from './verification.ts'
import type { Verification } from './verification.ts'
import { walk } from './walk.ts'

/** Of facts and answers, between two checkpoints; the log has two to three times as many. */
const CHECKPOINT_BYTES = 1024 * 1024

export interface LedgerOptions {
  /** The data directory, or ':memory:' for a simulation. */
  readonly directory: string
  /** Look at all of the file, because the storage failed the last time (L-13). */
  readonly thorough?: boolean
}

export function openLedger({ directory, thorough = false }: LedgerOptions): Ledger {
  const open = openDatabase(directory, thorough)
  try {
    return new Ledger(open, directory === IN_MEMORY ? undefined : directory)
  } catch (cause) {
    open.close(false)
    if (cause instanceof LedgerDamaged || (open.changed === undefined && !isStorageBroken(cause))) throw cause
    const fault = open.changed ?? (cause instanceof Error ? cause.message : '')
    throw new LedgerDamaged(open.path ?? LEDGER_FILE, fault, { cause })
  }
}

export class Ledger {
  readonly meta: Meta
  readonly lives: Lives
  readonly threads: Threads
  readonly members: Members
  readonly sequels: Sequels
  readonly leases: Leases
  readonly frames: Frames
  readonly programs: ProgramVersions
  readonly terminals: Terminals
  readonly clients: Clients
  readonly hours: Hours
  readonly managers: Managers
  /** Undefined in memory, and for reading. */
  readonly room: DiskRoom | undefined
  readonly #open: OpenDatabase
  readonly #statements: ReturnType<typeof factStatements>
  readonly #checkpointer: Checkpointer | undefined
  /** Bytes in the open transaction, and since a checkpoint was asked for. */
  #bytes = 0
  #unmoved = 0
  #seq = 0 as Seq
  #hash: Uint8Array = CHAIN_GENESIS
  /** Why nothing more is written (L-13). */
  #broken: unknown
  #onBroken: (cause: unknown) => void = () => undefined
  /** Origin of the open life; 0 before enrolment. */
  #origin = 0 as Origin
  readonly #sentinel: Sentinel | undefined
  #ahead: SentinelWord | undefined

  /** With its directory it keeps a sentinel there (L-11). */
  constructor(open: OpenDatabase, directory?: string) {
    const { database } = open
    this.#open = open
    this.#checkpointer =
      open.path === undefined
        ? undefined
        : new Checkpointer(open.path, (cause) => this.#checkpointFailed(cause))
    this.room = open.path === undefined ? undefined : new DiskRoom(open.path)
    this.#statements = factStatements(database)
    this.meta = new Meta(database)
    this.lives = new Lives(database)
    this.#loadHead()
    walkTail(this.#statements, this.idAt(0 as Seq), this.#seq, open.path ?? LEDGER_FILE)
    this.#ahead = directory === undefined ? undefined : this.#behind(readSentinel(directory))
    if (open.changed !== undefined && !this.#isPutBack())
      throw new LedgerDamaged(open.path ?? LEDGER_FILE, open.changed)
    open.believe?.()
    this.#sentinel = directory === undefined ? undefined : new Sentinel(directory)
    if (this.#ahead === undefined) this.#watch()
    this.threads = new Threads(database, this.meta)
    this.members = new Members(database)
    this.sequels = new Sequels(database)
    this.leases = new Leases(database)
    this.frames = new Frames(database)
    this.programs = new ProgramVersions(database)
    this.terminals = new Terminals(database)
    this.clients = new Clients(database)
    this.hours = new Hours(database)
    this.managers = new Managers(database)
  }

  /** It was put in place by `restore`, and no life has begun since (BK-3). */
  get isRestored(): boolean {
    return this.#open.database.pragma('application_id', { simple: true }) === RESTORED_MARK
  }

  takeMarkOff(): void {
    this.#open.database.pragma('application_id = 0')
  }

  identity(): EdgeIdentity | undefined {
    return this.meta.identity
  }

  /** Stores who this edge is, once, with the first life and those it may open by itself. */
  enrol(identity: EdgeIdentity, spares: readonly Life[] = []): void {
    this.transact(() => {
      this.meta.enrol(identity)
      this.lives.saveSpares(spares)
      this.#origin = identity.origin
    })
  }

  /** L-11: while the ledger is behind it. */
  get sentinelAhead(): SentinelWord | undefined {
    return this.#ahead
  }

  /**
   * Ends the open life and begins the next, in one transaction (P-LIFE-1). Spares up to its epoch are used up. `also` joins in: what goes with it in
   * the file.
   */
  openLife(
    next: Life,
    ended: LifeEnd,
    at: number,
    also: (identity: EdgeIdentity) => EdgeIdentity = (identity) => identity,
  ): void {
    const identity = this.meta.identity
    assert(identity !== undefined && next.origin > identity.origin, 'lives follow each other')
    this.transact(() => {
      const same = Math.min(this.meta.cursors().synced, this.#seq) as Seq
      const hash = this.hashAt(same)
      assert(hash !== undefined, 'what the cloud acknowledged is in the ledger')
      this.lives.dropSparesTo(next.epoch)
      this.lives.close(identity, ended, at, same, hash, this.#seq === 0)
      this.meta.setIdentity(also({ ...identity, ...next, why: ended }))
      this.meta.setSynced(0 as Seq, this.meta.cursors().cloudEpoch)
      this.leases.endLife()
      this.#origin = next.origin
      this.#seq = 0 as Seq
      this.#hash = CHAIN_GENESIS
    })
    this.#ahead = undefined
    this.#watch()
  }

  /** Changes what is known of this device, in a transaction of its own. */
  identify(change: (identity: EdgeIdentity) => EdgeIdentity): void {
    this.transact(() => {
      const identity = this.meta.identity
      assert(identity !== undefined, 'enrolled')
      this.meta.setIdentity(change(identity))
    })
  }

  head(): { readonly seq: Seq; readonly hash: Uint8Array } {
    return { seq: this.#seq, hash: this.#hash }
  }

  get seq(): Seq {
    return this.#seq
  }

  /** Facts the cloud is not known to have, of all lives (L-12). */
  get unsynced(): number {
    return Math.max(0, this.#seq - this.meta.cursors().synced) + this.lives.owed()
  }

  /** The chain hash the next fact gets. */
  nextHash(bytes: Uint8Array): Uint8Array {
    return chainHash(this.#hash, bytes)
  }

  /** Inside a transaction. `member` is whose thread the fact joins: for an enrolment the new member, 0 for none. */
  append(
    key: string,
    member: MemberId,
    bytes: Uint8Array,
    hash: Uint8Array,
    requestHash: Uint8Array,
    status: number,
    answer: Uint8Array,
  ): void {
    assert(this.#ahead === undefined, 'a ledger behind its sentinel does not go on in the same life')
    const seq = (this.#seq + 1) as Seq
    const id = factIdOf(this.#origin, seq)
    const previous = member > 0 ? this.threads.last(member) : NO_FACT
    insertFact(this.#statements, id, key, member, previous, bytes, hash, requestHash, status, answer)
    if (member > 0) this.threads.appended(member, id)
    this.#bytes += bytes.length + answer.length
    this.#seq = seq
    this.#hash = hash
  }

  begin(): void {
    if (this.#broken !== undefined) throw new Error('the storage failed', { cause: this.#broken })
    this.#statements.begin.run()
  }

  /** Saves the standing and commits. */
  commit(): void {
    this.threads.save(this.lastId(), false)
    this.meta.save()
    this.#statements.commit.run()
    this.threads.committed(this.lastId())
    if (this.#ahead === undefined) this.#watch()
    this.#checkpoint()
    this.room?.wrote(this.#bytes)
    this.#bytes = 0
  }

  #checkpoint(): void {
    this.#unmoved += this.#bytes
    if (this.#unmoved < CHECKPOINT_BYTES) return
    this.#unmoved = 0
    this.#checkpointer?.ask()
  }

  /** Ends a transaction in which nothing was written. */
  leave(): void {
    this.#statements.rollback.run()
  }

  /** After anything that failed: the memory is what the file says again (L-6). */
  rollback(): void {
    this.#bytes = 0
    // What the file says cannot be asked any more, and nobody is answered from the memory.
    if (this.broken) return
    if (this.#open.database.inTransaction) this.#statements.rollback.run()
    try {
      this.meta.reload()
      this.lives.reload()
      this.#loadHead()
      this.threads.undo(this.lastId())
    } catch (cause) {
      if (this.failed(cause) !== 'broken') throw cause
    }
  }

  /** Told once that the storage failed: stop the process. */
  onBroken(call: (cause: unknown) => void): void {
    this.#onBroken = call
  }

  get broken(): boolean {
    return this.#broken !== undefined
  }

  /** What a failed transaction says about the disk: after `broken` nothing is written any more, after `full` there is room to clean up (L-13, L-15). */
  failed(cause: unknown): 'full' | 'broken' | 'other' {
    if (this.broken) return 'broken'
    if (isStorageFull(cause)) {
      this.room?.full()
      return 'full'
    }
    if (!isStorageBroken(cause)) return 'other'
    this.#break(cause)
    return 'broken'
  }

  #break(cause: unknown): void {
    this.#broken = cause
    if (this.#open.path !== undefined) markFailed(this.#open.path)
    this.#onBroken(cause)
  }

  /** Gives room back: the log is moved into the file and cut (L-15). */
  giveRoom(): void {
    this.#open.database.pragma('wal_checkpoint(TRUNCATE)')
  }

  /** L-14: walks all of it beside the commits; what it finds stops the node, and the next start recovers (L-16). */
  async walk(): Promise<readonly string[]> {
    if (this.#open.path === undefined) return []
    const faults = await walk(this.#open.path)
    if (faults.length > 0 && !this.broken) this.#break(new Error(faults[0]))
    return faults
  }

  /** L-14: everything, with the structure of the file, for a start after a failure. */
  inspect(): readonly string[] {
    const structure = structureFault(this.#open.database)
    return [...(structure === null ? [] : [structure]), ...this.verify().faults]
  }

  /** Runs `work` in one transaction with the standing; throws what it throws, with nothing changed. */
  transact(work: () => void): void {
    this.begin()
    try {
      work()
      this.commit()
    } catch (cause) {
      this.failed(cause)
      this.rollback()
      throw cause
    }
  }

  #checkpointFailed(cause: unknown): void {
    // A thread's error comes as a copy without its class; that it failed at all is what counts.
    if (this.failed(cause) === 'other') this.#break(cause)
  }

  ofKey(key: string): KeptAnswer | undefined {
    return keptAnswer(this.#statements, key)
  }

  ofSeq(seq: Seq): FactRow | undefined {
    return this.ofId(this.idAt(seq))
  }

  ofId(id: FactId): FactRow | undefined {
    return factAt(this.#statements, id)
  }

  /** The fact that counts under an id: this ledger's own, or one that it lost and the cloud sent back (P-LIFE-5). */
  counted(id: FactId): FactRow | TailRow | undefined {
    return (this.lives.again(id) === undefined ? this.ofId(id) : undefined) ?? this.lives.tailOf(id)
  }

  /** Facts of all lives before an id, newest first. */
  before(id: FactId, limit: number): FactRow[] {
    return this.#statements.before.all(id, limit).map(soundFact)
  }

  latest(limit: number): FactRow[] {
    return this.before(this.nextId(), limit)
  }

  after(id: FactId): IterableIterator<Pick<FactRow, 'id' | 'bytes'>> {
    return this.#statements.after.iterate(id)
  }

  lastId(): FactId {
    return this.idAt(this.#seq)
  }

  nextId(): FactId {
    return this.idAt((this.#seq + 1) as Seq)
  }

  hashAt(seq: Seq): Uint8Array | undefined {
    return this.hashIn(this.#origin, seq)
  }

  hashIn(origin: Origin, seq: Seq): Uint8Array | undefined {
    return seq === 0 ? CHAIN_GENESIS : this.#statements.hash.get((origin * SEQ_SPAN + seq) as FactId)
  }

  seqIn(origin: Origin): Seq {
    const last = this.#statements.last.get((origin * SEQ_SPAN) as FactId, ((origin + 1) * SEQ_SPAN) as FactId)
    return last === undefined ? (0 as Seq) : seqOf(last.id)
  }

  /** A fact of an ended life counts under the id of `again`; its key and answer are that one's (P-LIFE-5). */
  recordAgain(id: FactId, member: MemberId, bytes: Uint8Array): FactId {
    const again = this.nextId()
    const { key, requestHash, status, answer } = giveKeyUp(this.#statements, id)
    this.append(key, member, bytes, this.nextHash(bytes), requestHash, status, answer)
    this.lives.stray(id, again, again)
    return again
  }

  /** Walks every row (L-3): the chains, that each fact is one, at its own place, under its own key, with its own receipt, and the sums of all rows (L-22). */
  verify(): Verification {
    return verifyFacts(this.#statements, this.lives, this.#seq, rowFaults(this.#open.database))
  }

  /** Threads are saved, so that the next start reads nothing again. */
  close(): void {
    if (this.lastId() > this.meta.threadsSaved) {
      try {
        this.transact(() => this.threads.save(this.lastId(), true))
      } catch {
        // A full disk must not keep the process from ending: the threads are read from the facts again.
      }
    }
    this.#checkpointer?.close()
    this.#sentinel?.close()
    this.#open.close()
  }

  /** Of the open life; 0 is the place before its first. */
  idAt(seq: Seq): FactId {
    return (this.#origin * SEQ_SPAN + seq) as FactId
  }

  #loadHead(): void {
    this.#origin = this.meta.identity?.origin ?? (0 as Origin)
    const last = this.#statements.last.get(this.idAt(0 as Seq), this.idAt(SEQ_SPAN as Seq))
    this.#seq = last === undefined ? (0 as Seq) : seqOf(last.id)
    this.#hash = last?.hash ?? CHAIN_GENESIS
  }

  /** An older file does not fit the sums of a younger one, and is no damage: it is behind its sentinel, and nothing else is wrong with it (L-14). */
  #isPutBack(): boolean {
    if (this.#ahead === undefined || this.inspect().length > 0) return false
    const [newest] = this.#statements.before.all(Number.MAX_SAFE_INTEGER as FactId, 1)
    return newest === undefined || newest.id <= this.lastId()
  }

  #watch(): void {
    const identity = this.meta.identity
    if (identity === undefined || this.#sentinel === undefined) return
    const { origin, epoch } = identity
    this.#sentinel.write({ origin, epoch, seq: this.#seq, head: this.#hash })
  }

  /** The sentinel's word, if the ledger is behind or beside it. One of an earlier life has nothing to say. */
  #behind(word: SentinelWord | undefined): SentinelWord | undefined {
    if (word === undefined || this.#origin === 0 || word.origin < this.#origin) return undefined
    const known = word.origin === this.#origin ? this.hashAt(word.seq) : undefined
    return known !== undefined && sameHash(known, word.head) ? undefined : word
  }
}
