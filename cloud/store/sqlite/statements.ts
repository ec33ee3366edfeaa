// SQL is written where it is used and prepared once per connection.
import type { Database, Statement } from 'better-sqlite3'
import { planOnce } from '../../../protocol/sql-parameters.ts'
import type { Raw } from './rows.ts'

/** Prepared statements by their text, each planned once: 17 us instead of 130 for a member by identity. */
export function preparer(database: Database): (sql: string) => Statement<unknown[], Raw> {
  const prepared = new Map<string, Statement<unknown[], Raw>>()
  return (sql) => {
    let statement = prepared.get(sql)
    if (statement === undefined) {
      statement = database.prepare<unknown[], Raw>(planOnce(sql))
      prepared.set(sql, statement)
    }
    return statement
  }
}

export function present<T>(rows: (T | undefined)[]): T[] {
  return rows.filter((row) => row !== undefined)
}
