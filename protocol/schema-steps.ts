// How a file of either side is brought up to date: a list of steps, one per version of its tables, run in one transaction with the version's number.
// A crash at any statement leaves the file as it was or as it is to be, never between (P-STEP-1). A new file runs the same steps from nothing, so
// a migrated file and a fresh one have the same tables by construction. Released steps are never edited: test/versions pins them.

/** What one version changes. Its place in the list is its version: the first makes version 1. */
export interface SchemaStep {
  readonly statements: readonly string[]
}

/** A file under migration, as little of it as the steps need; tests put one between that dies at a statement. */
export interface SteppedFile {
  /** SQLite's user_version; 0 for a new file. */
  version(): number
  execute(statement: string): void
  /** What must be the same after the steps as before them: the facts. Asked inside the transaction; null for a new file. */
  proof(): string | null
}

export type SteppedTo =
  | { readonly done: 'current' | 'stepped'; readonly from: number; readonly to: number }
  /** Written by newer software; nothing was changed. */
  | { readonly done: 'newer'; readonly from: number; readonly to: number }

/** Throws what a statement throws, with nothing changed; and when the facts after the steps are not those before them. */
export function stepUp(file: SteppedFile, steps: readonly SchemaStep[]): SteppedTo {
  const from = file.version()
  const to = steps.length
  if (from > to) return { done: 'newer', from, to }
  if (from === to) return { done: 'current', from, to }
  file.execute('BEGIN IMMEDIATE')
  try {
    const before = from === 0 ? null : file.proof()
    for (const { statements } of steps.slice(from))
      for (const statement of statements) file.execute(statement)
    file.execute(`PRAGMA user_version = ${to}`)
    const after = from === 0 ? null : file.proof()
    if (before !== after)
      throw new Error(
        `the facts before the steps (${String(before)}) are not those after them (${String(after)})`,
      )
    file.execute('COMMIT')
  } catch (cause) {
    rollBack(file)
    throw cause
  }
  return { done: 'stepped', from, to }
}

/** SQLite ends the transaction itself after some errors; what brought us here is the news. */
function rollBack(file: SteppedFile): void {
  try {
    file.execute('ROLLBACK')
  } catch {
    // No transaction is open any more, or the file is gone: either way nothing was committed.
  }
}

/** The statements of a text in which each ends with a semicolon at the end of its line. */
export function statementsOf(text: string): string[] {
  return text
    .split(/;[ \t]*\n/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}
