// The ledger is the only writer of store truth. A fact and its position are one row, so "recorded" and "will be synced" cannot disagree
// (L-2). Seqs have no gaps (L-3): a reader that sees n has seen all before it. It knows no network and no loyalty: who decides what a
// fact is worth hands in bytes and an answer.
// Hot: append. Budget: 8 microseconds a fact in groups of 500, see bench/sales.ts.
import { dirname } from 'node:path'
import { decodeFact, decodeStoredFact } from '../../protocol/codec.ts'
import { CHAIN_GENESIS, chainHash, sameHash } from '../../protocol/chain.ts'
import type { MemberId, Seq } from '../../protocol/ids.ts'
import { originOf, seqOf } from '../../protocol/ids.ts'
import { BATCH_BYTES_MAX, BATCH_FACTS_MAX, CHAIN_TAIL_FACTS } from '../../protocol/limits.ts'
import { assert } from '../../protocol/result.ts'
import { Checkpointer } from './checkpointer.ts'
import type { Database, OpenDatabase, Statement } from './database.ts'
import { LEDGER_FILE, LedgerDamaged, isStorageBroken, isStorageFull, openDatabase } from './database.ts'
import { DiskRoom } from './disk-room.ts'
import { structureFault } from './inspection.ts'
import { markFailed } from './failure-mark.ts'
import { Frames } from './frames.ts'
import { Leases } from './leases.ts'
import { Members } from './members.ts'
import { Hours } from './hours.ts'
import { Managers } from './managers.ts'
import type { EdgeIdentity } from './meta.ts'
import { Meta } from './meta.ts'
import { ProgramVersions } from './program-versions.ts'
import { Sequels } from './sequels.ts'
import { Terminals } from './terminals.ts'
import { Threads } from './threads.ts'
import { walk } from './walk.ts'

export interface LedgerOptions {
  /** The data directory, or ':memory:' for a simulation. */
  readonly directory: string
  /** Look at all of the file, because the storage failed the last time (L-13). */
  readonly thorough?: boolean
}

export interface Verification {
  readonly chain_ok: boolean
  readonly facts: number
  readonly seq: number
  /** What is wrong, in words, the first FAULTS_TOLD; empty when nothing is. */
  readonly faults: readonly string[]
}

/** At most this much of the ledger at once. */
export interface BatchMost {
  readonly facts: number
  readonly bytes: number
}

export interface LedgerBatch {
  readonly from: Seq
  readonly previous: Uint8Array
  readonly facts: Uint8Array[]
}

/** The key's earlier fact: its request and its answer. */
export interface KeptAnswer {
  readonly seq: Seq
  readonly requestHash: Uint8Array
  readonly status: number
  readonly answer: Uint8Array
}

export interface FactRow {
  readonly seq: Seq
  readonly member: MemberId
  /** Seq of the same member's fact before it, 0 without. */
  readonly previous: Seq
  readonly bytes: Uint8Array
  readonly answer: Uint8Array
}

interface ChainRow {
  seq: Seq
  key: string
  bytes: Uint8Array
  hash: Uint8Array
  answer: Uint8Array
}

const FAULTS_TOLD = 100

export function openLedger({ directory, thorough = false }: LedgerOptions): Ledger {
  const open = openDatabase(directory, thorough)
  try {
    return new Ledger(open)
  } catch (cause) {
    open.close()
    if (isStorageBroken(cause))
      throw new LedgerDamaged(open.path ?? LEDGER_FILE, cause instanceof Error ? cause.message : '', {
        cause,
      })
    throw cause
  }
}

export class Ledger {
  readonly meta: Meta
  readonly threads: Threads
  readonly members: Members
  readonly sequels: Sequels
  readonly leases: Leases
  readonly frames: Frames
  readonly programs: ProgramVersions
  readonly terminals: Terminals
  readonly hours: Hours
  readonly managers: Managers
  /** Undefined in memory, and for reading. */
  readonly room: DiskRoom | undefined
  readonly #open: OpenDatabase
  readonly #statements: ReturnType<typeof prepare>
  readonly #checkpointer: Checkpointer | undefined
  /** Bytes in the open transaction. */
  #bytes = 0
  #seq: Seq
  #hash: Uint8Array
  /** Why nothing more is written (L-13). */
  #broken: unknown
  #onBroken: (cause: unknown) => void = () => undefined

  constructor(open: OpenDatabase) {
    const { database } = open
    this.#open = open
    this.#checkpointer =
      open.path === undefined
        ? undefined
        : new Checkpointer(open.path, (cause) => this.#checkpointFailed(cause))
    this.room = open.path === undefined ? undefined : new DiskRoom(dirname(open.path))
    this.#statements = prepare(database)
    this.meta = new Meta(database)
    this.#seq = 0 as Seq
    this.#hash = CHAIN_GENESIS
    this.#loadHead()
    this.#walkTail()
    this.threads = new Threads(database, this.meta)
    this.members = new Members(database)
    this.sequels = new Sequels(database)
    this.leases = new Leases(database)
    this.frames = new Frames(database)
    this.programs = new ProgramVersions(database)
    this.terminals = new Terminals(database)
    this.hours = new Hours(database)
    this.managers = new Managers(database)
  }

  identity(): EdgeIdentity | undefined {
    return this.meta.identity
  }

  /** Stores who this edge is, once: a ledger has one origin. */
  enrol(identity: EdgeIdentity): void {
    this.meta.enrol(identity)
  }

  head(): { readonly seq: Seq; readonly hash: Uint8Array } {
    return { seq: this.#seq, hash: this.#hash }
  }

  get seq(): Seq {
    return this.#seq
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
    const seq = (this.#seq + 1) as Seq
    const previous = member > 0 ? this.threads.last(member) : (0 as Seq)
    this.#statements.insert.run(seq, key, member, previous, bytes, hash, requestHash, status, answer)
    if (member > 0) this.threads.appended(member, seq)
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
    this.threads.save(this.#seq, false)
    this.meta.save()
    this.#statements.commit.run()
    this.#checkpointer?.committed(this.#bytes)
    this.room?.wrote(this.#bytes)
    this.#bytes = 0
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
    this.meta.reload()
    this.#loadHead()
    this.threads.reload()
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
    if (this.#open.path !== undefined) markFailed(dirname(this.#open.path))
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

  /** Most keys are new: the index alone says so. */
  ofKey(key: string): KeptAnswer | undefined {
    const seq = this.#statements.seqOfKey.get(key)
    return seq === undefined ? undefined : this.#statements.kept.get(seq)
  }

  ofSeq(seq: Seq): FactRow | undefined {
    return this.#statements.ofSeq.get(seq)
  }

  /** Facts before `seq`, newest first. */
  before(seq: Seq, limit: number): FactRow[] {
    return this.#statements.before.all(seq, limit)
  }

  hashAt(seq: Seq): Uint8Array | undefined {
    return seq === 0 ? CHAIN_GENESIS : this.#statements.hash.get(seq)
  }

  /** Facts from `seq` on, bounded by `most`, BATCH_FACTS_MAX and BATCH_BYTES_MAX (at least one); undefined when there is none. */
  batchFrom(from: Seq, most: BatchMost): LedgerBatch | undefined {
    const previous = from < 1 || from > this.#seq ? undefined : this.hashAt((from - 1) as Seq)
    if (previous === undefined) return undefined
    const facts: Uint8Array[] = []
    let size = 0
    for (const bytes of this.#statements.bytes.iterate(from, Math.min(most.facts, BATCH_FACTS_MAX))) {
      size += bytes.length
      if (size > Math.min(most.bytes, BATCH_BYTES_MAX) && facts.length > 0) break
      facts.push(bytes)
    }
    return { from, previous, facts }
  }

  /** Walks every row (L-3): the chain, and that each fact is one, at its own place, under its own key, with its own receipt. */
  verify(): Verification {
    const faults: string[] = []
    let chainOk = true
    let expected = 1
    let previous = CHAIN_GENESIS
    for (const row of this.#statements.chain.iterate(0 as Seq)) {
      const fault = chainFault(row, expected, previous)
      if (fault !== undefined) chainOk = false
      const told = fault ?? this.#factFault(row)
      if (told !== undefined && faults.length < FAULTS_TOLD) faults.push(told)
      expected = row.seq + 1
      previous = row.hash
    }
    return { chain_ok: chainOk, facts: this.#statements.count.get() ?? 0, seq: this.#seq, faults }
  }

  /** What own facts spent of leases and gave back, by lease: read from the facts alone. */
  rightsUsed(): Map<number, number> {
    const used = new Map<number, number>()
    const add = (lease: number, amount: number): void => void used.set(lease, (used.get(lease) ?? 0) + amount)
    for (const { bytes } of this.#statements.chain.iterate(0 as Seq)) {
      const fact = decodeStoredFact(bytes)
      if (fact.kind === 'lease') for (const { lease, amount } of fact.lines) add(lease, amount)
      else if (fact.kind === 'redemption' || fact.kind === 'voucher_use') {
        const sign = fact.kind === 'redemption' && fact.stage === 'cancelled' ? -1 : 1
        for (const { lease, amount } of fact.rights) add(lease, sign * amount)
      }
    }
    return used
  }

  /** Threads are saved, so that the next start reads nothing again. */
  close(): void {
    if (this.#seq > this.meta.threadsSaved) {
      try {
        this.transact(() => this.threads.save(this.#seq, true))
      } catch {
        // A full disk must not keep the process from ending: the threads are read from the facts again.
      }
    }
    this.#checkpointer?.close()
    this.#open.close()
  }

  #factFault({ seq, key, bytes, hash, answer }: ChainRow): string | undefined {
    const decoded = decodeFact(bytes)
    if (!decoded.ok) return `fact ${seq} cannot be read: ${decoded.malformed.reason}`
    const { id, key: ownKey } = decoded.value
    const origin = this.meta.identity?.origin
    if (seqOf(id) !== seq || (origin !== undefined && originOf(id) !== origin))
      return `fact ${seq} says it is ${originOf(id)}/${seqOf(id)}`
    if (ownKey !== key) return `fact ${seq} is filed under another key than its own`
    const receipt = `"hash":"${Buffer.from(hash).toString('hex')}"`
    return Buffer.from(answer).includes(receipt) ? undefined : `fact ${seq} has the answer of another`
  }

  #loadHead(): void {
    const last = this.#statements.last.get()
    this.#seq = last?.seq ?? (0 as Seq)
    this.#hash = last?.hash ?? CHAIN_GENESIS
  }

  #walkTail(): void {
    const before = Math.max(0, this.#seq - CHAIN_TAIL_FACTS) as Seq
    let previous = this.hashAt(before)
    let expected = before + 1
    for (const row of this.#statements.chain.iterate(before)) {
      const fault = previous === undefined ? `fact ${before} is missing` : chainFault(row, expected, previous)
      if (fault !== undefined) throw new LedgerDamaged(this.#open.path ?? LEDGER_FILE, fault)
      previous = row.hash
      expected++
    }
  }
}

function chainFault(row: ChainRow, expected: number, previous: Uint8Array): string | undefined {
  if (row.seq !== expected) return `fact ${expected} is missing`
  return sameHash(chainHash(previous, row.bytes), row.hash)
    ? undefined
    : `fact ${row.seq} does not fit the hash chain`
}

function prepare(database: Database) {
  const pluck = <P extends unknown[], R>(sql: string): Statement<P, R> => database.prepare<P, R>(sql).pluck()
  assert(database.open, 'the database is open')
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    insert: database.prepare<
      [Seq, string, MemberId, Seq, Uint8Array, Uint8Array, Uint8Array, number, Uint8Array]
    >('INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    seqOfKey: pluck<[string], Seq>('SELECT seq FROM facts WHERE key = ?'),
    kept: database.prepare<[Seq], KeptAnswer>(
      'SELECT seq, request_hash AS requestHash, status, answer FROM facts WHERE seq = ?',
    ),
    ofSeq: database.prepare<[Seq], FactRow>(
      'SELECT seq, member, previous, bytes, answer FROM facts WHERE seq = ?',
    ),
    before: database.prepare<[Seq, number], FactRow>(
      'SELECT seq, member, previous, bytes, answer FROM facts WHERE seq < ? ORDER BY seq DESC LIMIT ?',
    ),
    hash: pluck<[Seq], Uint8Array>('SELECT hash FROM facts WHERE seq = ?'),
    bytes: pluck<[Seq, number], Uint8Array>('SELECT bytes FROM facts WHERE seq >= ? ORDER BY seq LIMIT ?'),
    last: database.prepare<[], { seq: Seq; hash: Uint8Array }>(
      'SELECT seq, hash FROM facts ORDER BY seq DESC LIMIT 1',
    ),
    chain: database.prepare<[Seq], ChainRow>(
      'SELECT seq, key, bytes, hash, answer FROM facts WHERE seq > ? ORDER BY seq',
    ),
    count: pluck<[], number>('SELECT count(*) FROM facts'),
  }
}
