// A cloud with businesses, persons with logins and API clients, and a browser without script: it keeps cookies, follows nothing, and fills forms in.
import { createHash } from 'node:crypto'
import { NATIVE_SCOPES } from '../../cloud/platform/native-scopes.ts'
import type { Grant, StaffRole } from '../../cloud/store/platform-port.ts'
import { pick } from './cloud-node.ts'
import type { CloudUnderTest } from './cloud-node.ts'

export const PASSWORD = 'correct horse battery'
export const REDIRECT = 'https://app.example/callback'

export interface TestClient {
  readonly id: string
  readonly secret: string
}

export interface ClientWish {
  readonly dialect?: string
  readonly scopes?: readonly string[]
  readonly grants?: readonly Grant[]
  readonly redirects?: readonly string[]
  readonly public?: boolean
  readonly token?: string
}

export async function addTenant(cloud: CloudUnderTest, name: string): Promise<{ id: number; token: string }> {
  const { json } = await cloud.post('/v1/tenants', { name })
  return { id: Number(pick(json, 'id')), token: String(pick(json, 'hq_token')) }
}

export async function addClient(cloud: CloudUnderTest, wish: ClientWish = {}): Promise<TestClient> {
  const answer = await cloud.post(
    '/v1/clients',
    {
      name: 'Till App',
      dialect: wish.dialect ?? 'perkville',
      redirect_uris: wish.redirects ?? [REDIRECT, 'https://app.example/other'],
      scopes: wish.scopes ?? ['PUBLIC', 'USER_CUSTOMER_INFO'],
      grants: wish.grants ?? ['authorization_code'],
      public: wish.public ?? false,
    },
    wish.token === undefined ? {} : { token: wish.token },
  )
  if (answer.status !== 201) throw new Error(answer.text)
  return { id: String(pick(answer.json, 'client_id')), secret: String(pick(answer.json, 'client_secret')) }
}

/** Somebody with a login, by an invitation that is taken in a browser. */
export async function addStaff(
  cloud: CloudUnderTest,
  email: string,
  role: StaffRole = 'ADMIN',
  tenant = 1,
  locations: readonly number[] | null = null,
): Promise<Browser> {
  const invited = await cloud.post(`/v1/tenants/${tenant}/invitations`, { email, role, locations })
  const browser = new Browser(cloud.url)
  const path = String(pick(invited.json, 'path'))
  const page = await browser.get(path)
  const known = !page.text.includes('name="first_name"')
  const names: Record<string, string> = known ? {} : { first_name: 'Ada', last_name: 'Byron' }
  const done = await browser.submit(page, 'accept', { ...names, password: PASSWORD })
  if (done.status !== 200) throw new Error(done.text)
  return browser
}

export interface Page {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly path: string
  readonly location: string
}

/** What a browser does with cookies and forms, and no more. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async get(path: string): Promise<Page> {
    return this.#send(path, {})
  }

  /** Presses a button of the page's first form. */
  async submit(page: Page, step: string, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    return this.post(page.path, { csrf: csrfOf(page), step, ...fields })
  }

  async post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Page> {
    return this.#send(path, {
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  }

  async #send(path: string, init: RequestInit): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(this.#url + path, {
      ...init,
      redirect: 'manual',
      headers: {
        ...(init.headers as Record<string, string> | undefined),
        ...(cookie === '' ? {} : { cookie }),
      },
    })
    for (const set of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=')
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      path,
      location: response.headers.get('location') ?? '',
    }
  }
}

export function csrfOf({ text }: Page): string {
  const [, csrf] = /name="csrf" value="([0-9a-f]{64})"/.exec(text) ?? []
  if (csrf === undefined) throw new Error(`no form in ${text}`)
  return csrf
}

export const AUTHORIZE = '/perkville/api/authorize/'
export const TOKEN = '/perkville/api/token/'
export const VERIFIER = 'v'.repeat(64)
export const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')

export function authorizePath(
  client: string,
  more: Readonly<Record<string, string>> = {},
  path = AUTHORIZE,
): string {
  return `${path}?${new URLSearchParams({ client_id: client, response_type: 'code', state: 'st', ...more }).toString()}`
}

export interface TokenAsk {
  readonly basic?: TestClient
  readonly query?: string
  readonly path?: string
}

export interface TokenAnswer {
  readonly status: number
  readonly headers: Headers
  readonly json: Record<string, unknown>
}

export async function askToken(
  cloud: CloudUnderTest,
  form: Readonly<Record<string, string>>,
  { basic, query = '', path = TOKEN }: TokenAsk = {},
): Promise<TokenAnswer> {
  const response = await fetch(cloud.url + path + query, {
    method: 'POST',
    body: new URLSearchParams(form).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(basic === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`${basic.id}:${basic.secret}`).toString('base64')}` }),
    },
  })
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as Record<string, unknown>,
  }
}

/** Logs in where that is asked for, agrees where that is asked for, and gives the code. */
export async function codeOf(browser: Browser, path: string, email?: string): Promise<string> {
  let page = await browser.get(path)
  if (page.text.includes('value="login"') && email !== undefined) {
    page = await browser.submit(page, 'login', { email, password: PASSWORD })
    page = await browser.get(page.location)
  }
  if (page.status === 200) page = await browser.submit({ ...page, path }, 'allow')
  const code = new URL(page.location).searchParams.get('code')
  if (code === null) throw new Error(`no code in ${page.location} ${page.text}`)
  return code
}

/** What a person lets a client have of the native API. */
export async function nativeTokens(
  cloud: CloudUnderTest,
  browser: Browser,
): Promise<{ access: string; refresh: string; code: string }> {
  const app = await addClient(cloud, {
    dialect: 'native',
    scopes: NATIVE_SCOPES,
    grants: ['authorization_code', 'refresh_token'],
  })
  const path = authorizePath(app.id, {}, '/oauth/authorize')
  const form = { grant_type: 'authorization_code', code: await codeOf(browser, path), redirect_uri: REDIRECT }
  const { json } = await askToken(cloud, form, { path: '/oauth/token', basic: app })
  const code = await codeOf(browser, path)
  return { access: String(json.access_token), refresh: String(json.refresh_token), code }
}
