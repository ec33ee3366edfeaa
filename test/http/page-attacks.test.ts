// The pages where persons log in, agree, are identified, take an invitation, reset a password and see their account, under attack from another site: every page
// with every kind of foreign form, every answer with its headers, every way of leading somebody elsewhere. One node; what no attack may change is looked at
// after each.
import { readFileSync, readdirSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LOGIN_ACCOUNT_WRONG_MAX } from '../../cloud/platform/limits.ts'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import { MailRoom } from '../support/mail-room.ts'
import {
  Browser,
  PASSWORD,
  REDIRECT,
  addClient,
  addStaff,
  askToken,
  authorizePath,
  csrfOf,
} from '../support/oauth-world.ts'
import type { Page, TestClient } from '../support/oauth-world.ts'

let cloud: CloudUnderTest
let mails: MailRoom
let client: TestClient
const ADA = 'ada@shop.example'
/** A page, the browser that sees it, and what its form would do. */
interface Stage {
  readonly path: string
  readonly browser: Browser
  readonly form: Readonly<Record<string, string>>
}
let stages: readonly Stage[]
let identify: string

beforeAll(async () => {
  cloud = await CloudUnderTest.start()
  mails = new MailRoom(cloud.node, { now: () => Date.now() })
  await addStaff(cloud, ADA)
  client = await addClient(cloud, {
    grants: ['password', 'authorization_code'],
    scopes: ['PUBLIC', 'USER_CUSTOMER_INFO', 'ADMIN_IDENTIFY_USER'],
  })
  await mails.work()
  identify = `/perkville/biz/1/identify?token=${await identifyToken()}`
  const invited = await cloud.post('/v1/tenants/1/invitations', {
    email: 'new@shop.example',
    role: 'EMPLOYEE',
  })
  const invitation = String(pick(invited.json, 'path'))
  const stranger = new Browser(cloud.url)
  await stranger.submit(await stranger.get('/account/password'), 'send', { email: ADA })
  const reset = await pathFor(ADA)
  const ada = await loggedIn()
  await ada.submit(await ada.get('/account'), 'add', { email: 'more@shop.example' })
  const address = await pathFor('more@shop.example')
  const login = { step: 'login', email: ADA, password: PASSWORD }
  const none = (): Browser => new Browser(cloud.url)
  stages = [
    { path: authorizePath(client.id), browser: none(), form: login },
    { path: '/account', browser: none(), form: login },
    { path: identify, browser: none(), form: login },
    { path: address, browser: none(), form: login },
    { path: authorizePath(client.id), browser: ada, form: { step: 'allow' } },
    { path: '/account', browser: ada, form: { step: 'add', email: 'mallory@evil.example' } },
    { path: '/account', browser: ada, form: { step: 'revoke', client: '1' } },
    { path: '/account', browser: ada, form: { step: 'logout' } },
    { path: address, browser: ada, form: { step: 'mine' } },
    { path: '/account/password', browser: none(), form: { step: 'send', email: ADA } },
    { path: reset, browser: none(), form: { step: 'set', password: 'a password of mallory' } },
    {
      path: invitation,
      browser: none(),
      form: { step: 'accept', first_name: 'M', last_name: 'M', password: 'a password of mallory' },
    },
  ]
})
afterAll(async () => {
  await mails.stop()
  await cloud.stop()
})

async function pathFor(email: string): Promise<string> {
  await mails.work()
  const mail = mails.server.mails.findLast(({ to }) => to === email)
  const text = (mail?.data ?? '').replaceAll('=\n', '')
  const [, path] = /https:\/\/node\.example(\/[A-Za-z0-9/_-]+)/.exec(text) ?? []
  if (path === undefined) throw new Error(`no link for ${email}`)
  return path
}

async function loggedIn(password = PASSWORD, email = ADA): Promise<Browser> {
  const browser = new Browser(cloud.url)
  await browser.submit(await browser.get('/account'), 'login', { email, password })
  return browser
}

async function identifyToken(): Promise<string> {
  const form = { grant_type: 'password', username: ADA, password: PASSWORD }
  const { json } = await askToken(cloud, form, { basic: client })
  const caller = await cloud.principalOf(String(json.access_token))
  if (caller === undefined) throw new Error('no principal')
  const begun = await cloud.node.platform.identification.begin(caller, { redirectUri: REDIRECT, state: 'st' })
  if (!begun.ok) throw new Error('refused')
  return begun.value.token
}

/** A request as it stands on the wire, which fetch would tidy up. */
function raw(
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; location: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: cloud.node.port, path, method, headers }
    const sent = request(options, (response) => {
      response.resume()
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '' }),
      )
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('S18 a form of another site', () => {
  /** What every page may change, as it is now. */
  async function world(): Promise<unknown> {
    const { read } = cloud.node.store
    const person = await read.personByContact('email', ADA)
    if (person === undefined) throw new Error('no Ada')
    return {
      person,
      contacts: await read.contactsOf(person.id),
      consents: await read.consentsOf(person.id),
      invited: await read.personByContact('email', 'new@shop.example'),
      resets: (await read.accountRows('mails', { type: 'PASSWORD_RESET' })).length,
      proofs: (await read.accountRows('mails', { type: 'USER_CONFIRM_EMAIL_REQUEST' })).length,
    }
  }

  test('PL-7 does nothing, on any page and whatever it is made of', async () => {
    const before = await world()
    for (const { path, browser, form } of stages) {
      const cookies = new Map(browser.cookies)
      const csrf = csrfOf(await browser.get(path))
      const foreign = csrfOf(await new Browser(cloud.url).get('/account'))
      const right = { ...form, csrf }
      const tries: [string, Record<string, string>, Record<string, string>][] = [
        ['no token', form, {}],
        ['empty token', { ...form, csrf: '' }, {}],
        ["another browser's token", { ...form, csrf: foreign }, {}],
        ['another token', { ...form, csrf: 'f'.repeat(64) }, {}],
        ['foreign origin', right, { origin: 'https://evil.example' }],
        ['opaque origin', right, { origin: 'null' }],
        ['another port', right, { origin: 'http://127.0.0.1:1' }],
        ['host as a part', right, { origin: `${cloud.url}.evil.example` }],
        ['cross-site', right, { 'sec-fetch-site': 'cross-site' }],
        ['same-site', right, { 'sec-fetch-site': 'same-site' }],
        ['no origin in words', right, { origin: 'nonsense' }],
      ]
      const said: unknown[] = []
      for (const [what, fields, headers] of tries)
        said.push([what, (await browser.post(path, fields, headers)).status])
      expect([path, form.step, said]).toEqual([path, form.step, tries.map(([what]) => [what, 403])])
      for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x'])
        expect((await browser.post(path, right, { 'content-type': type })).status).toBe(400)
      // What a link or a picture can send.
      await browser.get(`${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(right).toString()}`)
      cookies.set('till_form', browser.cookies.get('till_form') ?? '')
      expect([path, browser.cookies]).toEqual([path, cookies])
    }
    expect(await world()).toEqual(before)
  })

  test('PL-7 the same form of our own page is heard', async () => {
    // Each is spent by being heard; logging out comes last.
    const order = stages.toSorted(
      (a, b) => Number(a.form.step === 'logout') - Number(b.form.step === 'logout'),
    )
    for (const { path, browser, form } of order) {
      if (form.step === 'set') continue
      const csrf = csrfOf(await browser.get(path))
      const heard = await browser.post(
        path,
        { ...form, csrf },
        { origin: cloud.url, 'sec-fetch-site': 'same-origin' },
      )
      expect([path, form.step, [200, 303].includes(heard.status)]).toEqual([path, form.step, true])
    }
  })
})

describe('S20 S22 what answers carry', () => {
  const foreign = { origin: 'https://evil.example' }

  test('PL-7 no page is framed, kept, or told of to others; none runs anything', async () => {
    const ada = await loggedIn()
    const pages: Page[] = []
    for (const path of [
      ...stages.map((stage) => stage.path),
      '/account/password?business=1',
      '/account/proofs/unknown',
      '/invitations/unknown',
      '/unsubscribe?token=x',
      '/offers?token=x',
      '/offers?token=x',
      '/perkville/biz/1/',
      '/perkville/biz/9/',
      authorizePath('nobody'),
    ])
      for (const browser of [ada, new Browser(cloud.url)]) pages.push(await browser.get(path))
    expect(pages.filter(({ text }) => text.includes('<form')).length).toBeGreaterThan(10)
    for (const { path, headers, text } of pages) {
      const policy = headers.get('content-security-policy') ?? ''
      expect([
        path,
        policy.includes("default-src 'none'"),
        policy.includes("frame-ancestors 'none'"),
      ]).toEqual([path, true, true])
      expect([path, /script-src|unsafe|\*/.test(policy)]).toEqual([path, false])
      expect([path, headers.get('cache-control')]).toEqual([path, 'no-store'])
      expect([path, headers.get('x-content-type-options')]).toEqual([path, 'nosniff'])
      expect(['same-origin', 'no-referrer']).toContain(headers.get('referrer-policy'))
      if (text !== '') {
        expect([path, headers.get('x-frame-options')]).toEqual([path, 'DENY'])
        expect([path, headers.get('cross-origin-opener-policy')]).toEqual([path, 'same-origin'])
        // Nothing is loaded from elsewhere that could see an address with a secret in its Referer.
        expect(text).not.toMatch(/<script|<link|<iframe|\son[a-z]+=|src="http:/)
      }
    }
  })

  test('S20 nothing lets another site read it, and no question about it is answered', async () => {
    const paths = [
      '/account',
      '/oauth/token',
      '/perkville/api/token/',
      '/perkville/v2/perks/',
      '/v1/members',
      '/',
    ]
    for (const path of paths)
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const { headers } = await fetch(cloud.url + path, {
          method,
          headers: { ...foreign, 'access-control-request-method': 'POST' },
        })
        const allowed = [...headers.keys()].filter((name) => name.startsWith('access-control-'))
        expect([method, path, allowed]).toEqual([method, path, []])
        expect([...headers.keys()].filter((name) => name === 'server' || name === 'x-powered-by')).toEqual([])
      }
  })

  test('S21 PL-7 a node behind TLS binds its cookies to itself and to TLS, and believes no page that came without', async () => {
    const secure = await CloudUnderTest.start(undefined, false, 'https://node.example')
    try {
      const { headers, text } = await new Browser(secure.url).get('/account')
      expect(headers.get('strict-transport-security')).toBe('max-age=63072000')
      const [cookie = ''] = headers.getSetCookie()
      expect(cookie).toMatch(
        /^__Host-till_form=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
      )
      const [, csrf = ''] = /name="csrf" value="([0-9a-f]{64})"/.exec(text) ?? []
      const host = new URL(secure.url).host
      const send = async (origin: string): Promise<number> => {
        const body = new URLSearchParams({ csrf, step: 'login', email: ADA, password: 'x' }).toString()
        const type = { 'content-type': 'application/x-www-form-urlencoded' }
        const sent = { ...type, origin, cookie: cookie.split(';')[0] ?? '' }
        return (await fetch(`${secure.url}/account`, { method: 'POST', body, headers: sent })).status
      }
      expect([await send(`http://${host}`), await send(`https://${host}`)]).toEqual([403, 401])
    } finally {
      await secure.stop()
    }
    expect((await fetch(`${cloud.url}/account`)).headers.has('strict-transport-security')).toBe(false)
  })
})

describe('leading somebody elsewhere', () => {
  const EVIL = [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'https:evil.example',
    'https:/evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    `${REDIRECT}/..`,
    `${REDIRECT}/../other/x`,
    `${REDIRECT}/%2e%2e/other`,
    `${REDIRECT}?next=https://evil.example`,
    `${REDIRECT}#@evil.example`,
    `${REDIRECT}%00`,
    `${REDIRECT} `,
    ` ${REDIRECT}`,
    REDIRECT.toUpperCase(),
    REDIRECT.replace('https', 'http'),
    REDIRECT.replace('app.example', 'app.example.evil.example'),
    REDIRECT.replace('app.example', 'app.example:8443'),
    REDIRECT.replace('app.example', 'evil.example\\@app.example'),
    REDIRECT.replace('app.example', 'app.example%2eevil.example'),
    REDIRECT.replace('app.example', 'аpp.example'),
  ]

  test('PL-11 no redirect URI but the very one, in whatever spelling, at any API', async () => {
    const browser = await loggedIn()
    const native = await addClient(cloud, {
      dialect: 'native',
      scopes: ['members:read'],
      grants: ['authorization_code'],
      redirects: [REDIRECT],
    })
    const apis: [string, string][] = [
      [client.id, '/perkville/api/authorize/'],
      [native.id, '/oauth/authorize'],
    ]
    for (const [id, path] of apis)
      for (const redirect_uri of EVIL)
        for (const more of [{}, { response_type: 'token', scope: 'nonsense' }]) {
          const page = await browser.get(authorizePath(id, { redirect_uri, ...more }, path))
          expect([redirect_uri, page.status, page.location]).toEqual([redirect_uri, 400, ''])
        }
    // One API's client at another's address is nobody.
    expect((await browser.get(authorizePath(native.id, { redirect_uri: REDIRECT }))).status).toBe(400)
  })

  test('a login ends where it began: no parameter, and no spelling of the path, leads away', async () => {
    for (const name of [
      'next',
      'return',
      'return_to',
      'redirect',
      'redirect_uri',
      'continue',
      'url',
      'goto',
      'done',
    ])
      for (const evil of EVIL.slice(0, 3)) {
        const path = `/account?${new URLSearchParams({ [name]: evil }).toString()}`
        const browser = new Browser(cloud.url)
        const page = await browser.get(path)
        expect(page.text).not.toMatch(/action="(?!\/account)/)
        expect(page.location).toBe('')
      }
    const browser = new Browser(cloud.url)
    const own = '/account?next=//evil.example'
    const done = await browser.submit(await browser.get(own), 'login', { email: ADA, password: PASSWORD })
    expect(done.location).toBe(own)
    for (const path of [
      '//evil.example/account',
      '/\\evil.example/account',
      '/account/..//evil.example',
      '/account//evil.example/',
      '/%2f%2fevil.example',
      '/account%2f..%2f..%2fevil.example',
      '/invitations/..%2f..%2fevil.example',
      '/invitations/\\evil.example',
      '/perkville/biz///evil.example/identify',
      '/perkville/biz/%2f%2fevil.example/identify',
      'http://evil.example/account',
      'http://evil.example//evil.example/',
    ]) {
      const { status, location } = await raw(path)
      expect([path, location]).toEqual([path, ''])
      expect([200, 400, 404]).toContain(status)
    }
  })
})

describe('whose session it is', () => {
  test('PL-7 a session or a form token that was planted in the browser is none after the login', async () => {
    const planted = 'P'.repeat(43)
    const attacker = new Browser(cloud.url)
    const victim = new Browser(cloud.url)
    for (const browser of [attacker, victim]) {
      browser.cookies.set('till_session', planted)
      browser.cookies.set('till_form', planted)
    }
    const known = csrfOf(await attacker.get('/account'))
    const path = '/account'
    expect(
      (await victim.submit(await victim.get(path), 'login', { email: ADA, password: PASSWORD })).status,
    ).toBe(303)
    expect(victim.cookies.get('till_session')).not.toBe(planted)
    expect((await attacker.get(path)).text).toContain('value="login"')
    expect((await victim.post(path, { step: 'logout', csrf: known })).status).toBe(403)
    const other = await loggedIn()
    expect(other.cookies.get('till_session')).not.toBe(victim.cookies.get('till_session'))
  })

  test('PL-8 PL-26 who guesses at an account is told nothing of it and stopped; its owner goes on where they are known', async () => {
    const email = 'eve@shop.example'
    await addStaff(cloud, email)
    const own = await loggedIn(PASSWORD, email)
    await own.submit(await own.get('/account'), 'logout')
    expect(own.cookies.has('till_known')).toBe(true)
    const stranger = new Browser(cloud.url)
    const page = await stranger.get('/account')
    const guess = (of: string) => stranger.submit(page, 'login', { email: of, password: 'wrong' })
    const told = async (of: string): Promise<string> =>
      (await guess(of)).text.replaceAll(of, '#').replaceAll(/nonce[^>]*/g, '')
    expect(await told(email)).toBe(await told('nobody@shop.example'))
    for (let n = 1; n < LOGIN_ACCOUNT_WRONG_MAX; n++) expect((await guess(email)).status).toBe(401)
    const locked = await stranger.submit(page, 'login', { email, password: PASSWORD })
    expect(locked.status).toBe(429)
    const back = await own.submit(await own.get('/account'), 'login', { email, password: PASSWORD })
    expect([back.status, back.location]).toEqual([303, '/account'])
  })
})

test('PL-4 PL-19 S36 no secret that anybody was given, and no password, is in the files', async () => {
  const ada = await loggedIn()
  const form = { grant_type: 'password', username: ADA, password: PASSWORD }
  const { json } = await askToken(cloud, form, { basic: client })
  const secrets = [
    PASSWORD,
    client.secret,
    String(json.access_token),
    ...ada.cookies.values(),
    ...stages.map(({ path }) => path.split(/[/=]/).at(-1) ?? '').filter((text) => /^[\w-]{43}$/.test(text)),
  ]
  expect(secrets.length).toBeGreaterThan(8)
  const files = readdirSync(cloud.directory).filter((name) => name !== 'hq.token')
  expect(files).toContain('cloud.db-wal')
  const bytes = Buffer.concat(files.map((name) => readFileSync(join(cloud.directory, name))))
  expect(bytes.includes(ADA)).toBe(true)
  expect(secrets.filter((secret) => bytes.includes(secret))).toEqual([])
})
