// What dialects are sent, made from the served rows. Texts that are meant for a database, a page or a header are texts like any other (S24). References: every field that names a record, of every verb, also in the rows of batches, is tried with
// a record of another business, with none, and with one of the caller's own. The first two are answered alike and under the field; the third is not (DF-3, S01).
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Dialect } from '../../cloud/dialects/frame/dialect.ts'
import type { Endpoint, Resource } from '../../cloud/dialects/frame/resource.ts'
import { readInput } from '../../cloud/dialects/frame/input.ts'
import type { InputField, InputTable } from '../../cloud/dialects/frame/input.ts'
import { DialectWorld } from '../support/dialect-world.ts'
import { HALF_A_PAIR, INJECTIONS } from '../support/injections.ts'

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

describe('S24 what is meant for a database, a page, a header or a shell', () => {
  type Place = Pick<Named, 'dialect' | 'resource' | 'endpoint'>
  type Texts = readonly (readonly [name: string, text: string])[]

  function places(): Place[] {
    return world.cloud.node.dialects.flatMap((dialect) =>
      dialect.resources.flatMap((resource) =>
        resource.endpoints.map((endpoint) => ({ dialect, resource, endpoint })),
      ),
    )
  }

  async function send(
    { dialect, resource, endpoint }: Place,
    { behind = '', body }: { behind?: string; body?: Readonly<Record<string, unknown>> },
  ): Promise<{ status: number; text: string }> {
    const { name, base, oneAddress } = dialect
    const auth = world.cloud.node.platform.dialects.find((one) => one.name === name)
    const scopes = (auth?.scopes ?? []).map((scope) => scope.name)
    const token = await world.tokenWith(name, scopes, world.administrators.ours)
    const form = endpoint.form === true ? new URLSearchParams(body as Record<string, string>) : undefined
    const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded'
    const path = oneAddress === undefined ? `${resource.name}/` : `?${oneAddress.selector}=${resource.name}&`
    const response = await fetch(`${world.cloud.url}/${name}${base}/${path}${behind}`, {
      method: endpoint.method,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      ...(body === undefined ? {} : { body: form?.toString() ?? JSON.stringify(body) }),
    })
    return { status: response.status, text: await response.text() }
  }

  /** The filters that must be given, with something of ours. */
  const required = ({ filters, endpoints }: Resource<never>, but: string): string[] =>
    endpoints
      .flatMap(({ requires = {} }) => [...(requires.oneOf ?? []).slice(0, 1), requires.with?.[but] ?? but])
      .filter((name) => name !== but)
      .map((name) => `&${name}=${filters[name]?.type === 'key' ? world.ours : 'x'}`)

  test('DF-4 finds nothing by any filter, or is refused by its name', async () => {
    const wrong: unknown[] = []
    let [empty, turn] = [0, 0]
    for (const place of places()) {
      const { resource, endpoint } = place
      if (endpoint.method !== 'GET' || endpoint.on !== 'list') continue
      for (const [name, { type }] of Object.entries(resource.filters)) {
        // A fifth of them to each that takes texts, one or two to each other; the next gets the next.
        const every = type === 'text' || type === 'email' ? 5 : 30
        turn++
        const texts = INJECTIONS.filter((_, at) => (at + turn) % every === 0)
        await Promise.all(
          texts.map(async (text) => {
            const behind = `?${name}=${encodeURIComponent(text)}${required(resource, name).join('')}`
            const answer = await send(place, { behind })
            if (answer.status === 200 && answer.text.endsWith('"objects":[]}')) empty++
            else if (answer.status !== 400 || !answer.text.includes(name))
              wrong.push([resource.name, name, text, answer])
          }),
        )
      }
    }
    expect(wrong).toEqual([])
    expect(empty).toBeGreaterThan(150)
  })

  /** Sends the texts beside what is required; what is refused by its name is left out, so that the others are heard. */
  async function heard(place: Place, texts: Texts): Promise<{ texts: Texts; status: number; text: string }> {
    const { resource, endpoint } = place
    const { fields } = endpoint.input as InputTable
    const base = bodyOf({ ...place, list: null, fields, name: '', of: '' }, 0)
    const behind = endpoint.on === 'one' ? `${ours.get(resource.collection ?? '')}/` : ''
    const answer = await send(place, { behind, body: { ...base, ...Object.fromEntries(texts) } })
    const said = answer.text.replaceAll('"location"', '"external_location_id"')
    const left = answer.status === 400 ? texts.filter(([name]) => !said.includes(name)) : texts
    return left.length < texts.length ? heard(place, left) : { ...answer, texts }
  }

  test('DF-5 is kept as it came in any field, or refused by its name', async () => {
    const wrong: unknown[] = []
    const unseen = new Set<string>()
    let kept = 0
    for (const place of places()) {
      const { input } = place.endpoint
      // It takes no text besides a registered address.
      if (input === undefined || typeof input === 'function' || place.resource.name === 'identify') continue
      const names = Object.entries(input.fields).flatMap(([name, { type, among }]) =>
        type === 'text' && among === undefined ? [name] : [],
      )
      const sets: Texts[] = [names.map((name) => [name, HALF_A_PAIR])]
      for (let from = 0; from < INJECTIONS.length && names.length > 0; from += names.length)
        sets.push(names.map((name, at) => [name, INJECTIONS[(from + at) % INJECTIONS.length] ?? '']))
      for (const set of names.length === 0 ? [] : sets) {
        const { texts, status, text: answer } = await heard(place, set)
        if (status >= 500 || (texts.length > 0 && status >= 300))
          wrong.push([place.resource.name, texts, answer])
        const shown = status < 300 ? (JSON.parse(answer) as Readonly<Record<string, unknown>>) : {}
        for (const [name, text] of texts)
          if (!(name in shown)) unseen.add(`${place.resource.name} ${name}`)
          else if (shown[name] === text) kept++
          else wrong.push([place.resource.name, name, text, shown[name]])
      }
    }
    expect(wrong).toEqual([])
    expect(kept).toBeGreaterThan(200)
    expect([...unseen]).toEqual([
      'external-members first_name',
      'external-members last_name',
      'referrals referral_to_first_name',
      'referrals referral_to_last_name',
      'transactions first_name',
      'transactions last_name',
      'transactions external_member_id',
      'transactions external_system_id',
      'vouchers external_location_id',
    ])
  })

  test('S28 a number beyond what is counted exactly, or none, is refused by its name', async () => {
    const wrong: unknown[] = []
    let refusals = 0
    for (const place of places()) {
      const { input } = place.endpoint
      if (input === undefined || typeof input === 'function') continue
      for (const [name, { type, among }] of Object.entries(input.fields))
        if (type === 'int' && among === undefined)
          for (const number of [
            '9007199254740993',
            '18446744073709551616',
            '1e309',
            '1e3',
            'NaN',
            '1.5',
            '0x10',
          ]) {
            const { texts, status } = await heard(place, [[name, number]])
            if (texts.length === 0 && status < 500) refusals++
            else wrong.push([place.resource.name, name, number, status])
          }
    }
    expect(wrong).toEqual([])
    expect(refusals).toBeGreaterThan(20)
  })

  test('DF-11 breaks no call where all fields have one address', async () => {
    const broken: unknown[] = []
    const FIELDS = ['phone', 'points', 'page', 'code', 'reference', 'store', 'email', 'card', 'name', 'use']
    let at = 0
    for (const { dialect, resource } of places().filter(
      ({ dialect: { oneAddress } }) => oneAddress !== undefined,
    )) {
      const [endpoint] = resource.endpoints
      if (endpoint === undefined) continue
      const fine = Object.fromEntries(FIELDS.map((field) => [field, field === 'phone' ? '5550100' : '1']))
      await Promise.all(
        FIELDS.map(async (name) => {
          const text = INJECTIONS[at++ % INJECTIONS.length] ?? ''
          const behind = new URLSearchParams({ ...fine, [name]: text }).toString()
          const { status } = await send({ dialect, resource, endpoint }, { behind })
          if (status >= 500 || status === 401) broken.push([resource.name, name, text, status])
        }),
      )
    }
    expect(at).toBeGreaterThan(2 * INJECTIONS.length)
    expect(broken).toEqual([])
  })
})

test('DF-2 the names of a path may be percent-encoded, and what comes of it is a name', async () => {
  const id = String(ours.get('perks'))
  const [auth] = world.cloud.node.platform.dialects.filter(({ name }) => name === 'perkville')
  const scopes = (auth?.scopes ?? []).map(({ name }) => name)
  const token = await world.tokenWith('perkville', scopes, world.administrators.ours)
  const encoded = `%3${id.slice(0, 1)}${id.slice(1)}`
  const said = async (path: string): Promise<number> =>
    (
      await fetch(`${world.cloud.url}/perkville/v2/${path}`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).status
  const paths = [
    `perks/${id}/`,
    `perks/${encoded}/`,
    `p%65rks/${encoded}`,
    `perks%2F${id}/`,
    `perks/${id}%00/`,
    'perks/%/',
    'perks/%ff/',
  ]
  expect(await Promise.all(paths.map(said))).toEqual([200, 200, 200, 404, 404, 404, 404])
})

test('S42 no text keeps the node busy, however it is made for an expression that goes back', () => {
  const types = ['email', 'datetime', 'date', 'int', 'key', 'keys', 'boolean', 'text'] as const
  const fields = Object.fromEntries(types.map((type) => [type, { type, of: 'perks' }]))
  const pieces = ['a', '@', 'a@', 'a.', '/perks/', '/a', '1', ' ', '2026-06-03 ', '-', '1,', '\ud83d\ude00']
  for (const piece of pieces)
    for (const text of [piece.repeat(50_000), `a@${piece.repeat(50_000)}`, `${piece.repeat(50_000)}!`]) {
      const before = process.cpuUsage()
      const read = readInput({ fields }, Object.fromEntries(types.map((type) => [type, text])))
      const { user } = process.cpuUsage(before)
      expect([piece, read.ok, user < 50_000]).toEqual([piece, false, true])
    }
})
