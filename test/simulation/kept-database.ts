// A connection of SQLite that outlives the simulated processes which use it, with the statements they prepared: opening a file, making its tables and
// preparing 150 statements is three quarters of a restart, and rows of statements prepared anew are strangers to the compiled code that reads them.
// For the process it is an opened file like any other: what was not committed when it went is rolled back.
import type { Database, Statement } from 'better-sqlite3'

type Row = readonly unknown[]

export class KeptDatabase {
  readonly database: Database
  readonly #close: () => void
  readonly #free = new Map<string, Statement[]>()
  #lent: [sql: string, statement: Statement][] = []
  /** Rows that a file has when it is new. */
  readonly #first: [insert: Statement, rows: readonly Row[]][]
  readonly #clear: Statement[]

  constructor(database: Database) {
    this.database = database
    const close = database.close.bind(database)
    this.#close = () => void close()
    const tables = database
      .prepare<[], string>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_stat%' ESCAPE '!'",
      )
      .pluck()
      .all()
    this.#clear = tables.map((table) => database.prepare(`DELETE FROM "${table}"`))
    this.#first = tables.flatMap((table): [Statement, readonly Row[]][] => {
      const rows = database.prepare<[], Row>(`SELECT * FROM "${table}"`).raw().all()
      const places = (rows[0] ?? []).map(() => '?').join(', ')
      return rows.length === 0 ? [] : [[database.prepare(`INSERT INTO "${table}" VALUES (${places})`), rows]]
    })
    const prepare = database.prepare.bind(database)
    Object.assign(database, {
      prepare: (sql: string) => this.#lend(sql, prepare),
      close: () => database,
    })
  }

  #lend(sql: string, prepare: (sql: string) => Statement): Statement {
    const kept = this.#free.get(sql)?.pop()
    const statement = kept ?? prepare(sql)
    if (kept?.reader === true) kept.pluck(false).raw(false)
    this.#lent.push([sql, statement])
    return statement
  }

  /** The process is gone. */
  abandon(): void {
    if (this.database.inTransaction) this.database.exec('ROLLBACK')
    for (const [sql, statement] of this.#lent) {
      const free = this.#free.get(sql)
      if (free === undefined) this.#free.set(sql, [statement])
      else free.push(statement)
    }
    this.#lent = []
  }

  /** As it was when it was new, for the next world. */
  renew(): void {
    this.abandon()
    const { database } = this
    database.pragma('foreign_keys = OFF')
    database.exec('BEGIN IMMEDIATE')
    for (const clear of this.#clear) clear.run()
    for (const [insert, rows] of this.#first) for (const row of rows) insert.run(...row)
    database.exec('COMMIT')
    database.pragma('foreign_keys = ON')
    database.pragma('application_id = 0')
  }

  destroy(): void {
    this.#lent = []
    this.#free.clear()
    this.#close()
  }
}
