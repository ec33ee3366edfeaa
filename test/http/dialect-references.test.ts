// References inside what dialects are sent, made from the served rows: every field that names a record, of every verb, also in the rows of batches, is tried with
// a record of another business, with none, and with one of the caller's own. The first two are answered alike and under the field; the third is not (DF-3, S01).
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Dialect } from '../../cloud/dialects/frame/dialect.ts'
import type { Endpoint, Resource } from '../../cloud/dialects/frame/resource.ts'
import type { InputField, InputTable } from '../../cloud/dialects/frame/input.ts'
import { DialectWorld } from '../support/dialect-world.ts'

const NOTHING = 987_654_321
let world: DialectWorld
let theirs: ReadonlyMap<string, number>
let ours: ReadonlyMap<string, number>
beforeAll(async () => {
  world = await DialectWorld.start()
  ours = await world.fillOurs()
  theirs = await world.fillTheirs()
})
afterAll(() => world.cloud.stop())

interface Named {
  readonly dialect: Dialect<never>
  readonly resource: Resource<never>
  readonly endpoint: Endpoint<never>
  /** Where the field stands in a row of a list: the list. */
  readonly list: string | null
  readonly fields: InputTable['fields']
  readonly name: string
  readonly of: string
}

/** The rows of a batch are what the resource takes one of. */
function tablesOf(
  dialect: Dialect<never>,
  { name }: Resource<never>,
  table: InputTable,
): [string | null, InputTable][] {
  const list = Object.entries(table.fields).find(([, { type }]) => type === 'list')?.[0]
  if (list === undefined) return [[null, table]]
  const one = dialect.resources.find((other) => other.name === name.replace(/^batch\//, ''))
  const row = one?.endpoints.find(({ method, on }) => method === 'POST' && on === 'list')?.input
  if (row === undefined || typeof row === 'function') throw new Error(`${name}: rows of what?`)
  const { business: _, ...fields } = row.fields
  return [
    [null, table],
    [list, { fields }],
  ]
}

function references(): Named[] {
  return world.cloud.node.dialects.flatMap((dialect) =>
    dialect.resources.flatMap((resource) =>
      resource.endpoints.flatMap((endpoint) => {
        const { input } = endpoint
        if (input === undefined || typeof input === 'function') return []
        return tablesOf(dialect, resource, input).flatMap(([list, { fields }]) =>
          Object.entries(fields).flatMap(([name, { type, of }]) =>
            (type === 'key' || type === 'keys') && of !== undefined
              ? [{ dialect, resource, endpoint, list, fields, name, of }]
              : [],
          ),
        )
      }),
    ),
  )
}

const collectionOf = ({ dialect, of }: Named): string =>
  dialect.resources.find(({ name }) => name === of)?.collection ?? ''

function valueOf({ dialect, fields, name }: Named, field: string, key: number): unknown {
  const { type, among, of } = fields[field] as InputField
  if (field === name) return type === 'keys' ? [key] : key
  const values = {
    int: 1,
    text: 'x',
    email: 'new@ours.example',
    boolean: true,
    datetime: '2026-06-03',
    date: '2026-06-03',
    key: ours.get(dialect.resources.find((one) => one.name === of)?.collection ?? '') ?? 1,
    keys: [],
    list: [],
  }
  return among?.[0] ?? values[type]
}

/** What is required, and who a row is about, with things of ours. */
function bodyOf(named: Named, key: number): object {
  const { fields, name, list } = named
  const wanted = Object.keys(fields).filter(
    (field) =>
      field === name ||
      fields[field]?.required === true ||
      field === 'business' ||
      (field === 'location' && 'perk' in fields) ||
      (field === 'user_email' && name !== 'user') ||
      field === 'referral_from_user',
  )
  const row = Object.fromEntries(wanted.map((field) => [field, valueOf(named, field, key)]))
  return list === null ? row : { business: world.ours, [list]: [row] }
}

async function answerTo(named: Named, key: number): Promise<{ status: number; text: string }> {
  const { dialect, resource, endpoint } = named
  const auth = world.cloud.node.platform.dialects.find(({ name }) => name === dialect.name)
  const scopes = (auth?.scopes ?? []).map(({ name }) => name)
  const own = ours.get(resource.collection ?? '')
  const path = `/${dialect.name}${dialect.base}/${resource.name}/${endpoint.on === 'one' ? `${own}/` : ''}`
  const token = await world.tokenWith(dialect.name, scopes, world.administrators.ours)
  const response = await fetch(world.cloud.url + path, {
    method: endpoint.method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(bodyOf(named, key)),
  })
  return { status: response.status, text: await response.text() }
}

test('S01 S02 DF-3 a record of another business in a body is answered as none, and one of ours is not', async () => {
  const all = references()
  expect(all.length).toBeGreaterThan(15)
  expect(new Set(all.map(({ endpoint }) => endpoint.method))).toEqual(new Set(['POST', 'PATCH']))
  const wrong: unknown[] = []
  for (const named of all) {
    const said = `${named.endpoint.method} ${named.resource.name} ${named.list ?? ''} ${named.name}`
    const [foreign, own] = [theirs.get(collectionOf(named)) ?? 0, ours.get(collectionOf(named)) ?? 0]
    const shown = async (key: number): Promise<string> => {
      const { status, text } = await answerTo(named, key)
      return `${status} ${text.replaceAll(new RegExp(`\\b${key}\\b`, 'g'), '#')}`
    }
    const [byTheirs, byNone, byOurs] = [await shown(foreign), await shown(NOTHING), await shown(own)]
    const refusal = named.list === null ? byTheirs.startsWith('4') : byTheirs.includes('"errors"')
    if (byTheirs !== byNone || !refusal || byOurs === byTheirs || byOurs.startsWith('5'))
      wrong.push([said, byTheirs, byNone, byOurs])
  }
  expect(wrong).toEqual([])
})
