// OAuth 2 over real HTTP: every grant, how it is proved, and that nothing works twice or for another.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import {
  AUTHORIZE,
  Browser,
  CHALLENGE,
  PASSWORD,
  REDIRECT,
  VERIFIER,
  addClient,
  addStaff,
  addTenant,
  askToken,
  authorizePath,
  codeOf,
} from '../support/oauth-world.ts'
import type { TestClient } from '../support/oauth-world.ts'

let cloud: CloudUnderTest
let now = Date.UTC(2026, 10, 1)
let ada: Browser
let client: TestClient
const EMAIL = 'ada@shop.example'

beforeAll(async () => {
  cloud = await CloudUnderTest.start(() => now)
  ada = await addStaff(cloud, EMAIL)
  client = await addClient(cloud)
})
afterAll(() => cloud.stop())

const exchange = (code: string, more: Record<string, string> = {}, of = client) =>
  askToken(
    cloud,
    { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, client_id: of.id, ...more },
    { basic: of },
  )

describe('the code grant', () => {
  test('PL-10 a code becomes a token, which is kept as its hash only', async () => {
    const code = await codeOf(new Browser(cloud.url), authorizePath(client.id), EMAIL)
    const { status, json, headers } = await exchange(code)
    expect(status).toBe(200)
    expect(json).toEqual({
      access_token: json.access_token,
      token_type: 'Bearer',
      scope: 'PUBLIC USER_CUSTOMER_INFO',
    })
    expect(json.access_token).toMatch(/^[\w-]{43}$/)
    expect(headers.get('cache-control')).toBe('no-store')
    const principal = await cloud.principalOf(String(json.access_token))
    expect(principal).toMatchObject({ kind: 'token', dialect: 'perkville', tenant: 1 })
    expect([...(principal?.scopes ?? [])]).toEqual(['PUBLIC', 'USER_CUSTOMER_INFO'])
  })

  test('PL-10 a code that comes twice ends everything that came from it', async () => {
    const code = await codeOf(ada, authorizePath(client.id))
    const first = await exchange(code)
    expect(await cloud.principalOf(String(first.json.access_token))).toBeDefined()
    const again = await exchange(code)
    expect(again.status).toBe(400)
    expect(again.json).toMatchObject({ error: 'invalid_grant', error_type: 'oauth_error' })
    expect(pick(again.json, 'errors', '__all__', 0, 'code')).toBe('invalid_grant')
    expect(await cloud.principalOf(String(first.json.access_token))).toBeUndefined()
  })

  test('PL-10 a code is for its client, its redirect URI and its five minutes', async () => {
    const other = await addClient(cloud)
    const stolen = await exchange(await codeOf(ada, authorizePath(client.id)), {}, other)
    expect(stolen.json).toMatchObject({ error: 'invalid_grant' })
    const path = authorizePath(client.id, { redirect_uri: REDIRECT })
    const elsewhere = await exchange(await codeOf(ada, path), { redirect_uri: 'https://app.example/other' })
    expect(elsewhere.json).toMatchObject({ error: 'invalid_request' })
    const late = await codeOf(ada, authorizePath(client.id))
    now += 5 * 60_000
    expect((await exchange(late)).json).toMatchObject({ error: 'invalid_grant' })
  })

  test('PL-10 a challenge must be answered, also by a client with a secret', async () => {
    const path = authorizePath(client.id, { code_challenge: CHALLENGE, code_challenge_method: 'S256' })
    const good = await exchange(await codeOf(ada, path), { code_verifier: VERIFIER })
    expect(good.status).toBe(200)
    const code = await codeOf(ada, path)
    expect((await exchange(code, { code_verifier: 'w'.repeat(64) })).json).toMatchObject({
      error: 'invalid_grant',
    })
    expect((await exchange(code, { code_verifier: VERIFIER })).json).toMatchObject({ error: 'invalid_grant' })
    expect((await exchange(await codeOf(ada, path))).json).toMatchObject({ error: 'invalid_grant' })
    const without = await codeOf(ada, authorizePath(client.id))
    expect((await exchange(without, { code_verifier: VERIFIER })).json).toMatchObject({
      error: 'invalid_grant',
    })
  })

  test('PL-10 a verifier does not stand for the secret of a client that has one', async () => {
    const path = authorizePath(client.id, { code_challenge: CHALLENGE, code_challenge_method: 'S256' })
    const form = { grant_type: 'authorization_code', redirect_uri: REDIRECT, client_id: client.id }
    const code = await codeOf(ada, path)
    const bare = await askToken(cloud, { ...form, code, code_verifier: VERIFIER })
    expect([bare.status, bare.json.error]).toEqual([401, 'invalid_client'])
    const inQuery = await askToken(
      cloud,
      { ...form, code, code_verifier: VERIFIER },
      { query: `?client_secret=${client.secret}` },
    )
    expect(inQuery.status).toBe(200)
  })

  test('PL-10 a public client has a challenge and no secret, and is agreed to each time', async () => {
    const app = await addClient(cloud, {
      grants: ['pkce_mobile'],
      public: true,
      redirects: ['com.shop.app:/cb'],
    })
    const bare = await ada.get(authorizePath(app.id))
    expect(bare.location).toMatch(/^com\.shop\.app:\/cb\?error=invalid_request.*state=st/)
    const path = authorizePath(app.id, { code_challenge: CHALLENGE, code_challenge_method: 'S256' })
    const form = {
      grant_type: 'authorization_code',
      redirect_uri: 'com.shop.app:/cb',
      client_id: app.id,
      code_verifier: VERIFIER,
    }
    const code = await codeOf(ada, path)
    const withSecret = await askToken(cloud, { ...form, code }, { basic: { id: app.id, secret: 'x' } })
    expect(withSecret.status).toBe(401)
    expect((await askToken(cloud, { ...form, code })).status).toBe(200)
    expect((await ada.get(path)).text).toContain('value="allow"')
  })
})

describe('the password grant', () => {
  const form = { grant_type: 'password', username: EMAIL, password: PASSWORD }

  test('PL-10 is for clients that were approved and administrators of their business', async () => {
    expect((await askToken(cloud, form, { basic: client })).json).toMatchObject({
      error: 'unauthorized_client',
    })
    const approved = await addClient(cloud, { grants: ['password'], scopes: ['ADMIN_PERK'] })
    const { status, json } = await askToken(cloud, { ...form, scope: 'ADMIN_PERK' }, { basic: approved })
    expect([status, json.scope]).toEqual([200, 'ADMIN_PERK'])
    now += 400 * 24 * 3_600_000
    expect(await cloud.principalOf(String(json.access_token))).toBeDefined()
    const wider = await askToken(cloud, { ...form, scope: 'PUBLIC' }, { basic: approved })
    expect(wider.json).toMatchObject({ error: 'invalid_scope' })
    await addStaff(cloud, 'desk@shop.example', 'FRONT_DESK')
    const desk = await askToken(cloud, { ...form, username: 'desk@shop.example' }, { basic: approved })
    expect(desk.json).toMatchObject({ error: 'invalid_grant' })
    const two = await addTenant(cloud, 'Two')
    const foreign = await addClient(cloud, { grants: ['password'], token: two.token })
    expect((await askToken(cloud, form, { basic: foreign })).json).toMatchObject({ error: 'invalid_grant' })
  })

  test('PL-8 wrong passwords of an account are counted; then right ones wait too', async () => {
    const approved = await addClient(cloud, { grants: ['password'] })
    await addStaff(cloud, 'eve@shop.example')
    const eve = { ...form, username: 'EVE@shop.example' }
    const wrong = await Promise.all(
      Array.from({ length: 12 }, () => askToken(cloud, { ...eve, password: 'x' }, { basic: approved })),
    )
    expect(wrong.filter(({ status }) => status === 400)).toHaveLength(10)
    const locked = await askToken(cloud, eve, { basic: approved })
    expect([locked.status, locked.json.code]).toEqual([429, 'too_many_requests'])
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await askToken(cloud, form, { basic: approved })).status).toBe(200)
    now += 5 * 60_000
    expect((await askToken(cloud, eve, { basic: approved })).status).toBe(200)
  })
})

const native = { path: '/oauth/token' }

describe('the native API', () => {
  test('PL-10 a client acts for itself, for an hour', async () => {
    const robot = await addClient(cloud, {
      dialect: 'native',
      scopes: ['members:read', 'program:read'],
      grants: ['client_credentials'],
      redirects: [],
    })
    const { json } = await askToken(
      cloud,
      { grant_type: 'client_credentials', scope: 'members:read' },
      { ...native, basic: robot },
    )
    expect(json).toMatchObject({ scope: 'members:read', expires_in: 3600 })
    expect(json.refresh_token).toBeUndefined()
    const token = String(json.access_token)
    expect((await cloud.ask('/v1/members', { token })).status).toBe(200)
    expect((await cloud.ask('/v1/programs', { token })).status).toBe(403)
    now += 3_600_000
    expect((await cloud.ask('/v1/members', { token })).status).toBe(401)
  })

  test('PL-10 refresh tokens rotate; one that comes twice ends its family', async () => {
    const app = await addClient(cloud, {
      dialect: 'native',
      scopes: ['members:read', 'members:write'],
      grants: ['authorization_code', 'refresh_token'],
    })
    const code = await codeOf(ada, authorizePath(app.id, {}, '/oauth/authorize'), EMAIL)
    const use = (form: Record<string, string>) => askToken(cloud, form, { ...native, basic: app })
    const first = await use({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT })
    expect(first.status).toBe(200)
    const refresh = (token: unknown, scope?: string) =>
      use({
        grant_type: 'refresh_token',
        refresh_token: String(token),
        ...(scope === undefined ? {} : { scope }),
      })
    const second = await refresh(first.json.refresh_token)
    expect(second.status).toBe(200)
    expect(second.json.refresh_token).not.toBe(first.json.refresh_token)
    const narrower = await refresh(second.json.refresh_token, 'members:read')
    expect(narrower.json.scope).toBe('members:read')
    expect((await refresh(narrower.json.refresh_token, 'members:write')).json).toMatchObject({
      error: 'invalid_scope',
    })
    expect((await refresh(first.json.refresh_token)).json).toMatchObject({ error: 'invalid_grant' })
    for (const { json } of [first, second, narrower])
      expect(await cloud.principalOf(String(json.access_token))).toBeUndefined()
  })

  test('PL-14 a client revokes and looks at its own tokens only', async () => {
    const robot = {
      dialect: 'native',
      scopes: ['members:read'],
      grants: ['client_credentials'] as const,
      redirects: [],
    }
    const [own, other] = [await addClient(cloud, robot), await addClient(cloud, robot)]
    const { json } = await askToken(cloud, { grant_type: 'client_credentials' }, { ...native, basic: own })
    const token = String(json.access_token)
    const look = (basic: TestClient) => askToken(cloud, { token }, { path: '/oauth/introspect', basic })
    const revoke = (basic: TestClient) => askToken(cloud, { token }, { path: '/oauth/revoke', basic })
    expect((await look(own)).json).toMatchObject({ active: true, client_id: own.id, scope: 'members:read' })
    expect((await look(other)).json).toEqual({ active: false })
    expect((await look({ ...own, secret: 'x' })).status).toBe(401)
    expect((await revoke(other)).status).toBe(200)
    expect((await look(own)).json.active).toBe(true)
    expect((await revoke(own)).status).toBe(200)
    expect((await look(own)).json).toEqual({ active: false })
    expect((await cloud.ask('/v1/members', { token })).status).toBe(401)
  })
})

describe('what was given to one client, in the hands of another', () => {
  const NATIVE = { dialect: 'native', scopes: ['members:read'] } as const
  const grants = ['authorization_code', 'refresh_token'] as const

  test('PL-10 PL-14 is good for nothing, wherever it is brought, and stays good for its own', async () => {
    const own = await addClient(cloud, { ...NATIVE, grants })
    const other = await addClient(cloud, { ...NATIVE, grants })
    const path = authorizePath(own.id, {}, '/oauth/authorize')
    const exchanged = (code: string, basic: TestClient, at: string, redirect_uri = REDIRECT) =>
      askToken(cloud, { grant_type: 'authorization_code', code, redirect_uri }, { path: at, basic })
    const code = await codeOf(ada, path, EMAIL)
    const elsewhere = 'https://app.example/other'
    for (const [basic, at, redirect] of [
      [other, '/oauth/token', REDIRECT],
      [client, '/perkville/api/token/', REDIRECT],
      [own, '/perkville/api/token/', REDIRECT],
      [own, '/pegke/oauth/token', REDIRECT],
      [client, '/oauth/token', REDIRECT],
    ] as const)
      expect((await exchanged(code, basic, at, redirect)).status).toBeGreaterThanOrEqual(400)
    const { json } = await exchanged(code, own, '/oauth/token')
    const [access, refresh] = [String(json.access_token), String(json.refresh_token)]
    const refreshed = (token: string, basic: TestClient, at = '/oauth/token') =>
      askToken(cloud, { grant_type: 'refresh_token', refresh_token: token }, { path: at, basic })
    for (const [token, basic, at] of [
      [refresh, other, '/oauth/token'],
      [refresh, own, '/perkville/api/token/'],
      [refresh, own, '/pegke/oauth/token'],
      // None is what another is: an access token refreshes nothing, a refresh token is no code.
      [access, own, '/oauth/token'],
      [code, own, '/oauth/token'],
    ] as const)
      expect((await refreshed(token, basic, at)).status).toBeGreaterThanOrEqual(400)
    expect((await exchanged(refresh, own, '/oauth/token')).json).toMatchObject({ error: 'invalid_grant' })
    for (const at of ['/oauth/revoke', '/oauth/introspect'])
      await askToken(cloud, { token: refresh }, { path: at, basic: other })
    expect((await cloud.ask('/v1/members', { token: access })).status).toBe(200)
    expect((await refreshed(refresh, own)).status).toBe(200)
    // A code may be sent to its own address only, also where that is another of the client's.
    const again = await codeOf(ada, authorizePath(own.id, { redirect_uri: REDIRECT }, '/oauth/authorize'))
    expect((await exchanged(again, own, '/oauth/token', elsewhere)).status).toBe(400)
  })

  test('PL-10 many that bring one refresh token at once get one answer, and the family ends; a public client needs no secret', async () => {
    const app = await addClient(cloud, {
      ...NATIVE,
      grants: ['pkce_mobile', 'refresh_token'],
      public: true,
    })
    const path = authorizePath(
      app.id,
      { code_challenge: CHALLENGE, code_challenge_method: 'S256' },
      '/oauth/authorize',
    )
    const form = { client_id: app.id, redirect_uri: REDIRECT, code_verifier: VERIFIER }
    const code = await codeOf(ada, path)
    const first = await askToken(cloud, { ...form, grant_type: 'authorization_code', code }, native)
    const use = (token: unknown) =>
      askToken(
        cloud,
        { grant_type: 'refresh_token', refresh_token: String(token), client_id: app.id },
        native,
      )
    const rotated = await use(first.json.refresh_token)
    expect(rotated.status).toBe(200)
    const answers = await Promise.all(Array.from({ length: 5 }, () => use(rotated.json.refresh_token)))
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
    for (const { json } of [first, rotated, ...answers])
      expect(await cloud.principalOf(String(json.access_token))).toBeUndefined()
  })
})

describe('the token endpoint', () => {
  test('takes forms by POST only, and each field once', async () => {
    const url = `${cloud.url}/perkville/api/token`
    const json = await fetch(url, {
      method: 'POST',
      body: '{"grant_type":"password"}',
      headers: { 'content-type': 'application/json' },
    })
    expect(json.status).toBe(400)
    expect(await json.json()).toMatchObject({ error: 'invalid_request', error_type: 'oauth_error' })
    expect((await fetch(url)).status).toBe(405)
    const twice = await fetch(url, {
      method: 'POST',
      body: 'grant_type=password&grant_type=authorization_code',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(twice.status).toBe(400)
  })

  test('an unknown client, a wrong secret and a disabled client look alike', async () => {
    const gone = await addClient(cloud, { grants: ['password'] })
    expect((await cloud.post(`/v1/clients/${gone.id}/disabled`, { disabled: true })).status).toBe(200)
    const form = { grant_type: 'password', username: EMAIL, password: PASSWORD }
    const answers = await Promise.all(
      [gone, { ...client, secret: 'wrong' }, { id: 'nobody', secret: 'x' }].map((basic) =>
        askToken(cloud, form, { basic }),
      ),
    )
    expect(new Set(answers.map(({ status, json }) => JSON.stringify([status, json])))).toHaveLength(1)
    expect(answers[0]?.status).toBe(401)
    expect(answers[0]?.headers.get('www-authenticate')).toMatch(/^Basic/)
  })

  test('PL-3 a new secret ends the old one', async () => {
    const own = await addClient(cloud, { grants: ['password'] })
    const renewed = await cloud.ask(`/v1/clients/${own.id}/secret`, { method: 'POST' })
    const secret = String(pick(renewed.json, 'client_secret'))
    const form = { grant_type: 'password', username: EMAIL, password: PASSWORD }
    expect((await askToken(cloud, form, { basic: own })).status).toBe(401)
    expect((await askToken(cloud, form, { basic: { ...own, secret } })).status).toBe(200)
  })

  test('a grant that the API does not have is refused as such', async () => {
    const answer = await askToken(cloud, { grant_type: 'client_credentials' }, { basic: client })
    expect(answer.json).toMatchObject({ error: 'unsupported_grant_type' })
    expect(AUTHORIZE).toContain('perkville')
  })
})
