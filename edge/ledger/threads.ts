// A member's facts in this ledger, newest first, as a list threaded through the rows (L-8): a row names the member's fact before it, and here is
// the last one. An index over (member, fact) would say the same, but touches a random page per sale: at 50 sales a commit it was a third of
// the time, and on a memory card most of the wear. The last ones are saved in bulk, and read on from the rows after a kill.
import { NO_FACT } from '../../protocol/ids.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { THREADS_SAVE_FACTS } from '../../protocol/limits.ts'
import { UnsoundRow } from '../../cloud/storage/unsound.ts'
import type { Database, Statement } from './database.ts'
import type { Meta } from './meta.ts'
import { compareSum, soundFact, sumOf } from './row-sums.ts'
import type { StoredFact } from './row-sums.ts'

export class Threads {
  readonly #meta: Meta
  readonly #saved: Statement<[MemberId], [fact: FactId, sum: number]>
  readonly #isSaved: Statement<[MemberId], MemberId>
  readonly #save: Statement<[MemberId, FactId, number]>
  readonly #fact: Statement<[FactId], StoredFact>
  readonly #after: Statement<[FactId], StoredFact>
  /** Last facts of members with a fact after `meta.threadsSaved`, and of those that were saved last. */
  #unsaved = new Map<MemberId, FactId>()
  #recent = new Map<MemberId, FactId>()
  /** What the open transaction changed in the memory: the unsaved last fact it found; a disk that is full fails many, and reading all again takes long. */
  readonly #before: [member: MemberId, unsaved: FactId | undefined][] = []
  #savedInIt = false
  /** The ledger's last fact after the last COMMIT. */
  #head: FactId | undefined

  constructor(database: Database, meta: Meta) {
    this.#meta = meta
    this.#saved = database
      .prepare<[MemberId], [FactId, number]>('SELECT fact, sum FROM threads WHERE member = ?')
      .raw()
    this.#isSaved = database
      .prepare<[MemberId], MemberId>('SELECT member FROM threads INDEXED BY threads_second WHERE member = ?')
      .pluck()
    this.#save = database.prepare(
      'INSERT INTO threads VALUES (?, ?, ?) ON CONFLICT (member) DO UPDATE SET fact = excluded.fact, sum = excluded.sum',
    )
    this.#fact = database.prepare('SELECT * FROM facts WHERE id = ?')
    this.#after = database.prepare('SELECT * FROM facts WHERE id > ? ORDER BY id')
    this.reload()
  }

  /** FactId of the member's last fact, 0 without one. */
  last(member: MemberId): FactId {
    return this.#unsaved.get(member) ?? this.#recent.get(member) ?? this.#lastSaved(member)
  }

  /** That there is none is believed where two trees say so (L-23). */
  #lastSaved(member: MemberId): FactId {
    const saved = this.#saved.get(member)
    if (saved !== undefined) {
      compareSum('threads', saved[1], member, saved[0])
      return saved[0]
    }
    if (this.#isSaved.get(member) !== undefined)
      throw new UnsoundRow('the thread of a member is not where it was written')
    return NO_FACT
  }

  /** A fact of the thread; its `previous` is the next. */
  factAt(id: FactId): StoredFact {
    const row = this.#fact.get(id)
    if (row === undefined) throw new UnsoundRow('a fact is not where the thread of its member leads')
    return soundFact(row)
  }

  appended(member: MemberId, fact: FactId): void {
    this.#before.push([member, this.#unsaved.get(member)])
    this.#unsaved.set(member, fact)
  }

  /** Right after COMMIT: from here on nothing is taken back. */
  committed(head: FactId): void {
    this.#head = head
    this.#settled()
  }

  /** After a failed transaction: what the file says, whose last fact is `head`. */
  undo(head: FactId): void {
    if (this.#savedInIt || head !== this.#head) return this.reload()
    for (const [member, unsaved] of this.#before.reverse())
      if (unsaved === undefined) this.#unsaved.delete(member)
      else this.#unsaved.set(member, unsaved)
    this.#settled()
  }

  #settled(): void {
    this.#before.length = 0
    this.#savedInIt = false
  }

  /** Inside a transaction that saves the standing too: every THREADS_SAVE_FACTS facts, or at once. */
  save(head: FactId, atOnce: boolean): void {
    if (head - this.#meta.threadsSaved < (atOnce ? 1 : THREADS_SAVE_FACTS)) return
    // In the order of the table, so that neighbours share a page.
    for (const [member, fact] of [...this.#unsaved].sort(([a], [b]) => a - b))
      this.#save.run(member, fact, sumOf('threads', member, fact))
    this.#savedInIt = true
    this.#recent = this.#unsaved
    this.#unsaved = new Map()
    this.#meta.setThreadsSaved(head)
  }

  /** At the start, and where it is not known what to take back. */
  reload(): void {
    this.#settled()
    this.#unsaved.clear()
    this.#recent.clear()
    for (const row of this.#after.iterate(this.#meta.threadsSaved)) {
      const { member, id } = soundFact(row)
      if (member > 0) this.#unsaved.set(member, id)
    }
  }
}
