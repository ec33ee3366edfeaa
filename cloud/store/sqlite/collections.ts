// What is asked of collections in the embedded engine: queries of one shape are one prepared statement, and every row that one finds is what was written, and
// what was asked for (S-12).
import { isDeepStrictEqual } from 'node:util'
import type { Database, Statement } from 'better-sqlite3'
import { assert } from '../../../protocol/result.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import type { Collection, Row } from '../../collections/collection.ts'
import { SCHEMA } from '../../collections/collections.ts'
import type { RowQuery } from '../../collections/query.ts'
import type { CollectionReads, CollectionWrites, VersionRow } from '../collection-port.ts'
import type { CollectionRows } from './collection-rows.ts'
import { selectOf } from './collection-sql.ts'
import { withFirstSteps } from './first-steps.ts'
import { countOn } from './meta.ts'
import { askedBy, shapeOf } from './query-shape.ts'
import type { Shaped } from './query-shape.ts'
import type { Raw } from './rows.ts'
import type { preparer } from './statements.ts'

/** Shapes of queries follow what callers filter by; more than this are not kept prepared. */
const STATEMENTS_MAX = 512

type Prepare = ReturnType<typeof preparer>

export function collectionReads(database: Database, sql: Prepare, kept: CollectionRows): CollectionReads {
  const prepared = new PreparedQueries(database)
  const lookUp = (collection: Collection, asked: RowQuery): Row[] => {
    const query = withFirstSteps(SCHEMA, collection, asked, lookUp)
    if (query === null) return []
    const { statement, parameters } = prepared.of(collection, query)
    const raws = statement.all(...parameters)
    kept.prove(collection, raws)
    if (!raws.every(askedBy(query)))
      throw new UnsoundRow(`a row of ${collection.name} is found by another key`)
    return kept.declared(collection, raws)
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

export function collectionWrites(database: Database, sql: Prepare, kept: CollectionRows): CollectionWrites {
  return {
    ...collectionReads(database, sql, kept),
    nextIds: async (count) => {
      const last = countOn(sql, 'entity_last', count)
      return Array.from({ length: count }, (_, index) => last - count + 1 + index)
    },
    nextDocumentChange: async () => countOn(sql, 'document_change', 1),
    insertRows: async (collection, rows) => {
      for (const row of rows) kept.insert(collection, row)
    },
    updateRow: async (collection, id, changes) => kept.change(collection, id, changes),
    deleteRows: async (collection, ids) => {
      for (const id of ids) kept.delete(collection, id)
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
