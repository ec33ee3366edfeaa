// COL-7 for what dialects really ask: every list with every declared filter, as staff and as a customer, is served by the frame, and the queries it makes are
// explained by SQLite on the real tables.
import Sqlite from 'better-sqlite3'
import type { Database } from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Dialect } from '../../cloud/dialects/frame/dialect.ts'
import type { Filter, Filters } from '../../cloud/dialects/frame/filters.ts'
import type { Endpoint } from '../../cloud/dialects/frame/resource.ts'
import { PERKVILLE } from '../../cloud/dialects/perkville/perkville.ts'
import { teachPlanner } from '../../cloud/store/sqlite/planner.ts'
import { migrate } from '../../cloud/store/sqlite/schema.ts'
import { PRINCIPALS, planOf, queriesOf } from '../support/dialect-queries.ts'

let database: Database
beforeAll(() => {
  database = new Sqlite(':memory:')
  migrate(database)
  teachPlanner(database)
})
afterAll(() => void database.close())

const VALUES: Readonly<Record<Filter['type'], string>> = {
  key: '1',
  int: '5',
  text: 'x',
  email: 'a@b.example',
  datetime: '2026-01-01',
  date: '2026-01-01',
  boolean: 'true',
}

/** Every name that a list may be filtered by: itself, of several, from one on, and over references as far as three names go. */
function namesOf<S>(dialect: Dialect<S>, filters: Filters, before = ''): [name: string, value: string][] {
  return Object.entries(filters).flatMap(([own, filter]) => {
    const { type, into, list } = filter
    const name = `${before}${own}`
    const value = VALUES[type]
    const ranges = ['int', 'date', 'datetime'].includes(type) ? [`${name}__gte`] : []
    const lists = type === 'boolean' ? [] : [`${name}__in`]
    const names = list === true ? [] : before === '' ? [name, ...lists, ...ranges] : [name]
    const beyond = dialect.resources.find((one) => one.name === into)?.filters ?? dialect.embedded[into ?? '']
    const further =
      beyond === undefined || name.split('__').length > 2 ? [] : namesOf(dialect, beyond, `${name}__`)
    return [...names.map((one): [string, string] => [one, value]), ...further]
  })
}

/** With what must be given beside it. */
function paramsOf(
  { requires }: Endpoint<never>,
  filters: Filters,
  [name, value]: [string, string],
): URLSearchParams {
  const params = new URLSearchParams([[name, value]])
  const base = name.split('__')[0] ?? ''
  const beside = [
    ...(requires?.oneOf?.includes(base) === false ? requires.oneOf.slice(0, 1) : []),
    requires?.with?.[base],
  ]
  for (const other of beside)
    if (other !== undefined && !params.has(other)) params.set(other, VALUES[filters[other]?.type ?? 'text'])
  return params
}

/** What is so of nearly every row is found by no index: every person has an address that is the main one. */
const OF_MOST_ROWS = /emails__primary$/

/** Not one that an operation answers. */
function isList({
  method,
  on,
  operation,
  ...row
}: (typeof PERKVILLE.resources)[number]['endpoints'][number]): boolean {
  return method === 'GET' && on === 'list' && (operation === undefined || 'operationWhen' in row)
}

const LISTS = PERKVILLE.resources.flatMap((resource) =>
  resource.endpoints.filter(isList).map((endpoint) => ({ resource, endpoint })),
)

test('COL-7 there are lists to look at', () => {
  expect(LISTS.length).toBeGreaterThan(20)
})

test.each(LISTS.map((row) => [row.resource.name, row] as const))(
  'COL-7 DF-4 every filter of %s is answered, and walks no table',
  async (_, { resource, endpoint }) => {
    const walked: string[] = []
    const refused: string[] = []
    let looked = 0
    for (const [who, principal] of Object.entries(PRINCIPALS))
      for (const name of namesOf(PERKVILLE, resource.filters)) {
        if (endpoint.requires?.forbids?.includes(name[0]) === true) continue
        const params = paramsOf(endpoint, resource.filters, name)
        const asked = await queriesOf(PERKVILLE, principal, resource.name, params)
        if (typeof asked === 'number') {
          refused.push(`${who} ${params.toString()}: ${asked}`)
          continue
        }
        for (const one of asked) {
          looked++
          const plan = planOf(database, one)
          if (/SCAN (?!json_each)/.test(plan) && !OF_MOST_ROWS.test(name[0]))
            walked.push(`${who} ${params.toString()}: ${plan}`)
        }
      }
    expect(looked).toBeGreaterThan(0)
    expect(refused.filter((text) => !text.endsWith(': 403'))).toEqual([])
    expect(walked).toEqual([])
  },
)
