// The program versions the cloud has published, as their bytes. Compiling them is the evaluation's.
import type { ProgramRecord } from '../../cloud/evaluation/programs.ts'
import type { Database, Statement } from './database.ts'

export class ProgramVersions {
  readonly #all: Statement<[], ProgramRecord>
  readonly #forget: Statement<[number]>
  readonly #insert: Statement<[number, number, string]>

  constructor(database: Database) {
    this.#all = database.prepare(
      'SELECT version, effective_from AS effectiveFrom, document FROM programs ORDER BY version',
    )
    this.#forget = database.prepare('DELETE FROM programs WHERE version > ?')
    this.#insert = database.prepare('INSERT OR IGNORE INTO programs VALUES (?, ?, ?)')
  }

  all(): ProgramRecord[] {
    return this.#all.all()
  }

  /** Versions that a restored cloud does not know. */
  forgetAfter(version: number): void {
    this.#forget.run(version)
  }

  /** A version is immutable: a second one of the same number changes nothing. */
  add({ version, effectiveFrom, document }: ProgramRecord): void {
    this.#insert.run(version, effectiveFrom, document)
  }
}
