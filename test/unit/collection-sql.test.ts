// The SQL of collections: declarations are sound, and every declared index is used by the filter it is declared for (COL-7).
import Sqlite from 'better-sqlite3'
import type { Database } from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Schema, columnsOf } from '../../cloud/collections/collection.ts'
import type { Collection } from '../../cloud/collections/collection.ts'
import { COLLECTIONS, SCHEMA } from '../../cloud/collections/collections.ts'
import { and, eq, stepsOf } from '../../cloud/collections/query.ts'
import type { Predicate } from '../../cloud/collections/query.ts'
import { accountWrites } from '../../cloud/store/sqlite/accounts.ts'
import { CollectionRows } from '../../cloud/store/sqlite/collection-rows.ts'
import { selectOf } from '../../cloud/store/sqlite/collection-sql.ts'
import { teachPlanner } from '../../cloud/store/sqlite/planner.ts'
import { migrate } from '../../cloud/store/sqlite/schema.ts'
import { preparer } from '../../cloud/store/sqlite/statements.ts'
import type { MemberId } from '../../protocol/ids.ts'

let database: Database
beforeAll(() => {
  database = new Sqlite(':memory:')
  migrate(database)
  teachPlanner(database)
})
afterAll(() => void database.close())

function planOf(collection: Collection, where: Predicate, tenants: readonly number[] | 'every'): string {
  const { text, parameters } = selectOf(SCHEMA, collection, { tenants, where, limit: 20 })
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${text.replaceAll('?', '+?')}`).all(...parameters)
  return (rows as { detail: string }[]).map(({ detail }) => detail).join('; ')
}

const INDEXED = COLLECTIONS.flatMap((collection) =>
  [...(collection.indexes ?? []), ...(collection.unique ?? [])].map((names) => ({ collection, names })),
)

test('COL-7 there are declared indexes', () => {
  expect(INDEXED.length).toBeGreaterThan(15)
})

test.each(INDEXED.map((row) => [`${row.collection.name} (${row.names.join(', ')})`, row] as const))(
  'COL-7 a filter over %s searches, and walks no table',
  (_, { collection, names }) => {
    const filters = names.filter((name) => name !== 'tenant').map((name) => eq(name, 1))
    const tenants = names.includes('tenant') ? [1] : 'every'
    const plan = planOf(collection, and(...filters), tenants)
    expect(plan).toMatch(/SEARCH/)
    expect(plan).not.toMatch(/SCAN (?!json_each)/)
  },
)

const REFERENCES = COLLECTIONS.flatMap((collection) =>
  Object.entries(columnsOf(collection))
    .filter(([name, { refers }]) => refers !== undefined && name !== 'tenant')
    .map(([name]) => [`${collection.name}.${name}`, collection, name] as const),
)

test.each(REFERENCES)('COL-7 by the reference %s rows are found without a walk', (_, collection, name) => {
  const plan = planOf(collection, eq(name, 1), 'every')
  expect(plan).toMatch(/SEARCH/)
  expect(plan).not.toMatch(/SCAN (?!json_each)/)
})

test('COL-1 a declaration that names nothing is found at once', () => {
  const base = { name: 'a', scope: 'node', versioned: false } as const
  const broken: Collection[] = [
    { ...base, columns: { b: { type: 'integer', refers: 'nowhere' } } },
    { ...base, columns: {}, indexes: [['b']] },
    { ...base, columns: {}, children: { c: { collection: 'a', by: 'b' } } },
    { ...base, columns: { 'B-c': { type: 'text' } } },
  ]
  for (const collection of broken) expect(() => new Schema([collection])).toThrow(/declared|column/)
})

test('COL-2 a way goes over references and child lists, and ends in a column that can be filtered by', () => {
  const things: Collection = {
    name: 'things',
    scope: 'node',
    columns: { owner: { type: 'integer', refers: 'owners' }, note: { type: 'json' } },
    versioned: false,
  }
  const owners: Collection = {
    name: 'owners',
    scope: 'node',
    columns: { name: { type: 'text' } },
    children: { things: { collection: 'things', by: 'owner' } },
    versioned: false,
  }
  const schema = new Schema([things, owners])
  const kinds = (at: string): string | undefined =>
    stepsOf(schema, things, at.split('.'))
      ?.map(({ kind }) => kind)
      .join(' ')
  expect(kinds('owner')).toBe('column')
  expect(kinds('owner.name')).toBe('reference column')
  expect(kinds('owner.things.id')).toBe('reference children column')
  for (const at of ['note', 'owner.nothing', 'name', 'owner.things', '__proto__', 'constructor'])
    expect(kinds(at)).toBeUndefined()
})

test('CON-6 what a member said or used is read from an index, and walks no table', async () => {
  const prepare = preparer(database)
  const asked: string[] = []
  const watched = (text: string): ReturnType<typeof prepare> => {
    asked.push(text)
    return prepare(text)
  }
  const { factsOfKind } = accountWrites(watched, new CollectionRows(watched), () => Promise.resolve([]))
  expect(await factsOfKind(1 as MemberId, 'voucher_use')).toEqual([])
  const plans = asked.map((text) => database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(1, 'voucher_use'))
  expect(plans).toMatchObject([[{ detail: 'SEARCH facts USING INDEX facts_said (member=? AND kind=?)' }]])
})
