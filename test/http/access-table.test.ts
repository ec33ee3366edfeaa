// Every endpoint of the native API with every kind of wrong token, scope, role and business, made from the route table: a row that is added is tried
// without anybody thinking of it (PL-16).
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERYTHING } from '../../cloud/collections/query.ts'
import { ACCOUNTS } from '../../cloud/collections/tables/accounts.ts'
import { NATIVE_SCOPES, SCOPES_OF_ROLE } from '../../cloud/platform/native-scopes.ts'
import type { NativeScope } from '../../cloud/platform/native-scopes.ts'
import { PERKVILLE_AUTH } from '../../cloud/dialects/perkville/auth.ts'
import { ROUTES } from '../../cloud/http/routes/routes.ts'
import type { Route } from '../../cloud/http/route.ts'
import { STAFF_ROLES } from '../../cloud/store/platform-port.ts'
import { CloudUnderTest, eventually, items, pick } from '../support/cloud-node.ts'
import type { Answer } from '../support/cloud-node.ts'
import { ENTITIES, makeEntities } from '../support/entities.ts'
import { HQ_PROGRAM } from '../support/hq-program.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import {
  PASSWORD,
  REDIRECT,
  addClient,
  addStaff,
  addTenant,
  askToken,
  authorizePath,
  codeOf,
  nativeTokens,
} from '../support/oauth-world.ts'

let cloud: CloudUnderTest
let now = Date.UTC(2026, 10, 1)
/** The other business of the node. */
let other: { id: number; token: string }
/** Ids of things of business 1, by the path that names them. */
let things: Readonly<Record<string, string>>
const NATIVE = { path: '/oauth/token' }

beforeAll(async () => {
  cloud = await CloudUnderTest.start(() => now)
  other = await addTenant(cloud, 'Other')
  await cloud.publish(HQ_PROGRAM)
  await cloud.publish(HQ_PROGRAM)
  // The other's program has none of our challenges and segments.
  await cloud.post('/v1/programs', { document: SMALL_PROGRAM }, { token: other.token })
  const device = await cloud.addDevice('Shop')
  await device.connect()
  const member = device.enrol({ at: now }, [{ kind: 'card', value: '1' }], 'Ada')
  const sale = device.sale({ at: now + 1, member }, [{ sku: 'a', amount: 500 }])
  await device.sync()
  await addStaff(cloud, 'ada@shop.example')
  const client = await addClient(cloud)
  const staff = pick((await cloud.ask('/v1/staff')).json, 'items', 0, 'id')
  const whatIf = await cloud.post('/v1/what-ifs', { document: HQ_PROGRAM })
  const quarantined = device.writeBytes(Buffer.from([0xa0]), { kind: 'sale' } as never)
  expect(quarantined).toBeDefined()
  await device.sync(device.seq)
  const conflicts = await eventually(
    () => cloud.ask('/v1/conflicts'),
    (answer) => items(answer).length > 0,
  )
  things = {
    // Nothing is listed to another API here; another business finds them by no number anyway.
    '/v1/transactions/': '1',
    '/v1/referrals/': '1',
    ...(await makeEntities(cloud)),
    '/v1/members/': String(member),
    '/v1/facts/': String(sale),
    '/v1/stores/': String(device.facts.length > 0 ? 1 : 0),
    '/v1/edges/': String(device.edge),
    '/v1/programs/': '2',
    '/v1/what-ifs/': String(pick(whatIf.json, 'id')),
    '/v1/conflicts/': String(pick(conflicts.json, 'items', 0, 'id')),
    '/v1/segments/': '501',
    '/v1/challenges/': '403',
    '/v1/tenants/': '1',
    '/v1/clients/': client.id,
    '/v1/staff/': String(staff),
  }
})
afterAll(() => cloud.stop())

const CLOSED = ROUTES.filter(({ needs }) => needs !== 'public')
const SCOPED = CLOSED.filter(({ needs }) => needs !== 'operator')

/** What the other business has of its own by now. */
const OWN: ReadonlySet<string> = new Set([
  '/v1/clients',
  '/v1/programs',
  '/v1/documents',
  '/v1/perks',
  // What its program has.
  '/v1/shown/levels',
  '/v1/shown/perks',
  '/v1/shown/challenges',
  '/v1/shown/challenge-requirements',
])

/** The path with things of business 1 in it. */
function filled({ path }: Route): string {
  const [, before = '', , after = ''] = /^(.*\/)(:[a-z_]+)(.*)$/.exec(path) ?? []
  return before === '' ? path : `${before}${things[before]}${after}`
}

/** A body that fits, so that what refuses is not the shape. */
const BODIES: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(ENTITIES.map((name) => [`/v1/${name}/:id`, {}])),
  '/v1/challenges/:id/draw': {},
  '/v1/facts/:id/clawback/evaluate': { lines: [{ line: 0, quantity: 1000 }] },
  '/v1/facts/:id/clawback': { codes: ['ABCD1234'], reason: 'r' },
  '/v1/conflicts/:id/resolution': { decision: 'accepted', reason: 'r', by: 'b' },
  '/v1/members/:id/adjustments': { points: 1, reason: 'r', by: 'b' },
  '/v1/members/:id/facts': { kind: 'adjustment', points: 1, reason: 'r', by: 'b' },
  '/v1/clients/:client_id/disabled': { disabled: true },
  '/v1/staff/:id/locations': { locations: null },
  '/v1/invitations': { email: 'x@y.example', role: 'EMPLOYEE' },
  '/v1/transactions/:id/void': { reason: 'r' },
  '/v1/members/:id/agreements': { agreement_version: 1 },
}

async function ask(row: Route, token: string | null, headers: Record<string, string> = {}): Promise<Answer> {
  return cloud.ask(filled(row), {
    method: row.method,
    token,
    headers,
    ...(row.method === 'POST' && BODIES[row.path] !== undefined ? { body: BODIES[row.path] } : {}),
    ...(row.keyed ? { key: 'one-key' } : {}),
  })
}

async function refusedEverywhere(
  rows: readonly Route[],
  token: string | null,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): Promise<void> {
  const answers = await Promise.all(rows.map((row) => ask(row, token, headers)))
  expect(
    rows.map(({ method, path }, at) => [method, path, answers[at]?.status, pick(answers[at]?.json, 'code')]),
  ).toEqual(rows.map(({ method, path }) => [method, path, status, code]))
}

async function robotToken(scopes: readonly string[], token?: string): Promise<string> {
  const robot = await addClient(cloud, {
    dialect: 'native',
    scopes,
    grants: ['client_credentials'],
    redirects: [],
    ...(token === undefined ? {} : { token }),
  })
  const { json } = await askToken(cloud, { grant_type: 'client_credentials' }, { ...NATIVE, basic: robot })
  return String(json.access_token)
}

describe('S05 PL-16 what is no token', () => {
  test('opens nothing', async () => {
    await refusedEverywhere(CLOSED, null, 401, 'token_missing')
    for (const token of ['A'.repeat(43), 'x', other.token.slice(1)])
      await refusedEverywhere(CLOSED, token, 401, 'token_unknown')
  })

  test('a code, a refresh token, a token that ran out, was revoked, or of a disabled client', async () => {
    const browser = await addStaff(cloud, 'kim@shop.example')
    const { refresh, code } = await nativeTokens(cloud, browser)
    await refusedEverywhere(CLOSED, code, 401, 'token_unknown')
    await refusedEverywhere(CLOSED, refresh, 401, 'token_unknown')
    const late = await robotToken(NATIVE_SCOPES)
    now += 3_600_000
    await refusedEverywhere(CLOSED, late, 401, 'token_unknown')
    const ended = await robotToken(NATIVE_SCOPES)
    const principal = await cloud.principalOf(ended)
    await cloud.node.store.write((tx) => tx.endFamily(principal?.family ?? 0))
    await refusedEverywhere(CLOSED, ended, 401, 'token_unknown')
    const own = await robotToken(NATIVE_SCOPES)
    const client = (await cloud.principalOf(own))?.client ?? null
    const row = client === null ? undefined : await cloud.node.store.read.client(client)
    await cloud.post(`/v1/clients/${row?.key}/disabled`, { disabled: true })
    await refusedEverywhere(CLOSED, own, 401, 'token_unknown')
  })

  test("a token of a dialect, with all the dialect's scopes", async () => {
    const client = await addClient(cloud, {
      grants: ['password'],
      scopes: PERKVILLE_AUTH.scopes.map(({ name }) => name),
    })
    const form = { grant_type: 'password', username: 'ada@shop.example', password: PASSWORD }
    const { json } = await askToken(cloud, form, { basic: client })
    await refusedEverywhere(CLOSED, String(json.access_token), 403, 'role_insufficient')
  })
})

describe('S03 PL-16 scopes and roles', () => {
  test('a token with every scope but the one an endpoint needs opens it not; with that one alone it does', async () => {
    for (const scope of NATIVE_SCOPES) {
      const rows = SCOPED.filter(({ needs }) => needs === scope)
      expect(rows.length, scope).toBeGreaterThan(0)
      const without = await robotToken(NATIVE_SCOPES.filter((name) => name !== scope))
      await refusedEverywhere(rows, without, 403, 'role_insufficient')
      const alone = await robotToken([scope])
      for (const row of rows) {
        // Streams are looked at by their headers only.
        if ('type' in row.answer) continue
        const { status } = await ask(row, alone)
        expect([row.path, [401, 403].includes(status)]).toEqual([row.path, false])
      }
    }
  })

  test("what is the operator's is nobody else's", async () => {
    const rows = CLOSED.filter(({ needs }) => needs === 'operator')
    expect(rows.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/tenants',
      'GET /v1/tenants',
      'POST /v1/tenants/:id/token',
      'POST /v1/tenants/:id/invitations',
      'GET /metrics',
    ])
    await refusedEverywhere(rows, await robotToken(NATIVE_SCOPES), 403, 'role_insufficient')
    await refusedEverywhere(rows, other.token, 403, 'role_insufficient')
  })

  test('a person lets a client do what their own role may, whatever the token says', async () => {
    for (const role of STAFF_ROLES) {
      const { access } = await nativeTokens(
        cloud,
        await addStaff(cloud, `${role.toLowerCase()}@shop.example`, role),
      )
      const may: readonly NativeScope[] = SCOPES_OF_ROLE[role]
      const closed = CLOSED.filter(({ needs }) => !may.some((scope) => scope === needs))
      await refusedEverywhere(closed, access, 403, 'role_insufficient')
      for (const row of SCOPED.filter(({ needs }) => may.some((scope) => scope === needs))) {
        if ('type' in row.answer || row.method === 'POST') continue
        expect((await ask(row, access)).status, row.path).not.toBe(403)
      }
    }
  })
})

test('PL-28 a role that is limited to stores has program:read alone, whatever the role, until it is not; none is of another business', async () => {
  const stores = [await cloud.addStore('East'), await cloud.addStore('West')]
  const third = await addTenant(cloud, 'Limited')
  const made = await cloud.post('/v1/stores', { name: 'F', zone: 'UTC' }, { token: third.token })
  const foreign = Number(pick(made.json, 'id'))
  const invite = (locations: unknown) =>
    cloud.post('/v1/tenants/1/invitations', { email: 'lim@shop.example', role: 'ADMIN', locations })
  for (const bad of [[foreign], [999], [stores[0], foreign]])
    expect([(await invite(bad)).status, (await invite(bad)).text.includes('store_not_found')]).toEqual([
      404,
      true,
    ])
  for (const bad of [[], [1, 1], ['1'], [0], {}]) expect((await invite(bad)).status).toBe(400)
  const { access } = await nativeTokens(cloud, await addStaff(cloud, 'lim@shop.example', 'ADMIN', 1, stores))
  const closed = CLOSED.filter(({ needs }) => needs !== 'program:read')
  await refusedEverywhere(closed, access, 403, 'role_insufficient')
  expect((await cloud.ask('/v1/business', { token: access })).status).toBe(200)
  const listed = items(await cloud.ask('/v1/staff')) as { id: number; locations: unknown; emails: string[] }[]
  const row = listed.find(({ emails }) => emails.includes('lim@shop.example'))
  expect(row?.locations).toEqual(stores)
  const limit = (locations: unknown, token?: string) =>
    cloud.post(`/v1/staff/${row?.id}/locations`, { locations }, token === undefined ? {} : { token })
  expect((await limit([foreign])).status).toBe(404)
  expect((await limit(null, access)).status).toBe(403)
  expect((await limit(null, other.token)).status).toBe(404)
  expect((await limit(null)).status).toBe(200)
  expect((await cloud.ask('/v1/members', { token: access })).status).toBe(200)
  expect((await limit([stores[1]])).status).toBe(200)
  expect((await cloud.ask('/v1/members', { token: access })).status).toBe(403)
})

describe('S01 S02 PL-16 another business', () => {
  test('its HQ and its clients find nothing of ours, whatever they name', async () => {
    const robot = await robotToken(NATIVE_SCOPES, other.token)
    const named = SCOPED.filter(({ path }) => path.includes(':'))
    expect(named.length).toBeGreaterThan(15)
    for (const token of [other.token, robot]) {
      const found: string[] = []
      for (const row of named) {
        const { status, text } = await ask(row, token)
        if (status !== 404) found.push(`${row.method} ${row.path} ${status} ${text}`)
      }
      expect(found).toEqual([])
    }
  })

  test('lists of theirs are empty of ours', async () => {
    for (const row of SCOPED.filter(({ method, path }) => method === 'GET' && !path.includes(':'))) {
      if ('type' in row.answer) continue
      const { status, json, text } = await ask(row, other.token)
      expect([row.path, status]).toEqual([row.path, 200])
      if (typeof json === 'object' && json !== null && 'items' in json && !OWN.has(row.path))
        expect([row.path, pick(json, 'items')]).toEqual([row.path, []])
      expect(text).not.toContain('"Ada"')
    }
  })

  test("naming a business that is not the token's opens nothing", async () => {
    const robot = await robotToken(NATIVE_SCOPES)
    for (const business of [String(other.id), 'x'])
      for (const token of [robot, cloud.node.token])
        await refusedEverywhere(SCOPED, token, 403, 'role_insufficient', { 'tillstream-tenant': business })
  })

  test('whoever is staff of two says which, and has in each what the role there has', async () => {
    const browser = await addStaff(cloud, 'both@shop.example')
    await addStaff(cloud, 'both@shop.example', 'FRONT_DESK', other.id)
    const { clients } = cloud.node.platform
    const made = await clients.register(
      {
        name: 'Chain',
        dialect: 'native',
        redirect_uris: [REDIRECT],
        scopes: NATIVE_SCOPES,
        grants: ['authorization_code'],
        public: false,
      },
      [],
    )
    if (!made.ok) throw new Error('refused')
    const basic = { id: made.value.client.key, secret: made.value.secret ?? '' }
    const code = await codeOf(browser, authorizePath(basic.id, {}, '/oauth/authorize'))
    const form = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT }
    const { json } = await askToken(cloud, form, { ...NATIVE, basic })
    const token = String(json.access_token)
    const at = (business: number) => ({ token, headers: { 'tillstream-tenant': String(business) } })
    expect(pick((await cloud.ask('/v1/members', { token })).json, 'code')).toBe('tenant_unclear')
    expect(items(await cloud.ask('/v1/members', at(1)))).toHaveLength(1)
    expect(items(await cloud.ask('/v1/members', at(other.id)))).toEqual([])
    // In one of the two only there is no doubt.
    expect((await cloud.ask('/v1/facts', { token })).status).toBe(200)
    expect((await cloud.ask('/v1/facts', at(other.id))).status).toBe(403)
  })
})

describe('S04 PL-16 what may be sent', () => {
  test('a member of a body that is not known is refused, and nothing is made', async () => {
    const before = (await cloud.ask('/v1/clients')).text
    const names = [
      'tenant',
      'tenants',
      'secret_hash',
      'role',
      'balance',
      'disabled',
      '__proto__',
      'constructor',
    ]
    for (const name of names) {
      const client = `{"name":"x","dialect":"native","scopes":["members:read"],"grants":["client_credentials"],"${name}":1}`
      expect((await cloud.ask('/v1/clients', { method: 'POST', raw: client })).status, name).toBe(400)
      const tenant = `{"name":"x","${name}":1}`
      expect((await cloud.ask('/v1/tenants', { method: 'POST', raw: tenant })).status, name).toBe(400)
    }
    expect((await cloud.ask('/v1/clients')).text).toBe(before)
    const all = {
      name: 'x',
      dialect: 'native',
      scopes: ['members:read'],
      grants: ['client_credentials'],
      all_businesses: true,
    }
    expect((await cloud.post('/v1/clients', all, { token: other.token })).status).toBe(403)
  })

  test('a client cannot be registered with what its API does not have', async () => {
    const good = {
      name: 'x',
      dialect: 'perkville',
      scopes: ['PUBLIC'],
      grants: ['authorization_code'],
      redirect_uris: [REDIRECT],
    }
    const bad = [
      { dialect: 'nobody' },
      { scopes: ['members:read'] },
      { grants: ['client_credentials'] },
      { grants: ['pkce_mobile'] },
      { public: true },
      { redirect_uris: [] },
      ...['http://app.example/', 'javascript:alert(1)', 'https://app.example/#x', '/relative', 'app:/x'].map(
        (uri) => ({
          redirect_uris: [uri],
        }),
      ),
    ]
    for (const over of bad)
      expect((await cloud.post('/v1/clients', { ...good, ...over })).status, JSON.stringify(over)).toBe(400)
    for (const uri of ['http://127.0.0.1:9/cb', 'http://localhost/cb', 'com.shop.app:/cb'])
      expect((await cloud.post('/v1/clients', { ...good, redirect_uris: [uri] })).status).toBe(201)
  })
})

test('PL-15 a business has an origin, an HQ token that can be exchanged, and a looks document with its number', async () => {
  const made = await addTenant(cloud, 'Third')
  expect(await cloud.node.store.read.origins(made.id)).toMatchObject([{ edge: 0, store: 0, state: 'open' }])
  const listed = pick((await cloud.ask('/v1/tenants')).json, 'items') as { id: number; name: string }[]
  expect(listed.map(({ name }) => name)).toContain('Third')
  const renewed = await cloud.ask(`/v1/tenants/${made.id}/token`, { method: 'POST' })
  expect((await cloud.ask('/v1/stores', { token: made.token })).status).toBe(401)
  const token = String(pick(renewed.json, 'hq_token'))
  const store = await cloud.post('/v1/stores', { name: 'S', zone: 'UTC' }, { token })
  expect(store.status).toBe(201)
  expect(items(await cloud.ask('/v1/stores', { token }))).toHaveLength(1)
  expect(pick((await cloud.ask('/v1/business', { token })).json, 'name')).toBe('Third')
  expect((await cloud.ask('/v1/tenants/1/token', { method: 'POST' })).status).toBe(404)
})

test('PL-17 a business is listed in an API by its HQ, with everybody who is a member already', async () => {
  const { read } = cloud.node.store
  const connections = (): Promise<unknown[]> =>
    read.rows(ACCOUNTS.connections, { tenants: [1], where: EVERYTHING, limit: 10 })
  expect(await connections()).toEqual([])
  expect((await cloud.post('/v1/dialects', { name: 'native' })).status).toBe(400)
  expect((await cloud.post('/v1/dialects', { name: 'nobody' })).status).toBe(400)
  for (let again = 0; again < 2; again++) {
    const { json } = await cloud.post('/v1/dialects', { name: 'perkville' })
    expect(pick(json, 'dialects')).toEqual(['perkville'])
    expect(await connections()).toHaveLength(1)
  }
  const tenants = pick((await cloud.ask('/v1/tenants')).json, 'items') as { id: number; dialects: string[] }[]
  expect(tenants.filter(({ dialects }) => dialects.length > 0).map(({ id }) => id)).toEqual([1])
})
