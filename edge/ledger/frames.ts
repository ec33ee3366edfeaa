// The rows behind the feed (F-1): one per commit, holding the JSON of its activities, so that a commit costs one insert whatever it did.
// Positions have no gaps within them; which positions a row has is its key.
import type { Database, Statement } from './database.ts'

export interface FrameRow {
  readonly first: number
  readonly last: number
  /** JSON objects separated by commas. */
  readonly text: string
}

export class Frames {
  readonly #insert: Statement<[number, number, string]>
  readonly #ends: Statement<[], [oldest: number | null, newest: number | null]>
  readonly #from: Statement<[number, number], FrameRow>
  readonly #prune: Statement<[number, number]>

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT INTO frames VALUES (?, ?, ?)')
    this.#ends = database
      .prepare<[], [number | null, number | null]>(
        'SELECT (SELECT min(first) FROM frames), (SELECT last FROM frames ORDER BY first DESC LIMIT 1)',
      )
      .raw()
    this.#from = database.prepare(
      `SELECT first, last, text FROM frames
       WHERE first >= coalesce((SELECT max(first) FROM frames WHERE first <= ?), 0) ORDER BY first LIMIT ?`,
    )
    this.#prune = database.prepare('DELETE FROM frames WHERE first <= ? AND last <= ?')
  }

  insert(first: number, last: number, text: string): void {
    this.#insert.run(first, last, text)
  }

  /** First and last position kept; last 0 and first 1 when there is none. */
  ends(): { first: number; last: number } {
    const [first, last] = this.#ends.get() ?? [null, null]
    return { first: first ?? 1, last: last ?? 0 }
  }

  /** Rows from the one that holds `position` on. */
  from(position: number, rowsMax: number): FrameRow[] {
    return this.#from.all(position, rowsMax)
  }

  /** Removes the rows that end at or before `last`. */
  prune(last: number): void {
    this.#prune.run(last, last)
  }
}
