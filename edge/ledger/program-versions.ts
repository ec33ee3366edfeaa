// The program versions the cloud has published, as their bytes. Compiling them is the evaluation's.
import type { ProgramRecord } from '../../cloud/evaluation/programs.ts'
import type { Database, Statement } from './database.ts'
import { soundRow, sumOf } from './row-sums.ts'

interface StoredProgram {
  readonly version: ProgramRecord['version']
  readonly effective_from: ProgramRecord['effectiveFrom']
  readonly document: string
}

export class ProgramVersions {
  readonly #all: Statement<[], StoredProgram>
  readonly #forget: Statement<[number]>
  readonly #insert: Statement<[number, number, string, number]>

  constructor(database: Database) {
    this.#all = database.prepare('SELECT * FROM programs ORDER BY version')
    this.#forget = database.prepare('DELETE FROM programs WHERE version > ?')
    this.#insert = database.prepare('INSERT OR IGNORE INTO programs VALUES (?, ?, ?, ?)')
  }

  all(): ProgramRecord[] {
    return this.#all.all().map((row) => {
      const { version, effective_from: effectiveFrom, document } = soundRow('programs', row)
      return { version, effectiveFrom, document }
    })
  }

  /** Versions that a restored cloud does not know. */
  forgetAfter(version: number): void {
    this.#forget.run(version)
  }

  /** A version is immutable: a second one of the same number changes nothing. */
  add({ version, effectiveFrom, document }: ProgramRecord): void {
    this.#insert.run(version, effectiveFrom, document, sumOf('programs', version, effectiveFrom, document))
  }
}
