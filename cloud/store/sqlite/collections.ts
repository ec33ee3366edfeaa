// Rows of collections in the embedded engine. Values come out as they were declared: truth values and JSON are columns of numbers and text inside.
import type { Database, Statement } from 'better-sqlite3'
import { columnsOf } from '../../collections/collection.ts'
import type { Collection, Column, Json, Row, Value } from '../../collections/collection.ts'
import { SCHEMA } from '../../collections/collections.ts'
import type { CollectionReads, CollectionWrites, VersionRow } from '../collection-port.ts'
import { selectOf } from './collection-sql.ts'
import type { Raw } from './rows.ts'
import type { preparer } from './statements.ts'

/** Texts of queries follow what callers filter by; more than this are not kept prepared. */
const STATEMENTS_MAX = 512

type Prepare = ReturnType<typeof preparer>

export function collectionReads(database: Database, sql: Prepare): CollectionReads {
  const prepared = new PreparedQueries(database)
  return {
    rows: async (collection, query) => {
      const { text, parameters } = selectOf(SCHEMA, collection, query)
      return prepared
        .of(text)
        .all(...parameters)
        .map(rowReader(collection))
    },
    versions: async (collection, id) =>
      sql('SELECT * FROM document_versions WHERE collection = ? AND id = ? ORDER BY version')
        .all(collection.name, id)
        .map((raw) => ({ ...raw, row: JSON.parse(String(raw.row)) as Row }) as unknown as VersionRow),
  }
}

export function collectionWrites(database: Database, sql: Prepare): CollectionWrites {
  const counted = (name: string, count: number): number =>
    Number(
      sql(
        `INSERT INTO meta (name, value) VALUES (?, CAST(? AS TEXT)) ON CONFLICT (name) DO UPDATE
         SET value = CAST(CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER) AS TEXT) RETURNING value`,
      ).get(name, String(count))?.value,
    )
  return {
    ...collectionReads(database, sql),
    nextIds: async (count) => {
      const last = counted('entity_last', count)
      return Array.from({ length: count }, (_, index) => last - count + 1 + index)
    },
    nextDocumentChange: async () => counted('document_change', 1),
    insertRows: async (collection, rows) => {
      const columns = Object.entries(columnsOf(collection))
      const insert = sql(
        `INSERT INTO "${collection.name}" (${columns.map(([name]) => `"${name}"`).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      )
      for (const row of rows)
        insert.run(...columns.map(([name, column]) => stored(column, row[name] ?? null)))
    },
    updateRow: async (collection, id, changes) => {
      const columns = Object.entries(columnsOf(collection)).filter(
        ([name]) => name !== 'id' && Object.hasOwn(changes, name),
      )
      sql(
        `UPDATE "${collection.name}" SET ${columns.map(([name]) => `"${name}" = ?`).join(', ')} WHERE id = ?`,
      ).run(...columns.map(([name, column]) => stored(column, changes[name] ?? null)), id)
    },
    deleteRows: async (collection, ids) => {
      const remove = sql(`DELETE FROM "${collection.name}" WHERE id = ?`)
      for (const id of ids) remove.run(id)
    },
    insertVersion: async ({ collection, id, version, tenant, change, at, by, row }) => {
      sql('INSERT INTO document_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
        collection,
        id,
        version,
        tenant,
        change,
        at,
        by,
        JSON.stringify(row),
      )
    },
  }
}

/** Prepared statements of queries, the one used longest ago let go first. */
class PreparedQueries {
  readonly #database: Database
  readonly #byText = new Map<string, Statement<unknown[], Raw>>()

  constructor(database: Database) {
    this.#database = database
  }

  of(text: string): Statement<unknown[], Raw> {
    const known = this.#byText.get(text)
    if (known !== undefined) {
      this.#byText.delete(text)
      this.#byText.set(text, known)
      return known
    }
    // Behind a sign, so that SQLite does not plan anew for every value (statements.ts).
    const statement = this.#database.prepare<unknown[], Raw>(text.replaceAll('?', '+?'))
    this.#byText.set(text, statement)
    const [oldest] = this.#byText.keys()
    if (this.#byText.size > STATEMENTS_MAX && oldest !== undefined) this.#byText.delete(oldest)
    return statement
  }
}

function rowReader(collection: Collection): (raw: Raw) => Row {
  const columns = Object.entries(columnsOf(collection))
  return (raw) => Object.fromEntries(columns.map(([name, column]) => [name, read(column, raw[name])]))
}

function read({ type }: Column, value: unknown): Value {
  if (value === null || value === undefined) return null
  if (type === 'boolean') return value === 1
  // What was written was JSON, a number or text.
  return type === 'json' ? (JSON.parse(value as string) as Json) : (value as Value)
}

function stored({ type }: Column, value: Value): Value {
  if (value === null) return null
  if (type === 'boolean') return Number(value)
  return type === 'json' ? JSON.stringify(value) : value
}
