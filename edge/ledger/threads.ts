// A member's facts in this ledger, newest first, as a list threaded through the rows (L-8): a row names the member's fact before it, and here is
// the last one. An index over (member, seq) would say the same, but touches a random page per sale: at 50 sales a commit it was a third of
// the time, and on a memory card most of the wear. The last ones are saved in bulk, and read on from the rows after a kill.
import type { MemberId, Seq } from '../../protocol/ids.ts'
import { THREADS_SAVE_FACTS } from '../../protocol/limits.ts'
import type { Database, Statement } from './database.ts'
import type { Meta } from './meta.ts'

export class Threads {
  readonly #meta: Meta
  readonly #saved: Statement<[MemberId], Seq>
  readonly #save: Statement<[MemberId, Seq]>
  readonly #after: Statement<[Seq], [MemberId, Seq]>
  /** Last seqs of members with a fact after `meta.threadsSaved`, and of those that were saved last. */
  #unsaved = new Map<MemberId, Seq>()
  #recent = new Map<MemberId, Seq>()

  constructor(database: Database, meta: Meta) {
    this.#meta = meta
    this.#saved = database.prepare<[MemberId], Seq>('SELECT seq FROM threads WHERE member = ?').pluck()
    this.#save = database.prepare(
      'INSERT INTO threads VALUES (?, ?) ON CONFLICT (member) DO UPDATE SET seq = excluded.seq',
    )
    this.#after = database
      .prepare<[Seq], [MemberId, Seq]>(
        'SELECT member, seq FROM facts WHERE seq > ? AND member > 0 ORDER BY seq',
      )
      .raw()
    this.reload()
  }

  /** Seq of the member's last fact, 0 without one. */
  last(member: MemberId): Seq {
    return this.#unsaved.get(member) ?? this.#recent.get(member) ?? this.#saved.get(member) ?? (0 as Seq)
  }

  appended(member: MemberId, seq: Seq): void {
    this.#unsaved.set(member, seq)
  }

  /** Inside a transaction that saves the standing too: every THREADS_SAVE_FACTS facts, or at once. */
  save(head: Seq, atOnce: boolean): void {
    if (head - this.#meta.threadsSaved < (atOnce ? 1 : THREADS_SAVE_FACTS)) return
    // In the order of the table, so that neighbours share a page.
    for (const [member, seq] of [...this.#unsaved].sort(([a], [b]) => a - b)) this.#save.run(member, seq)
    this.#recent = this.#unsaved
    this.#unsaved = new Map()
    this.#meta.setThreadsSaved(head)
  }

  /** After a failed transaction, and at the start. */
  reload(): void {
    this.#unsaved.clear()
    this.#recent.clear()
    for (const [member, seq] of this.#after.iterate(this.#meta.threadsSaved)) this.#unsaved.set(member, seq)
  }
}
