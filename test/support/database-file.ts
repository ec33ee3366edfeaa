// All that is in a node's database, read beside the running node.
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

/** How far numbers were given out and what was looked at last is no trace of anything. */
const NO_TRACE = ['meta']

export class DatabaseFile {
  readonly #database: Sqlite.Database
  readonly #rows: ReadonlyMap<string, Sqlite.Statement<[]>>

  constructor(directory: string) {
    const database = new Sqlite(join(directory, 'cloud.db'), { readonly: true })
    const tables = database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
      )
      .pluck()
      .all() as string[]
    this.#database = database
    this.#rows = new Map(
      tables
        .filter((table) => !NO_TRACE.includes(table))
        .map((table) => [table, database.prepare<[]>(`SELECT * FROM "${table}"`).raw()]),
    )
  }

  /** Every row of every table but these. */
  dump(but: readonly string[]): string[] {
    return [...this.#rows].flatMap(([table, rows]) =>
      but.includes(table) ? [] : rows.all().map((row) => `${table} ${JSON.stringify(row)}`),
    )
  }

  close(): void {
    this.#database.close()
  }
}
