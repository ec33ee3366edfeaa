// What came of a fact later: the own facts that mention it (returns and voids of a sale, the settlement of a reservation), open reservations
// with their deadline, and the cloud's corrections. All of it could be read out of the facts; these rows only spare the search.
import type { Correction } from '../../protocol/frames/corrections.ts'
import type { FactId } from '../../protocol/ids.ts'
import type { Database, Statement } from './database.ts'
import { proveAbsent, soundRow, sumOf, twice } from './row-sums.ts'

interface Reservation {
  readonly fact: FactId
  /** Milliseconds since 1970 after which the edge cancels it. */
  readonly due: number
}

export class Sequels {
  readonly #mention: Statement<[FactId, FactId]>
  readonly #mentions: Statement<[FactId], FactId>
  readonly #mentionsAgain: Statement<[FactId], FactId>
  readonly #reserve: Statement<[FactId, number]>
  readonly #settle: Statement<[FactId]>
  readonly #reserved: Statement<[], Reservation>
  readonly #reservedAgain: Statement<[], Reservation>
  readonly #postpone: Statement<[number]>
  readonly #correct: Statement<[FactId, number, number, number, FactId, number]>
  readonly #correction: Statement<[FactId], Correction>
  readonly #correctionAgain: Statement<[FactId], number>

  readonly #renameFact: Statement<[FactId, FactId]>
  readonly #renameBy: Statement<[FactId, FactId]>
  readonly #renameReservation: Statement<[FactId, FactId]>

  constructor(database: Database) {
    this.#renameFact = database.prepare('UPDATE OR IGNORE mentions SET fact = ? WHERE fact = ?')
    this.#renameBy = database.prepare('UPDATE OR IGNORE mentions SET by = ? WHERE by = ?')
    this.#renameReservation = database.prepare('UPDATE OR IGNORE reservations SET fact = ? WHERE fact = ?')
    this.#mention = database.prepare('INSERT OR IGNORE INTO mentions VALUES (?, ?)')
    const mentionsIn = (tree: string): Statement<[FactId], FactId> =>
      database
        .prepare<[FactId], FactId>(`SELECT by FROM mentions INDEXED BY ${tree} WHERE fact = ? ORDER BY by`)
        .pluck()
    this.#mentions = mentionsIn('sqlite_autoindex_mentions_1')
    this.#mentionsAgain = mentionsIn('mentions_second')
    this.#reserve = database.prepare('INSERT OR IGNORE INTO reservations VALUES (?, ?)')
    this.#settle = database.prepare('DELETE FROM reservations WHERE fact = ?')
    this.#reserved = database.prepare('SELECT fact, due FROM reservations NOT INDEXED ORDER BY due, fact')
    this.#reservedAgain = database.prepare(
      'SELECT fact, due FROM reservations INDEXED BY reservations_second ORDER BY due, fact',
    )
    this.#postpone = database.prepare('UPDATE reservations SET due = due + ?')
    this.#correct = database.prepare(
      `INSERT INTO corrections VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (fact) DO UPDATE
       SET revision = excluded.revision, points = excluded.points, goodwill = excluded.goodwill, cause = excluded.cause, sum = excluded.sum`,
    )
    this.#correction = database.prepare('SELECT * FROM corrections WHERE fact = ?')
    this.#correctionAgain = database
      .prepare<[FactId], number>('SELECT 1 FROM corrections INDEXED BY corrections_second WHERE fact = ?')
      .pluck()
  }

  mention(fact: FactId, by: FactId): void {
    this.#mention.run(fact, by)
  }

  mentionsOf(fact: FactId): FactId[] {
    return twice('mentions', this.#mentions.all(fact), this.#mentionsAgain.all(fact))
  }

  reserve(fact: FactId, due: number): void {
    this.#reserve.run(fact, due)
  }

  settle(fact: FactId): void {
    this.#settle.run(fact)
  }

  /** The clock was set by so much: what was to last a quarter of an hour still does. */
  postpone(ms: number): void {
    this.#postpone.run(ms)
  }

  /** Open reservations, the most urgent first. */
  reservations(): Reservation[] {
    return twice('reservations', this.#reserved.all(), this.#reservedAgain.all())
  }

  /** A fact counts under another id from now on. */
  rename(fact: FactId, again: FactId): void {
    this.#renameFact.run(again, fact)
    this.#renameBy.run(again, fact)
    this.#renameReservation.run(again, fact)
  }

  correct({ fact, revision, points, goodwill, cause }: Correction): void {
    const sum = sumOf('corrections', fact, revision, points, goodwill, cause)
    this.#correct.run(fact, revision, points, goodwill, cause, sum)
  }

  correctionOf(fact: FactId): Correction | undefined {
    const row = this.#correction.get(fact)
    if (row === undefined) proveAbsent('correction', this.#correctionAgain.get(fact))
    return row && soundRow('corrections', row)
  }
}
