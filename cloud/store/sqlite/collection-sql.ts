// Collections as SQL of the embedded engine: their tables, and a query value as a statement. Kysely writes the text and gathers the parameters; names
// come from declarations only. A way over references and child lists becomes nested `IN (SELECT …)`, which the engine answers from the index of
// the innermost filter outwards. A list of values is one parameter, so that the text does not grow with it and the cache of statements is small.
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import { columnsOf } from '../../collections/collection.ts'
import type { Collection, ColumnType, Schema } from '../../collections/collection.ts'
import { stepsOf } from '../../collections/query.ts'
import type { Comparison, Order, Predicate, RowQuery, Step } from '../../collections/query.ts'
import { hasSum } from './collection-rows.ts'
import { boundOf } from './query-shape.ts'

/** Only compiles: statements are run where they are prepared. */
const compiler = new Kysely<Record<string, never>>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  integer: 'INTEGER',
  text: 'TEXT',
  decimal: 'TEXT',
  datetime: 'INTEGER',
  date: 'TEXT',
  boolean: 'INTEGER',
  json: 'TEXT',
}

/** History of all documents is one table: it is read by document, and from a cursor. */
const VERSIONS_TABLE = `
CREATE TABLE document_versions (collection TEXT NOT NULL, id INTEGER NOT NULL, version INTEGER NOT NULL, tenant INTEGER NOT NULL, change INTEGER NOT NULL,
  at INTEGER NOT NULL, by TEXT NOT NULL, "row" TEXT NOT NULL, PRIMARY KEY (collection, id, version)) WITHOUT ROWID;
CREATE INDEX document_versions_change ON document_versions (tenant, change);
`

/** The statements that make all declared tables and their indexes. */
export function tablesOf(collections: readonly Collection[]): string {
  return (
    VERSIONS_TABLE +
    collections
      .filter(({ owned }) => owned !== true)
      .map(tableOf)
      .join('')
  )
}

function tableOf(collection: Collection): string {
  const columns = Object.entries(columnsOf(collection)).map(([name, { type, null: nullable }]) =>
    name === 'id'
      ? 'id INTEGER PRIMARY KEY'
      : `"${name}" ${SQL_TYPES[type]}${nullable === true ? '' : ' NOT NULL'}`,
  )
  const indexes = indexesOf(collection).map(
    ({ name, columns: names, unique }) =>
      `CREATE ${unique ? 'UNIQUE INDEX' : 'INDEX'} "${name}" ON "${collection.name}" (${names.map((column) => `"${column}"`).join(', ')});\n`,
  )
  return [
    `CREATE TABLE "${collection.name}" (${columns.join(', ')}, sum INTEGER NOT NULL);\n`,
    ...indexes,
  ].join('')
}

export interface Index {
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: boolean
}

export function indexesOf({ name, scope, indexes = [], unique = [] }: Collection): Index[] {
  const index =
    (isUnique: boolean) =>
    (columns: readonly string[]): Index => ({
      name: `${name}_${columns.join('_')}`,
      columns,
      unique: isUnique,
    })
  return [
    ...(scope === 'tenant' ? [index(false)(['tenant', 'id'])] : []),
    ...indexes.map(index(false)),
    ...unique.map(index(true)),
  ]
}

export interface Statement {
  readonly text: string
  readonly parameters: readonly unknown[]
}

export function selectOf(schema: Schema, collection: Collection, query: RowQuery): Statement {
  const order = [...(query.order ?? []), { column: 'id', ...directionOf(query.order) }]
  const where = [
    ...tenantsOf(collection, query),
    predicateOf({ schema, collection, query }, query.where),
    ...keysetOf(order, query.after),
  ]
  // Only what is declared: an owner's table may have more, such as passwords.
  const names = [...Object.keys(columnsOf(collection)), ...(hasSum(collection) ? ['sum'] : [])]
  const columns = sql.join(names.map((name) => sql.ref(name)))
  const compiled =
    sql`SELECT ${columns} FROM ${sql.table(collection.name)} WHERE ${sql.join(where, sql` AND `)}
    ORDER BY ${sql.join(order.map(orderOf))} LIMIT ${query.limit} OFFSET ${query.offset ?? 0}`.compile(
      compiler,
    )
  return { text: compiled.sql, parameters: compiled.parameters.map(boundOf) }
}

function tenantsOf(collection: Collection, { tenants }: RowQuery): RawBuilder<unknown>[] {
  if (collection.scope === 'node' || tenants === 'every') return []
  const [first] = tenants
  // One tenant is the usual case, and the one an index serves with its order kept.
  return first !== undefined && tenants.length === 1
    ? [sql`"tenant" = ${first}`]
    : [sql`"tenant" IN ${listOf(tenants)}`]
}

interface Asking {
  readonly schema: Schema
  readonly collection: Collection
  readonly query: RowQuery
}

function predicateOf(asking: Asking, predicate: Predicate): RawBuilder<unknown> {
  if ('all' in predicate) return joined(predicate.all, ' AND ', '1')
  if ('any' in predicate) return joined(predicate.any, ' OR ', '0')
  const { schema, collection, query } = asking
  const steps = stepsOf(schema, collection, predicate.at)
  if (steps === undefined)
    throw new Error(`${collection.name} has no way ${predicate.at.join('.')} to filter by`)
  const [first, ...rest] = steps
  if (!('test' in predicate && predicate.test) || first?.kind !== 'children')
    return along(steps, predicate, query)
  const { of, by } = first
  const own = sql`${sql.ref(by)} = ${sql.ref(`${collection.name}.id`)}`
  return sql`EXISTS (SELECT 1 FROM ${sql.table(of.name)} WHERE ${own} AND ${further(of, rest, predicate, query)})`

  function joined(list: readonly Predicate[], word: string, empty: string): RawBuilder<unknown> {
    if (list.length === 0) return sql.raw(empty)
    const parts = list.map((part) => predicateOf(asking, part))
    return sql`(${sql.join(parts, sql.raw(word))})`
  }
}

type Leaf = Extract<Predicate, { at: readonly string[] }>

function along([step, ...rest]: readonly Step[], leaf: Leaf, query: RowQuery): RawBuilder<unknown> {
  switch (step?.kind) {
    case 'column':
      return compared(step.column, leaf)
    case 'reference':
      return sql`${sql.ref(step.column)} IN (SELECT "id" ${beyond(step.to, rest)})`
    case 'children':
      return sql`"id" IN (SELECT ${sql.ref(step.by)} ${beyond(step.of, rest)})`
    case undefined:
      throw new Error('a way ends in a column')
  }

  function beyond(collection: Collection, way: readonly Step[]): RawBuilder<unknown> {
    return sql`FROM ${sql.table(collection.name)} WHERE ${further(collection, way, leaf, query)}`
  }
}

/** Rows further on are of the same tenants: it is what their indexes begin with, and no filter looks at another tenant's. */
function further(
  collection: Collection,
  way: readonly Step[],
  leaf: Leaf,
  query: RowQuery,
): RawBuilder<unknown> {
  return sql.join([...tenantsOf(collection, query), along(way, leaf, query)], sql` AND `)
}

const SIGNS: Readonly<Record<Exclude<Comparison, 'in'>, string>> = {
  eq: '=',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
}

function compared(column: string, leaf: Leaf): RawBuilder<unknown> {
  const ref = sql.ref(column)
  switch (leaf.is) {
    case 'null':
      return sql`${ref} IS NULL`
    case 'not_null':
      return sql`${ref} IS NOT NULL`
    case 'in':
      return sql`${ref} IN ${listOf(leaf.value)}`
    default:
      return sql`${ref} ${sql.raw(SIGNS[leaf.is])} ${leaf.value}`
  }
}

function listOf(values: readonly (number | string)[]): RawBuilder<unknown> {
  return sql`(SELECT "value" FROM json_each(${JSON.stringify(values)}))`
}

function directionOf(order: readonly Order[] | undefined): { descending?: true } {
  return order?.at(-1)?.descending === true ? { descending: true } : {}
}

function orderOf({ column, descending, nulls }: Order): RawBuilder<unknown> {
  return sql`${sql.ref(column)}${sql.raw(`${descending === true ? ' DESC' : ''}${nulls === 'last' ? ' NULLS LAST' : ''}`)}`
}

function keysetOf(order: readonly Order[], after: RowQuery['after']): RawBuilder<unknown>[] {
  if (after === undefined) return []
  const columns = sql.join(order.map(({ column }) => sql.ref(column)))
  const sign = sql.raw(order[0]?.descending === true ? '<' : '>')
  return [sql`(${columns}) ${sign} (${sql.join(after)})`]
}
