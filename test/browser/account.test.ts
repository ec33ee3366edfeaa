// A person's account and the end of a business's e-mails in a real browser, on a small screen and without script.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ACCOUNTS } from '../../cloud/collections/tables/accounts.ts'
import { EVERYTHING } from '../../cloud/collections/query.ts'
import { unsubscribeToken } from '../../cloud/mail/links.ts'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import { MailRoom } from '../support/mail-room.ts'
import { PASSWORD, addClient, addStaff, authorizePath, codeOf } from '../support/oauth-world.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { seriousFaults } from './axe.ts'
import { NO_BROWSER, openBrowser } from './browser.ts'

const PICTURES = join(import.meta.dirname, '../../data/browser')
const EMAIL = 'ada@shop.example'

describe.skipIf(NO_BROWSER !== undefined)('the account page', () => {
  let browser: Browser
  let cloud: CloudUnderTest
  let mails: MailRoom
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true })
    browser = await openBrowser()
    cloud = await CloudUnderTest.start()
    mails = new MailRoom(cloud.node, { now: () => Date.now() })
    await cloud.publish(SMALL_PROGRAM)
    await cloud.post('/v1/dialects', { name: 'perkville' })
    await cloud.post('/v1/business', { name: 'Beans & Sons', brand_color: '#8a3b12' })
    const made = async (path: string, body: unknown): Promise<unknown> =>
      pick((await cloud.post(path, body)).json, 'id')
    const agreement = await made('/v1/agreements', { internal_name: 'Terms', type: 'REQUIRED-OPT-IN' })
    const words = { agreement, label: 'Terms of 2026', text: 'Be kind to each other.', is_active: true }
    await made('/v1/agreement-versions', words)
    const staff = await addStaff(cloud, EMAIL)
    await codeOf(staff, authorizePath((await addClient(cloud)).id))
    const device = await cloud.addDevice('Shop')
    await device.connect()
    device.enrol({ at: Date.now() }, [{ kind: 'email', value: EMAIL }], 'Ada Byron')
    await device.sync()
  })
  afterAll(async () => {
    await browser.close()
    await mails.stop()
    await cloud.stop()
  })
  beforeEach(async () => {
    context = await browser.newContext({ javaScriptEnabled: true, viewport: { width: 420, height: 900 } })
    page = await context.newPage()
  })
  afterEach(() => context.close())

  const picture = (name: string): Promise<unknown> =>
    page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })

  async function logIn(path: string): Promise<void> {
    await page.goto(cloud.url + path)
    await page.getByLabel('E-mail address').fill(EMAIL)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
  }

  test('PL-20 PL-21 CFG-6 agreements, addresses and apps are seen and changed', async () => {
    await logIn('/account?business=1')
    await picture('account')
    expect(await seriousFaults(page)).toEqual([])
    await page.getByLabel('I agree').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('You agreed to this.').waitFor()
    expect(await page.getByRole('status').textContent()).toBe('Saved.')
    await page.getByLabel('Another address').fill('ada@home.example')
    await page.keyboard.press('Enter')
    await page.getByText('We have sent a page to this address').waitFor()
    await mails.work()
    const letter = mails.server.mails.findLast(({ to }) => to === 'ada@home.example')?.data ?? ''
    const [, path = ''] =
      /https:\/\/node\.example(\/[A-Za-z0-9/_-]+)/.exec(letter.replaceAll('=\n', '')) ?? []
    await page.goto(cloud.url + path)
    await picture('account-address')
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'It is mine' }).click()
    await page.getByText('ada@home.example').waitFor()
    await page.getByRole('button', { name: 'Make ada@home.example the main address' }).click()
    await page.getByText('ada@home.example (main)').waitFor()
    await page.getByRole('button', { name: 'Take it back from Till App' }).click()
    await page.getByText('None.').waitFor()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Log in' }).waitFor()
  })

  test('PL-19 a forgotten password is set anew', async () => {
    await page.goto(`${cloud.url}/account`)
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByLabel('E-mail address').fill(EMAIL)
    expect(await seriousFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'Send it' }).click()
    await page.getByRole('heading', { name: 'Look into your e-mails' }).waitFor()
    await mails.work()
    const letter = mails.server.mails.findLast(({ to }) => to === EMAIL)?.data ?? ''
    const [, path = ''] =
      /https:\/\/node\.example(\/[A-Za-z0-9/_-]+)/.exec(letter.replaceAll('=\n', '')) ?? []
    await page.goto(cloud.url + path)
    await picture('account-password')
    expect(await seriousFaults(page)).toEqual([])
    await page.getByLabel('A password of at least').fill(PASSWORD)
    await page.getByRole('button', { name: 'Set it' }).click()
    await page.getByText('Your new password is set.').waitFor()
    await page.goto(cloud.url + path)
    await page.getByRole('heading', { name: 'Not valid' }).waitFor()
  })

  test("MAIL-2 the link of an e-mail ends this business's e-mails by its button, and not by being looked at", async () => {
    const { store } = cloud.node
    const secret = (await store.write((tx) => tx.meta('mail_secret'))) ?? ''
    const row = async () => {
      const query = { tenants: [1], where: EVERYTHING, limit: 1 }
      const [customer] = await store.read.rows(ACCOUNTS.connections, query)
      return customer
    }
    const id = Number((await row())?.id)
    const link = `${cloud.url}/unsubscribe?token=${unsubscribeToken(secret, id)}`
    await page.goto(link)
    expect(await page.title()).toBe('E-mails · Beans & Sons')
    await picture('unsubscribe')
    expect(await seriousFaults(page)).toEqual([])
    expect(await row()).toMatchObject({ receives_emails: true })
    await page.getByRole('button', { name: 'Send me no more of them' }).click()
    await page.getByRole('heading', { name: 'Done' }).waitFor()
    expect(await row()).toMatchObject({ receives_emails: false })
    const other = await page.goto(link.replace('token=', 'token=9'))
    expect(other?.status()).toBe(404)
    await page.getByText('This link is not one of ours.').waitFor()
  })
})
