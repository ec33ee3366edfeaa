// The lives of this ledger (P-LIFE): those that are over, and those it may open by itself. The one that is open is the identity's. A life that is
// over waits until the cloud has told what it has of it; then what it lacks is recorded again, once, and the life is settled.
import { SEQ_SPAN, originOf, seqOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, Origin, Seq } from '../../protocol/ids.ts'
import { CHAIN_GENESIS } from '../../protocol/chain.ts'
import { WITNESSES_MAX } from '../../protocol/limits.ts'
import type { Life, LifeEnd } from '../../protocol/lives.ts'
import type { Database, Statement } from './database.ts'
import { OWED } from './unsynced.ts'

export interface PastLife extends Life {
  readonly ended: LifeEnd
  /** Milliseconds since 1970. */
  readonly endedAt: number
  readonly same: Seq
  readonly read: Seq
  readonly readHash: Uint8Array
}

/** Beyond every place. */
const NEVER_OWN = Number.MAX_SAFE_INTEGER as FactId

interface Stray {
  readonly id: FactId
  readonly again: FactId
  readonly since: FactId
}

interface LifeRow {
  origin: Origin
  epoch: number
  ended: LifeEnd
  ended_at: number
  same: Seq
  read: Seq
  read_hash: Uint8Array
}

export interface TailRow {
  readonly id: FactId
  readonly member: MemberId
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  /** As which fact of this ledger it counts, where a restored cloud had lost it. */
  readonly again: FactId | null
}

export class Lives {
  readonly #statements: ReturnType<typeof prepare>
  /** By their ids; small, for few ledgers ever have any. */
  readonly #strays = new Map<FactId, Stray>()
  #tailCount = 0
  /** Of the cloud's facts that it lost and this ledger recorded again. */
  readonly #keptAgain = new Map<FactId, FactId>()

  constructor(database: Database) {
    this.#statements = prepare(database)
    this.reload()
  }

  /** After a failed transaction, and at the start. */
  reload(): void {
    this.#strays.clear()
    for (const stray of this.#statements.strays.iterate()) this.#strays.set(stray.id, stray)
    this.#tailCount = this.#statements.tailCount.get() ?? 0
    this.#keptAgain.clear()
    for (const { id, again } of this.#statements.keptAgains.iterate()) this.#keptAgain.set(id, again)
  }

  // All of these are for the inside of a transaction.
  saveSpares(spares: readonly Life[]): void {
    this.#statements.dropSpares.run()
    for (const { origin, epoch } of spares) this.#statements.saveSpare.run(origin, epoch, CHAIN_GENESIS)
  }

  close(
    { origin, epoch }: Life,
    ended: LifeEnd,
    at: number,
    same: Seq,
    hash: Uint8Array,
    settled: boolean,
  ): void {
    this.#statements.close.run(origin, epoch, ended, at, same, same, hash, settled ? 1 : 0)
  }

  dropSparesTo(epoch: number): void {
    this.#statements.dropSparesTo.run(epoch)
  }

  saveRead(origin: Origin, same: Seq, read: Seq, hash: Uint8Array): void {
    this.#statements.saveRead.run(same, read, hash, origin)
  }

  settle(origin: Origin): void {
    this.#statements.settle.run(origin)
  }

  /** The cloud may have lost what it had of any life that is over: all are compared again, from their beginnings. */
  unsettle(): void {
    this.#statements.unsettle.run(CHAIN_GENESIS)
  }

  /** `since`: the place of the ledger at which it is said. */
  stray(id: FactId, again: FactId, since: FactId): void {
    this.#statements.stray.run(id, again, since)
    this.#strays.set(id, { id, again, since })
  }

  /** What the cloud had and lost. */
  keptAgain(id: FactId, again: FactId): void {
    this.#statements.keptAgain.run(again, id)
    this.#keptAgain.set(id, again)
  }

  keepTail({ id, member, bytes, hash }: Omit<TailRow, 'again'>, key: string): void {
    this.#statements.keepTail.run(id, key, member, bytes, hash)
    this.#tailCount++
  }

  /** True when it says more than was known. Of lives that this ledger does not know, at most WITNESSES_MAX are kept: what many say hides nothing of its own. */
  witness(origin: Origin, seq: Seq): boolean {
    const known = this.#statements.witnessOf.get(origin)
    if (known === undefined && this.#strangers(origin) >= WITNESSES_MAX) return false
    if (known !== undefined && known >= seq) return false
    this.#statements.witness.run(origin, seq)
    return true
  }

  /** Of how many lives that are not its own something is kept, if this is not one of its own. */
  #strangers(origin: Origin): number {
    const own = new Set([...this.spares(), ...this.past()].map((life) => life.origin))
    return own.has(origin) ? 0 : this.witnesses().filter((one) => !own.has(one.origin)).length
  }

  // Reading.
  witnesses(): { origin: Origin; seq: Seq }[] {
    return this.#statements.witnesses.all()
  }

  /** Lowest epoch first. */
  spares(): Life[] {
    return this.#statements.spares.all()
  }

  /** Newest first. */
  past(): PastLife[] {
    return this.#statements.past.all().map(pastLife)
  }

  /** The oldest that waits for the cloud's word. */
  unsettled(): PastLife | undefined {
    const row = this.#statements.unsettled.get()
    return row && pastLife(row)
  }

  /** Facts of ended lives that still have to reach the cloud (L-12). */
  owed(): number {
    return this.unsettled() === undefined ? 0 : (this.#statements.owed.get() ?? 0)
  }

  /** P-LIFE-8: enrolled beyond what the cloud is known to have of a life that is not settled. */
  mayNameAnother(member: MemberId): boolean {
    const id = member as number as FactId
    return this.#statements.unsure.get(originOf(id), seqOf(id)) !== undefined
  }

  /** What a fact of an ended life was told to count as; undefined where it is no stray. */
  again(id: FactId): FactId | undefined {
    return this.#strays.get(id)?.again
  }

  /**
   * What an id means that stands in a fact of this ledger at `at`, or that an own receipt names: the stray of that id, or what the cloud had under it,
   * and what that counts as now. A stray that was recorded again may be one again, after a later life has ended.
   */
  now(id: FactId, at: FactId = id): FactId {
    let [means, written] = [id, at]
    for (;;) {
      const stray = this.#strays.get(means)
      const next = stray !== undefined && written < stray.since ? stray.again : this.#keptAgain.get(means)
      if (next === undefined) return means
      // In the same life it is the cloud's, whatever else this ledger had under that id.
      written = originOf(next) === originOf(means) ? NEVER_OWN : next
      means = next
    }
  }

  get hasStrays(): boolean {
    return this.#strays.size > 0
  }

  /** The fact that one was recorded again for, the first where that was done again after a later life had ended: the answer is that one's. */
  strayOf(again: FactId): FactId | undefined {
    if (!this.hasStrays) return undefined
    let first: FactId | undefined
    for (let id = this.#before(again); id !== undefined; id = this.#before(id)) first = id
    return first
  }

  /** In an earlier life: a stray of the same life counts as a fact that the cloud sent back. */
  #before(again: FactId): FactId | undefined {
    return this.#statements.strayOf.get(again, originOf(again) * SEQ_SPAN)
  }

  get hasTail(): boolean {
    return this.#tailCount > 0
  }

  /** Of one life, after a place, oldest first. */
  tailAfter(origin: Origin, seq: Seq): TailRow[] {
    if (!this.hasTail) return []
    return this.#statements.tailAfter.all(origin * SEQ_SPAN + seq, (origin + 1) * SEQ_SPAN)
  }

  tailOf(id: FactId): TailRow | undefined {
    return this.hasTail ? this.#statements.tailOf.get(id) : undefined
  }

  tailOfKey(key: string): TailRow | undefined {
    return this.hasTail ? this.#statements.tailOfKey.get(key) : undefined
  }

  /** Before an id, newest first; of one member, or of all (0). */
  tailBefore(id: FactId, member: number, limit: number): TailRow[] {
    if (!this.hasTail) return []
    return member === 0
      ? this.#statements.tailBefore.all(id, limit)
      : this.#statements.tailOfMember.all(member, id, limit)
  }
}

function pastLife({ origin, epoch, ended, ended_at, same, read, read_hash }: LifeRow): PastLife {
  return { origin, epoch, ended, endedAt: ended_at, same, read, readHash: read_hash }
}

function prepare(database: Database) {
  const pluck = <P extends unknown[], R>(sql: string): Statement<P, R> => database.prepare<P, R>(sql).pluck()
  return {
    strays: database.prepare<[], Stray>('SELECT id, again, since FROM strays'),
    stray: database.prepare<[FactId, FactId, FactId]>('INSERT OR REPLACE INTO strays VALUES (?, ?, ?)'),
    strayOf: pluck<[FactId, number], FactId>('SELECT id FROM strays WHERE again = ? AND id < ? LIMIT 1'),
    tailCount: pluck<[], number>('SELECT count(*) FROM tail'),
    keepTail: database.prepare<[FactId, string, MemberId, Uint8Array, Uint8Array]>(
      'INSERT OR IGNORE INTO tail VALUES (?, ?, ?, ?, ?, NULL)',
    ),
    keptAgains: database.prepare<[], { id: FactId; again: FactId }>(
      'SELECT id, again FROM tail WHERE again IS NOT NULL',
    ),
    keptAgain: database.prepare<[FactId, FactId]>('UPDATE tail SET again = ? WHERE id = ?'),
    tailOf: database.prepare<[FactId], TailRow>(
      'SELECT id, member, bytes, hash, again FROM tail WHERE id = ?',
    ),
    tailOfKey: database.prepare<[string], TailRow>(
      'SELECT id, member, bytes, hash, again FROM tail WHERE key = ? ORDER BY id LIMIT 1',
    ),
    tailBefore: database.prepare<[FactId, number], TailRow>(
      'SELECT id, member, bytes, hash, again FROM tail WHERE id < ? ORDER BY id DESC LIMIT ?',
    ),
    tailOfMember: database.prepare<[number, FactId, number], TailRow>(
      'SELECT id, member, bytes, hash, again FROM tail WHERE member = ? AND member > 0 AND id < ? ORDER BY id DESC LIMIT ?',
    ),
    dropSpares: database.prepare<[]>("DELETE FROM lives WHERE state = 'spare'"),
    dropSparesTo: database.prepare<[number]>("DELETE FROM lives WHERE state = 'spare' AND epoch <= ?"),
    saveSpare: database.prepare<[Origin, number, Uint8Array]>(
      "INSERT OR IGNORE INTO lives VALUES (?, ?, 'spare', NULL, NULL, 0, 0, ?, 0)",
    ),
    close: database.prepare<[Origin, number, LifeEnd, number, Seq, Seq, Uint8Array, number]>(
      "INSERT OR REPLACE INTO lives VALUES (?, ?, 'closed', ?, ?, ?, ?, ?, ?)",
    ),
    saveRead: database.prepare<[Seq, Seq, Uint8Array, Origin]>(
      'UPDATE lives SET same = ?, read = ?, read_hash = ? WHERE origin = ?',
    ),
    owed: pluck<[], number>(OWED),
    settle: database.prepare<[Origin]>('UPDATE lives SET settled = 1 WHERE origin = ?'),
    unsure: pluck<[Origin, Seq], number>(
      "SELECT 1 FROM lives WHERE origin = ? AND state = 'closed' AND settled = 0 AND same < ?",
    ),
    unsettle: database.prepare<[Uint8Array]>(
      "UPDATE lives SET settled = 0, same = 0, read = 0, read_hash = ? WHERE state = 'closed'",
    ),
    tailAfter: database.prepare<[number, number], TailRow>(
      'SELECT id, member, bytes, hash, again FROM tail WHERE id > ? AND id < ? ORDER BY id',
    ),
    spares: database.prepare<[], Life>(
      "SELECT origin, epoch FROM lives WHERE state = 'spare' ORDER BY epoch",
    ),
    past: database.prepare<[], LifeRow>("SELECT * FROM lives WHERE state = 'closed' ORDER BY epoch DESC"),
    unsettled: database.prepare<[], LifeRow>(
      "SELECT * FROM lives WHERE state = 'closed' AND settled = 0 ORDER BY epoch LIMIT 1",
    ),
    witnesses: database.prepare<[], { origin: Origin; seq: Seq }>('SELECT origin, seq FROM witnesses'),
    witnessOf: pluck<[Origin], Seq>('SELECT seq FROM witnesses WHERE origin = ?'),
    witness: database.prepare<[Origin, Seq]>('INSERT OR REPLACE INTO witnesses VALUES (?, ?)'),
  }
}
