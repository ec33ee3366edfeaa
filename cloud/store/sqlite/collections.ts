// Rows of collections in the embedded engine. Values come out as they were declared: truth values and JSON are columns of numbers and text inside.
import { isDeepStrictEqual } from 'node:util'
import type { Database, Statement } from 'better-sqlite3'
import { assert } from '../../../protocol/result.ts'
import { columnsOf } from '../../collections/collection.ts'
import type { Collection, Column, Json, Row, Value } from '../../collections/collection.ts'
import { COLLECTIONS, SCHEMA } from '../../collections/collections.ts'
import type { RowQuery } from '../../collections/query.ts'
import type { CollectionReads, CollectionWrites, VersionRow } from '../collection-port.ts'
import { selectOf } from './collection-sql.ts'
import { withFirstSteps } from './first-steps.ts'
import { countOn } from './meta.ts'
import { shapeOf } from './query-shape.ts'
import type { Shaped } from './query-shape.ts'
import type { Raw } from './rows.ts'
import type { preparer } from './statements.ts'

/** Shapes of queries follow what callers filter by; more than this are not kept prepared. */
const STATEMENTS_MAX = 512

type Prepare = ReturnType<typeof preparer>

export function collectionReads(database: Database, sql: Prepare): CollectionReads {
  const prepared = new PreparedQueries(database)
  const lookUp = (collection: Collection, asked: RowQuery): Row[] => {
    const query = withFirstSteps(SCHEMA, collection, asked, lookUp)
    if (query === null) return []
    const { statement, parameters } = prepared.of(collection, query)
    const rows = statement.all(...parameters)
    for (const row of rows) readIn(collection, row)
    // Read as they were declared.
    return rows as Row[]
  }
  return {
    rows: async (collection, query) => lookUp(collection, query),
    versions: async (tenant, { of, after, limit }) =>
      (of === undefined
        ? sql('SELECT * FROM document_versions WHERE tenant = ? AND change > ? ORDER BY change LIMIT ?').all(
            tenant,
            after,
            limit,
          )
        : sql(
            `SELECT * FROM document_versions WHERE collection = ? AND id = ? AND tenant = ? AND change > ?
             ORDER BY version LIMIT ?`,
          ).all(of.collection, of.id, tenant, after, limit)
      ).map((raw) => ({ ...raw, row: JSON.parse(String(raw.row)) as Row }) as unknown as VersionRow),
  }
}

export function collectionWrites(database: Database, sql: Prepare): CollectionWrites {
  return {
    ...collectionReads(database, sql),
    nextIds: async (count) => {
      const last = countOn(sql, 'entity_last', count)
      return Array.from({ length: count }, (_, index) => last - count + 1 + index)
    },
    nextDocumentChange: async () => countOn(sql, 'document_change', 1),
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

/** Prepared statements of queries by their shape, the one used longest ago let go first. */
class PreparedQueries {
  readonly #database: Database
  readonly #byShape = new Map<string, Statement<unknown[], Raw>>()

  constructor(database: Database) {
    this.#database = database
  }

  of(
    collection: Collection,
    query: RowQuery,
  ): { statement: Statement<unknown[], Raw> } & Pick<Shaped, 'parameters'> {
    const { shape, parameters } = shapeOf(SCHEMA, collection, query)
    const known = this.#byShape.get(shape)
    if (known !== undefined) {
      this.#byShape.delete(shape)
      this.#byShape.set(shape, known)
      return { statement: known, parameters }
    }
    const compiled = selectOf(SCHEMA, collection, query)
    assert(
      isDeepStrictEqual(compiled.parameters, parameters),
      'a shape gives its values in the order of its statement',
    )
    // Behind a sign, so that SQLite does not plan anew for every value (statements.ts).
    const statement = this.#database.prepare<unknown[], Raw>(compiled.text.replaceAll('?', '+?'))
    this.#byShape.set(shape, statement)
    const [oldest] = this.#byShape.keys()
    if (this.#byShape.size > STATEMENTS_MAX && oldest !== undefined) this.#byShape.delete(oldest)
    return { statement, parameters }
  }
}

type Reading = readonly (readonly [name: string, type: 'boolean' | 'json'])[]

/** Of each collection the columns that are something else inside. */
const READINGS: ReadonlyMap<Collection, Reading> = new Map(
  COLLECTIONS.map((collection) => [
    collection,
    Object.entries(columnsOf(collection)).flatMap(([name, { type }]) =>
      type === 'boolean' || type === 'json' ? [[name, type] as const] : [],
    ),
  ]),
)

function readIn(collection: Collection, row: Raw): void {
  for (const [name, type] of READINGS.get(collection) ?? []) {
    const value = row[name]
    if (value === null) continue
    // What was written was JSON.
    row[name] = type === 'boolean' ? value === 1 : (JSON.parse(value as string) as Json)
  }
}

function stored({ type }: Column, value: Value): Value {
  if (value === null) return null
  if (type === 'boolean') return Number(value)
  return type === 'json' ? JSON.stringify(value) : value
}
