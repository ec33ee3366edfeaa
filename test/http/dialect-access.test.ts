// Every endpoint of every dialect that the node serves, with every kind of wrong token and scope, and as another business: made from its rows, so that a
// dialect or a resource that is added is tried without a test being written (PL-16, DF-3).
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Dialect } from '../../cloud/dialects/frame/dialect.ts'
import type { Endpoint, Resource } from '../../cloud/dialects/frame/resource.ts'
import { DialectWorld } from '../support/dialect-world.ts'
import type { Caller } from '../support/dialect-world.ts'
import { addClient } from '../support/oauth-world.ts'

let world: DialectWorld
beforeAll(async () => {
  world = await DialectWorld.start()
})
afterAll(() => world.cloud.stop())

interface Tried {
  readonly dialect: Dialect<never>
  readonly resource: Resource<never>
  readonly endpoint: Endpoint<never>
  /** The parameter that makes it another endpoint. */
  readonly when?: string
}

/** With each that a parameter makes of one (`when`): it has scopes of its own. */
function endpoints(): Tried[] {
  return world.cloud.node.dialects.flatMap((dialect) =>
    dialect.resources.flatMap((resource) =>
      resource.endpoints.flatMap((endpoint) => [
        { dialect, resource, endpoint },
        ...Object.entries(endpoint.when ?? {}).map(([when, instead]) => ({
          dialect,
          resource,
          endpoint: { ...endpoint, ...instead },
          when,
        })),
      ]),
    ),
  )
}

function pathOf({ dialect, resource, endpoint, when }: Tried, id: number | string = 1): string {
  const { name, base, oneAddress } = dialect
  if (when !== undefined) return `/${name}${base}/${resource.name}/?${when}=${id}`
  if (oneAddress !== undefined) return `/${name}${base}/?${oneAddress.selector}=${resource.name}`
  return `/${name}${base}/${resource.name}/${endpoint.on === 'one' ? `${id}/` : ''}`
}

function scopesOf({ dialect }: Tried): string[] {
  const auth = world.cloud.node.platform.dialects.find(({ name }) => name === dialect.name)
  return (auth?.scopes ?? []).map(({ name }) => name)
}

async function send(
  method: string,
  path: string,
  token: string | null,
  body?: object,
): Promise<{ status: number; text: string }> {
  const response = await fetch(world.cloud.url + path, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text() }
}

/** What a parameter decides, by name: one that is added is looked at here too. */
const WHEN = ['promotions?location', 'users?code']

const saidOf = (tried: Tried): string => `${tried.endpoint.method} ${pathOf(tried)}`

test('S05 PL-16 what is no token of the dialect opens none of its endpoints', async () => {
  expect(endpoints().length).toBeGreaterThan(20)
  expect(
    endpoints().flatMap(({ resource, when }) => (when === undefined ? [] : [`${resource.name}?${when}`])),
  ).toEqual(WHEN)
  const native = await addClient(world.cloud, {
    dialect: 'native',
    scopes: ['members:read'],
    grants: ['client_credentials'],
    redirects: [],
  })
  const opened = await Promise.all(
    endpoints().flatMap((tried) =>
      [null, 'A'.repeat(43), world.cloud.node.token, native.secret].map(async (token) => {
        const { status } = await send(tried.endpoint.method, pathOf(tried), token)
        return status === 401 ? [] : [`${saidOf(tried)} ${status}`]
      }),
    ),
  )
  expect(opened.flat()).toEqual([])
})

test('S05 PL-6 PL-3 neither does a token of another dialect, nor one whose family ended', async () => {
  const { store } = world.cloud.node
  for (const tried of endpoints()) {
    const other = await world.tokenWith('native', scopesOf(tried), world.administrators.ours)
    expect([saidOf(tried), (await send(tried.endpoint.method, pathOf(tried), other)).status]).toEqual([
      saidOf(tried),
      401,
    ])
  }
  for (const tried of endpoints()) {
    const ended = await world.tokenWith(
      tried.dialect.name,
      [...scopesOf(tried), 'ended'],
      world.administrators.ours,
    )
    const family = (await world.cloud.principalOf(ended))?.family
    if (family !== undefined) await store.write((tx) => tx.endFamily(family))
    expect([saidOf(tried), (await send(tried.endpoint.method, pathOf(tried), ended)).status]).toEqual([
      saidOf(tried),
      401,
    ])
  }
})

test('S03 PL-16 PG-22 a token with every scope but one that an endpoint needs does not open it', async () => {
  for (const tried of endpoints()) {
    const all = scopesOf(tried)
    const { scopes, method } = tried.endpoint
    const lacking = [...scopes.all.map((scope) => [scope]), ...scopes.anyOf]
    for (const missing of lacking) {
      const left = all.filter((scope) => !missing.includes(scope))
      const token = await world.tokenWith(tried.dialect.name, left, world.administrators.ours)
      const { status } = await send(method, pathOf(tried), token)
      expect([saidOf(tried), missing, status]).toEqual([saidOf(tried), missing, 403])
    }
    const whole = await world.tokenWith(tried.dialect.name, all, world.administrators.ours)
    expect([saidOf(tried), (await send(method, pathOf(tried), whole)).status === 401]).toEqual([
      saidOf(tried),
      false,
    ])
  }
})

describe('S01 S02 DF-3 a row of another business', () => {
  let rows: ReadonlyMap<string, number>
  beforeAll(async () => {
    rows = await world.fillTheirs()
  })

  const idOf = ({ resource }: Tried): number | undefined => rows.get(resource.collection ?? '')
  const idOfResource = (dialect: Dialect<never>, name: string): number | undefined =>
    rows.get(dialect.resources.find((one) => one.name === name)?.collection ?? '')
  const asOf = (tried: Tried, caller: Caller): Promise<string> =>
    world.tokenWith(tried.dialect.name, scopesOf(tried), caller)
  /** Whether what a scope opens is open to all: then only the client's businesses keep it apart. */
  const isPublic = ({ endpoint }: Tried): boolean =>
    Object.values(endpoint.sees ?? {}).some(({ kind }) => kind === 'all')

  test('is there for its own administrator, and for nobody of ours, under its own key', async () => {
    const { ours, theirs } = world.administrators
    let seen = 0
    for (const tried of endpoints().filter(
      ({ endpoint, resource }) => endpoint.on === 'one' && resource.collection !== null,
    )) {
      const path = pathOf(tried, idOf(tried))
      const { method } = tried.endpoint
      if (method === 'GET') {
        const own = await send(method, path, await asOf(tried, theirs))
        // What only its customer sees is not the administrator's either.
        const staffed =
          isPublic(tried) || Object.values(tried.endpoint.sees ?? {}).some(({ kind }) => kind === 'staff')
        expect([path, own.status]).toEqual([path, staffed ? 200 : 404])
        if (staffed) seen++
      }
      const callers = isPublic(tried) ? [ours] : [ours, { ...ours, tenants: [] }]
      for (const caller of callers) {
        const body = method === 'GET' ? undefined : {}
        const { status } = await send(method, path, await asOf(tried, caller), body)
        // What has no such verb for one record says so.
        expect([method, path, status]).toEqual([method, path, status === 501 ? 501 : 404])
      }
    }
    expect(seen).toBeGreaterThan(15)
  })

  test('is in no list of ours, also where a filter names it', async () => {
    const { ours } = world.administrators
    let lists = 0
    for (const tried of endpoints().filter(
      ({ endpoint }) => endpoint.method === 'GET' && endpoint.on === 'list',
    )) {
      const { resource, dialect, endpoint } = tried
      if (resource.collection === null) continue
      const asked = [
        ...Object.entries(resource.filters).flatMap(([name, { type, into }]) => {
          const id = type === 'key' && into !== undefined ? idOfResource(dialect, into) : undefined
          return id === undefined ? [] : [{ [name]: String(id) }]
        }),
        { business: '1' },
        {},
      ]
      for (const given of asked) {
        const params = new URLSearchParams(given)
        for (const name of endpoint.requires?.oneOf ?? [])
          if (!Object.keys(given).some((one) => endpoint.requires?.oneOf?.includes(one) === true))
            params.set(
              name,
              name === 'business'
                ? '1'
                : String(idOfResource(dialect, resource.filters[name]?.into ?? '') ?? 1),
            )
        for (const caller of isPublic(tried) ? [ours] : [ours, { ...ours, tenants: [] }]) {
          // What a parameter makes of it is asked about their location.
          const path = pathOf(tried, rows.get('locations'))
          const address = `${path}${path.includes('?') ? '&' : '?'}${params}`
          const { status, text } = await send('GET', address, await asOf(tried, caller))
          if (status !== 200) continue
          lists++
          expect([
            pathOf(tried),
            params.toString(),
            text.includes(`/${resource.name}/${idOf(tried)}/`),
            text.includes('theirs'),
          ]).toEqual([pathOf(tried), params.toString(), false, false])
        }
      }
    }
    expect(lists).toBeGreaterThan(40)
  })
})
