// What came of a fact later: the own facts that mention it (returns and voids of a sale, the settlement of a reservation), open reservations
// with their deadline, and the cloud's corrections. All of it could be read out of the facts; these rows only spare the search.
import type { Correction } from '../../protocol/frames/corrections.ts'
import type { FactId, Seq } from '../../protocol/ids.ts'
import type { Database, Statement } from './database.ts'

interface Reservation {
  readonly seq: Seq
  /** Milliseconds since 1970 after which the edge cancels it. */
  readonly due: number
}

export class Sequels {
  readonly #mention: Statement<[FactId, Seq]>
  readonly #mentions: Statement<[FactId], Seq>
  readonly #reserve: Statement<[Seq, number]>
  readonly #settle: Statement<[Seq]>
  readonly #reserved: Statement<[], Reservation>
  readonly #postpone: Statement<[number]>
  readonly #correct: Statement<[FactId, number, number, number, FactId]>
  readonly #correction: Statement<[FactId], Correction>

  constructor(database: Database) {
    this.#mention = database.prepare('INSERT OR IGNORE INTO mentions VALUES (?, ?)')
    this.#mentions = database
      .prepare<[FactId], Seq>('SELECT seq FROM mentions WHERE fact = ? ORDER BY seq')
      .pluck()
    this.#reserve = database.prepare('INSERT INTO reservations VALUES (?, ?)')
    this.#settle = database.prepare('DELETE FROM reservations WHERE seq = ?')
    this.#reserved = database.prepare('SELECT seq, due FROM reservations ORDER BY due')
    this.#postpone = database.prepare('UPDATE reservations SET due = due + ?')
    this.#correct = database.prepare(
      `INSERT INTO corrections VALUES (?, ?, ?, ?, ?) ON CONFLICT (fact) DO UPDATE
       SET revision = excluded.revision, points = excluded.points, goodwill = excluded.goodwill, cause = excluded.cause`,
    )
    this.#correction = database.prepare('SELECT * FROM corrections WHERE fact = ?')
  }

  mention(fact: FactId, by: Seq): void {
    this.#mention.run(fact, by)
  }

  mentionsOf(fact: FactId): Seq[] {
    return this.#mentions.all(fact)
  }

  reserve(seq: Seq, due: number): void {
    this.#reserve.run(seq, due)
  }

  settle(seq: Seq): void {
    this.#settle.run(seq)
  }

  /** The clock was set by so much: what was to last a quarter of an hour still does. */
  postpone(ms: number): void {
    this.#postpone.run(ms)
  }

  /** Open reservations, the most urgent first. */
  reservations(): Reservation[] {
    return this.#reserved.all()
  }

  correct({ fact, revision, points, goodwill, cause }: Correction): void {
    this.#correct.run(fact, revision, points, goodwill, cause)
  }

  correctionOf(fact: FactId): Correction | undefined {
    return this.#correction.get(fact)
  }
}
