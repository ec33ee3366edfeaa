// What persons see while logging in, over real HTTP and without a browser: which forms are taken, where one is led, and what pages allow.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cookieOf, setCookie } from '../../cloud/http/oauth/cookies.ts'
import { Passwords } from '../../cloud/platform/passwords.ts'
import {
  IDENTIFY_CODE_MS_MAX,
  IDENTIFY_TOKEN_MS_MAX,
  INVITATION_MS_MAX,
  PASSWORD_HASHES_MAX,
  PASSWORD_HASHES_WAITING_MAX,
} from '../../cloud/platform/limits.ts'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import {
  Browser,
  PASSWORD,
  REDIRECT,
  addClient,
  addStaff,
  addTenant,
  askToken,
  authorizePath,
  codeOf,
  csrfOf,
} from '../support/oauth-world.ts'
import { SOUND_PROGRAM } from '../support/sound-program.ts'
import type { TestClient } from '../support/oauth-world.ts'

let cloud: CloudUnderTest
let now = Date.UTC(2026, 10, 1)
let client: TestClient
const EMAIL = 'ada@shop.example'

beforeAll(async () => {
  cloud = await CloudUnderTest.start(() => now)
  await addStaff(cloud, EMAIL)
  client = await addClient(cloud)
})
afterAll(() => cloud.stop())

async function loggedIn(path: string): Promise<Browser> {
  const browser = new Browser(cloud.url)
  await browser.submit(await browser.get(path), 'login', { email: EMAIL, password: PASSWORD })
  return browser
}

describe('logging in and agreeing', () => {
  test('PL-7 pages are never framed, run nothing, and lead nowhere but to the app', async () => {
    const page = await new Browser(cloud.url).get(authorizePath(client.id))
    expect(page.status).toBe(200)
    const policy = page.headers.get('content-security-policy') ?? ''
    for (const part of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "form-action 'self' https://app.example;",
    ])
      expect(policy).toContain(part)
    expect(policy).not.toContain('script-src')
    expect(page.text).not.toMatch(/<script|onload|style="/)
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('referrer-policy')).toBe('same-origin')
    for (const cookie of page.headers.getSetCookie()) expect(cookie).toMatch(/HttpOnly; SameSite=Lax$/)
  })

  test('PL-7 behind TLS the cookies are bound to the host', () => {
    const value = 'a'.repeat(43)
    const set = setCookie('till_session', value, 60, true)
    expect(set).toBe(`__Host-till_session=${value}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure`)
    expect(cookieOf(`x=1; __Host-till_session=${value}`, 'till_session', true)).toBe(value)
    expect(cookieOf(`till_session=${value}`, 'till_session', true)).toBeUndefined()
  })

  test('PL-7 a form without its token, of another browser, or from another site does nothing', async () => {
    const path = authorizePath(client.id)
    const browser = new Browser(cloud.url)
    const page = await browser.get(path)
    const login = { step: 'login', email: EMAIL, password: PASSWORD }
    const foreign = csrfOf(await new Browser(cloud.url).get(path))
    for (const csrf of ['', 'f'.repeat(64), foreign, 'x'])
      expect((await browser.post(path, { ...login, csrf })).status).toBe(403)
    const csrf = csrfOf(page)
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ])
      expect((await browser.post(path, { ...login, csrf }, headers)).status).toBe(403)
    expect(browser.cookies.has('till_session')).toBe(false)
    const done = await browser.post(path, { ...login, csrf }, { origin: cloud.url })
    expect(done.status).toBe(303)
    expect(done.location).toBe(path)
    // The form that was shown before the login is of another session.
    expect((await browser.post(path, { step: 'allow', csrf })).status).toBe(403)
  })

  test('PL-7 every login begins a session of its own, and a logout ends it', async () => {
    const path = authorizePath(client.id)
    const browser = await loggedIn(path)
    const first = browser.cookies.get('till_session')
    const page = await browser.get(path)
    const left = await browser.submit(page, 'logout')
    expect(left.location).toBe(path)
    expect(browser.cookies.has('till_session')).toBe(false)
    browser.cookies.set('till_session', first ?? '')
    expect((await browser.get(path)).text).toContain('value="login"')
    now += 12 * 3_600_000
    expect((await browser.get(path)).text).toContain('value="login"')
  })

  test('an agreement is remembered for what was agreed to, and asked for again beyond', async () => {
    const app = await addClient(cloud)
    const narrow = authorizePath(app.id, { scope: 'PUBLIC' })
    const browser = await loggedIn(narrow)
    const asked = await browser.get(narrow)
    expect(asked.text).toContain('See what is public')
    expect(asked.text).not.toContain('contact data')
    const done = await browser.submit(asked, 'allow')
    expect(done.status).toBe(303)
    expect((await browser.get(narrow)).location).toMatch(
      /^https:\/\/app\.example\/callback\?code=[\w-]{43}&state=st$/,
    )
    expect((await browser.get(authorizePath(app.id))).text).toContain('contact data')
  })

  test('PK-54 who does not agree goes back with access_denied and the state', async () => {
    const app = await addClient(cloud)
    const path = authorizePath(app.id, { state: 'a b&c' })
    const browser = await loggedIn(path)
    const { location } = await browser.submit(await browser.get(path), 'deny')
    const to = new URL(location)
    expect([to.origin + to.pathname, to.searchParams.get('error'), to.searchParams.get('state')]).toEqual([
      REDIRECT,
      'access_denied',
      'a b&c',
    ])
  })

  test("PL-11 nobody is sent to an address that is not the client's", async () => {
    const bad = [
      { redirect_uri: 'https://evil.example/' },
      { redirect_uri: `${REDIRECT}/more` },
      { redirect_uri: `${REDIRECT}?x=1` },
      { redirect_uri: 'https://app.example@evil.example/callback' },
      { redirect_uri: 'javascript:alert(1)' },
      { redirect_uri: '' },
      { client_id: 'nobody' },
    ]
    for (const more of bad) {
      const page = await new Browser(cloud.url).get(authorizePath(client.id, more))
      expect([page.status, page.location]).toEqual([400, ''])
    }
    const twice = await new Browser(cloud.url).get(
      `${authorizePath(client.id)}&redirect_uri=${REDIRECT}&redirect_uri=x`,
    )
    expect([twice.status, twice.location]).toEqual([400, ''])
  })

  test('PL-11 other faults go back to the client', async () => {
    const faults: [Record<string, string>, string][] = [
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ scope: 'PUBLIC ADMIN_PERK' }, 'invalid_scope'],
      [{ code_challenge: 'a'.repeat(43), code_challenge_method: 'plain' }, 'invalid_request'],
      [{ code_challenge: 'a'.repeat(43) }, 'invalid_request'],
      [{ code_challenge_method: 'S256' }, 'invalid_request'],
      [{ code_challenge: 'short', code_challenge_method: 'S256' }, 'invalid_request'],
    ]
    for (const [more, error] of faults) {
      const { location } = await new Browser(cloud.url).get(authorizePath(client.id, more))
      expect(location).toMatch(new RegExp(`^https://app\\.example/callback\\?error=${error}&.*state=st$`))
    }
    const only = await addClient(cloud, { grants: ['password'] })
    expect((await new Browser(cloud.url).get(authorizePath(only.id))).location).toContain(
      'unauthorized_client',
    )
  })

  test('a business looks like itself, and its text is text', async () => {
    const two = await addTenant(cloud, 'Two')
    const profile = {
      name: '<b>Cafe & Co</b>',
      brand_color: '#ffee00',
      logo_url: 'https://cdn.example/logo.png',
      rewards_program_name: 'Beans',
    }
    const token = two.token
    expect((await cloud.post('/v1/business', profile, { token })).json).toMatchObject(profile)
    const app = await addClient(cloud, { token })
    const page = await new Browser(cloud.url).get(authorizePath(app.id))
    expect(page.text).toContain('&lt;b&gt;Cafe &amp; Co&lt;/b&gt;')
    expect(page.text).toContain('--brand:#ffee00;--on-brand:#000000')
    expect(page.text).toContain('Beans')
    expect(page.headers.get('content-security-policy')).toContain('img-src https://cdn.example')
    for (const brand_color of ['red', '#12345', '#000000;}'])
      expect((await cloud.post('/v1/business', { brand_color }, { token })).status).toBe(400)
    expect((await cloud.post('/v1/business', { logo_url: 'javascript:x' }, { token })).status).toBe(400)
  })
})

test('PL-9 hashes wait for each other, a few; more are told to come again', async () => {
  const passwords = new Passwords()
  const many = PASSWORD_HASHES_MAX + PASSWORD_HASHES_WAITING_MAX + 3
  const answers = await Promise.all(Array.from({ length: many }, () => passwords.accepts('x', null)))
  expect(answers.filter(({ ok }) => !ok)).toHaveLength(3)
  expect(await passwords.accepts('x', null)).toEqual({ ok: true, value: false })
  const hash = await passwords.hash('long enough for it')
  if (!hash.ok) throw new Error('refused')
  expect(hash.value).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await passwords.accepts('long enough for it', hash.value)).toEqual({ ok: true, value: true })
  expect(await passwords.hash('short')).toMatchObject({ refusal: { code: 'input_invalid' } })
})

describe('identifying a customer', () => {
  const scopes = ['PUBLIC', 'ADMIN_IDENTIFY_USER']

  async function staffToken(app: TestClient): Promise<string> {
    const form = { grant_type: 'password', username: EMAIL, password: PASSWORD }
    return String((await askToken(cloud, form, { basic: app })).json.access_token)
  }

  async function begin(token: string, over: { redirectUri?: string; state?: string } = {}) {
    const caller = await cloud.principalOf(token)
    if (caller === undefined) throw new Error('no principal')
    const { identification } = cloud.node.platform
    const begun = await identification.begin(caller, { redirectUri: REDIRECT, state: 'st', ...over })
    return { caller, begun, identification }
  }

  /** A customer with a login who is a member of business 1. */
  async function customer(email: string): Promise<void> {
    await addStaff(cloud, email, 'EMAIL_ONLY', (await addTenant(cloud, 'Elsewhere')).id)
    await cloud.publish(SOUND_PROGRAM)
    const device = await cloud.addDevice('Shop')
    await device.connect()
    device.enrol({ at: now }, [{ kind: 'email', value: email }])
    await device.sync()
  }

  test('PL-12 the page gives the app a code that names the person, for 30 seconds, to the asker only', async () => {
    const app = await addClient(cloud, { scopes, grants: ['password', 'authorization_code'] })
    await customer('mia@home.example')
    const { begun, caller, identification } = await begin(await staffToken(app))
    if (!begun.ok) throw new Error('refused')
    expect(begun.value.expires).toBe(now + IDENTIFY_TOKEN_MS_MAX)
    const path = `/perkville/biz/1/identify?token=${begun.value.token}`
    const browser = new Browser(cloud.url)
    const page = await browser.get(path)
    expect(page.text).toContain('knows who you are')
    const login = await browser.submit(page, 'login', { email: 'mia@home.example', password: PASSWORD })
    expect(login.location).toBe(path)
    const { location } = await browser.get(path)
    expect(location).toMatch(/^https:\/\/app\.example\/callback\?code=[\w-]{43}&state=st$/)
    const code = new URL(location).searchParams.get('code') ?? ''
    const person = await cloud.node.store.read.personByContact('email', 'mia@home.example')
    expect(await identification.personOf(caller, code)).toBe(person?.id)
    const stranger = await cloud.principalOf(await staffToken(app))
    expect(stranger && (await identification.personOf(stranger, code))).toBeUndefined()
    expect((await browser.get(path)).location).toBe('/perkville/biz/1/?error=identify')
    now += IDENTIFY_CODE_MS_MAX - 1
    expect(await identification.personOf(caller, code)).toBe(person?.id)
    now += 1
    expect(await identification.personOf(caller, code)).toBeUndefined()
  })

  test('PL-12 every reason that speaks against it leads to the same page', async () => {
    const app = await addClient(cloud, { scopes, grants: ['password', 'authorization_code'] })
    const browser = await loggedIn(authorizePath(client.id))
    const failed = '/perkville/biz/1/?error=identify'
    const go = async (token: string, business = 1): Promise<string> =>
      (await browser.get(`/perkville/biz/${business}/identify?token=${token}`)).location
    const token = await staffToken(app)
    const { begun, identification, caller } = await begin(token)
    if (!begun.ok) throw new Error('refused')
    expect(await go('')).toBe(failed)
    expect(await go('unknown')).toBe(failed)
    // Ada is staff of business 1 and no member of it.
    expect(await go(begun.value.token)).toBe(failed)
    const page = await browser.get(failed)
    expect(page.text).toContain('could not be identified')
    const person = await cloud.node.store.read.personByContact('email', 'mia@home.example')
    const visit = (given: string, scope = 'ADMIN_IDENTIFY_USER') =>
      identification.visit(given, 1, person?.id ?? (0 as never), scope)
    const no = { refusal: { code: 'identification_not_possible' } }
    expect(await visit(begun.value.token, 'ADMIN_PERK')).toMatchObject(no)
    await cloud.node.store.write((tx) => tx.endFamily(caller.family))
    expect(await visit(begun.value.token)).toMatchObject(no)
    const late = await begin(await staffToken(app))
    if (!late.begun.ok) throw new Error('refused')
    now += IDENTIFY_TOKEN_MS_MAX
    expect(await visit(late.begun.value.token)).toMatchObject(no)
    expect((await begin(await staffToken(app), { redirectUri: 'https://evil.example' })).begun).toMatchObject(
      {
        refusal: { code: 'input_invalid', param: 'redirect_uri' },
      },
    )
    expect((await begin(await staffToken(app), { state: '' })).begun).toMatchObject({
      refusal: { code: 'input_invalid', param: 'state' },
    })
  })
})

describe('invitations', () => {
  const invite = async (email: string): Promise<string> =>
    String(pick((await cloud.post('/v1/tenants/1/invitations', { email, role: 'EMPLOYEE' })).json, 'path'))

  test('PL-13 an invitation works once, for a week, and sets the password of a new person', async () => {
    const path = await invite('New@shop.example')
    const browser = new Browser(cloud.url)
    const page = await browser.get(path)
    expect(page.text).toContain('new@shop.example')
    const weak = await browser.submit(page, 'accept', { first_name: 'N', last_name: 'N', password: 'short' })
    expect([weak.status, weak.text.includes('role="alert"')]).toEqual([400, true])
    const names = { first_name: 'Nora', last_name: 'New', password: PASSWORD }
    expect((await browser.submit(weak, 'accept', names)).status).toBe(200)
    expect((await browser.get(path)).status).toBe(404)
    const staff = await cloud.ask('/v1/staff')
    expect(staff.text).toContain('"role":"EMPLOYEE","locations":null,"first_name":"Nora"')
    const late = await invite('late@shop.example')
    now += INVITATION_MS_MAX - 1
    expect((await browser.get(late)).status).toBe(200)
    now += 1
    expect((await browser.get(late)).status).toBe(404)
  })

  test('PL-13 who has a password keeps it and must prove it', async () => {
    const two = await addTenant(cloud, 'Second')
    const made = await cloud.post(`/v1/tenants/${two.id}/invitations`, { email: EMAIL, role: 'ADMIN' })
    const path = String(pick(made.json, 'path'))
    const browser = new Browser(cloud.url)
    const page = await browser.get(path)
    expect(page.text).not.toContain('first_name')
    expect((await browser.submit(page, 'accept', { password: 'another password' })).status).toBe(401)
    expect((await browser.submit(page, 'accept', { password: PASSWORD })).status).toBe(200)
    const staff = await cloud.ask('/v1/staff', { token: two.token })
    expect(pick(staff.json, 'items', 0)).toMatchObject({ role: 'ADMIN', emails: [EMAIL] })
    const id = String(pick(staff.json, 'items', 0, 'id'))
    // Another business cannot dismiss them.
    expect((await cloud.ask(`/v1/staff/${id}/dismissal`, { method: 'POST' })).status).toBe(404)
    const gone = await cloud.ask(`/v1/staff/${id}/dismissal`, { method: 'POST', token: two.token })
    expect(gone.status).toBe(200)
    expect(pick((await cloud.ask('/v1/staff', { token: two.token })).json, 'items')).toEqual([])
  })

  test('PL-2 a role that ends takes its power out of tokens that are out there', async () => {
    await addStaff(cloud, 'boss@shop.example')
    const app = await addClient(cloud, {
      dialect: 'native',
      scopes: ['members:read'],
      grants: ['authorization_code'],
    })
    const code = await codeOf(
      new Browser(cloud.url),
      authorizePath(app.id, {}, '/oauth/authorize'),
      'boss@shop.example',
    )
    const form = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT }
    const { json } = await askToken(cloud, form, { basic: app, path: '/oauth/token' })
    const token = String(json.access_token)
    expect((await cloud.ask('/v1/members', { token })).status).toBe(200)
    const staff = pick((await cloud.ask('/v1/staff')).json, 'items') as { id: number; emails: string[] }[]
    const boss = staff.find(({ emails }) => emails.includes('boss@shop.example'))
    expect((await cloud.ask(`/v1/staff/${boss?.id}/dismissal`, { method: 'POST' })).status).toBe(200)
    expect((await cloud.ask('/v1/members', { token })).status).toBe(403)
  })
})
