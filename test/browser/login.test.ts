// Logging in, agreeing, being identified and taking an invitation in a real browser: with script and without, by keyboard, on a small screen, and
// against a page that frames it or sends forms of its own.
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import {
  AUTHORIZE,
  PASSWORD,
  addClient,
  addStaff,
  addTenant,
  askToken,
  authorizePath,
} from '../support/oauth-world.ts'
import type { TestClient } from '../support/oauth-world.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { seriousFaults } from './axe.ts'
import { NO_BROWSER, openBrowser } from './browser.ts'

const PICTURES = join(import.meta.dirname, '../../data/browser')
const EMAIL = 'ada@shop.example'
const SCOPES = ['PUBLIC', 'USER_CUSTOMER_INFO', 'USER_REDEEM', 'ADMIN_IDENTIFY_USER']

if (NO_BROWSER !== undefined) process.stdout.write(`browser suites skipped: ${NO_BROWSER}\n`)

describe.skipIf(NO_BROWSER !== undefined)('the login pages', () => {
  let browser: Browser
  let cloud: CloudUnderTest
  /** The app's own site: it answers everything with the page it is given. */
  let app: Server
  let appUrl: string
  let appPage = 'the app'
  let client: TestClient
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true })
    browser = await openBrowser()
    cloud = await CloudUnderTest.start()
    app = createServer((_, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(appPage)
    })
    await new Promise<void>((resolve) => void app.listen(0, '127.0.0.1', resolve))
    appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`
    await cloud.post('/v1/business', {
      name: 'Beans & Sons',
      rewards_program_name: 'Beans & Sons Rewards',
      brand_color: '#8a3b12',
    })
    await addStaff(cloud, EMAIL)
    client = await newClient()
  })
  afterAll(async () => {
    await browser.close()
    app.closeAllConnections()
    app.close()
    await cloud.stop()
  })
  beforeEach(async () => {
    appPage = 'the app'
    context = await browser.newContext({ viewport: { width: 1000, height: 760 } })
    page = await context.newPage()
  })
  afterEach(() => context.close())

  const newClient = (): Promise<TestClient> =>
    addClient(cloud, {
      redirects: [`${appUrl}/callback`],
      scopes: SCOPES,
      grants: ['authorization_code', 'password'],
    })

  const open = (of = client): Promise<unknown> => page.goto(cloud.url + authorizePath(of.id))

  async function logIn(password = PASSWORD, email = EMAIL): Promise<void> {
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Log in' }).click()
  }

  const picture = (name: string): Promise<unknown> =>
    page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })

  test('a wrong password is told, a right one leads to the question, and the answer to the app', async () => {
    await open()
    expect(await page.title()).toBe('Log in · Beans & Sons')
    await picture('login')
    expect(await seriousFaults(page)).toEqual([])
    await logIn('not the password')
    expect(await page.getByRole('alert').textContent()).toContain('do not fit')
    expect(await page.getByLabel('E-mail address').inputValue()).toBe(EMAIL)
    await picture('login-wrong')
    expect(await seriousFaults(page)).toEqual([])
    await logIn()
    await page.getByRole('heading', { name: 'Let Till App in?' }).waitFor()
    expect(await page.getByRole('listitem').count()).toBe(SCOPES.length)
    await picture('consent')
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.waitForURL(`${appUrl}/callback?**`)
    const code = new URL(page.url()).searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, client_id: client.id }
    expect((await askToken(cloud, form, { basic: client })).json.scope).toBe(SCOPES.join(' '))
    // The next time nothing is asked.
    await open()
    expect(page.url()).toContain(`${appUrl}/callback?code=`)
  })

  test('all of it by keyboard, without script, on a small screen', async () => {
    await context.close()
    context = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 360, height: 640 },
    })
    page = await context.newPage()
    await open(await newClient())
    await page.getByLabel('E-mail address').focus()
    await page.keyboard.type(EMAIL)
    await page.keyboard.press('Tab')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Let Till App in?' }).waitFor()
    await picture('consent-small')
    await page.getByRole('button', { name: 'Do not allow' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(`${appUrl}/callback?**`)
    expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied')
  })

  test('PL-7 a page that frames any of them shows nothing, and one that sends the form does nothing', async () => {
    const own = await newClient()
    await open(own)
    await logIn()
    await page.getByRole('heading', { name: 'Let Till App in?' }).waitFor()
    const address = cloud.url + authorizePath(own.id)
    const invited = await cloud.post('/v1/tenants/1/invitations', {
      email: 'framed@shop.example',
      role: 'ADMIN',
    })
    const paths = [
      authorizePath(own.id),
      '/account',
      '/account/password',
      '/account/proofs/x',
      String(pick(invited.json, 'path')),
      '/perkville/biz/1/',
      '/perkville/biz/1/identify?token=x',
      '/unsubscribe?token=x',
      '/offers?token=x',
      '/',
    ]
    appPage = paths
      .map((path) => `<iframe src="${(cloud.url + path).replaceAll('&', '&amp;')}"></iframe>`)
      .join('')
    await page.goto(appUrl)
    // What stands there instead is the browser's own page.
    const framed = page.frames().slice(1)
    expect(framed).toHaveLength(paths.length)
    for (const frame of framed) expect(frame.url()).toContain('chrome-error')
    appPage = `<form method="post" action="${address.replaceAll('&', '&amp;')}"><button name="step" value="allow">Win</button></form>`
    await page.goto(appUrl)
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url() === address),
      page.getByRole('button', { name: 'Win' }).click(),
    ])
    expect(answer.status()).toBe(403)
    await page.getByRole('heading', { name: /another site/ }).waitFor()
    await picture('form-of-another-site')
  })

  test('PL-11 a request of a stranger ends on a page of ours', async () => {
    await page.goto(cloud.url + authorizePath(client.id, { redirect_uri: 'https://evil.example/' }))
    await page.getByRole('heading', { name: 'This does not work' }).waitFor()
    expect(page.url()).toContain(AUTHORIZE)
    await picture('stranger')
    expect(await seriousFaults(page)).toEqual([])
  })

  test('PL-13 an invitation is taken in a browser', async () => {
    const invited = await cloud.post('/v1/tenants/1/invitations', {
      email: 'new@shop.example',
      role: 'FRONT_DESK',
    })
    await page.goto(cloud.url + String(pick(invited.json, 'path')))
    await picture('invitation')
    expect(await seriousFaults(page)).toEqual([])
    await page.getByLabel('First name').fill('Nora')
    await page.getByLabel('Last name').fill('New')
    await page.getByLabel(/password/).fill(PASSWORD)
    await page.getByRole('button', { name: 'Accept' }).click()
    await page.getByRole('heading', { name: 'Welcome' }).waitFor()
    await open(await newClient())
    await page.getByText('You are logged in as Nora New').waitFor()
  })

  test('PL-12 a customer is identified to the app, once', async () => {
    await cloud.publish(SMALL_PROGRAM)
    const elsewhere = await addTenant(cloud, 'Elsewhere')
    await addStaff(cloud, 'mia@home.example', 'EMAIL_ONLY', elsewhere.id)
    const device = await cloud.addDevice('Shop')
    await device.connect()
    device.enrol({ at: Date.now() }, [{ kind: 'email', value: 'mia@home.example' }])
    await device.sync()
    const form = { grant_type: 'password', username: EMAIL, password: PASSWORD }
    const { json } = await askToken(cloud, form, { basic: client })
    const caller = await cloud.principalOf(String(json.access_token))
    if (caller === undefined) throw new Error('no principal')
    const { identification } = cloud.node.platform
    const begun = await identification.begin(caller, { redirectUri: `${appUrl}/callback`, state: 'desk 1' })
    if (!begun.ok) throw new Error('refused')
    const address = `${cloud.url}/perkville/biz/1/identify?token=${begun.value.token}`
    await page.goto(address)
    await page.getByText('so that Beans & Sons knows who you are').waitFor()
    await picture('identify')
    expect(await seriousFaults(page)).toEqual([])
    await logIn(PASSWORD, 'mia@home.example')
    await page.waitForURL(`${appUrl}/callback?**`)
    const params = new URL(page.url()).searchParams
    expect(params.get('state')).toBe('desk 1')
    expect(await identification.personOf(caller, params.get('code') ?? '')).toBeDefined()
    await page.goto(address)
    await page.getByRole('heading', { name: 'That did not work' }).waitFor()
    await picture('identify-failed')
    expect(await seriousFaults(page)).toEqual([])
  })
})
