// A conflict on its whole way, with real processes: two stores cut off from the cloud take the same voucher, the cloud finds out when they are back, HQ's page
// shows it, a person decides it there, and the store where it happened hears of it.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askOk, fieldOf, pick } from '../../cloud/demo/ask.ts'
import { Line } from '../../cloud/demo/network.ts'
import type { NodeProcess } from '../../cloud/demo/node-process.ts'
import { PERKS, sampleProgram } from '../../cloud/demo/program.ts'
import { openShops } from '../../cloud/demo/shops.ts'
import type { Shop, Shops } from '../../cloud/demo/shops.ts'
import { freshDirectory } from '../support/cloud-core.ts'
import { until } from '../support/edge-under-test.ts'
import { freePorts } from '../support/free-ports.ts'
import { seriousFaults } from './axe.ts'
import { NO_BROWSER, openBrowser } from './browser.ts'

const PICTURES = join(import.meta.dirname, '../../data/browser')
const SYNC_MS_MAX = 60_000
/** What a store may spend without any right to it. */
const RISKING = {
  ...sampleProgram,
  offline: {
    share_percent: 0,
    risk: { per_member: 100, per_store: 200, per_outage: 200, uses_per_outage: 4 },
  },
}
const ADA = { kind: 'card', value: 'ada' }

describe.skipIf(NO_BROWSER !== undefined)('a conflict, from the till to HQ and back', () => {
  const started: NodeProcess[] = []
  const lines: Line[] = []
  let directory: ReturnType<typeof freshDirectory>
  let browser: Browser
  let shops: Shops

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true })
    browser = await openBrowser()
    directory = freshDirectory()
    shops = await openShops(
      {
        program: RISKING,
        directory: directory.path,
        portBase: await freePorts(3),
        stores: ['Bath', 'Leeds'].map((name) => ({ name, zone: 'Europe/London' })),
        terminals: ['till'],
        cloudArgs: [],
        edgeArgs: [],
        cloudPortFor: (store) => {
          const line = new Line(started[0]?.port ?? 0)
          lines[store - 1] = line
          return line.listen()
        },
        onDeath: (fault) => {
          throw fault
        },
      },
      started,
    )
  }, SYNC_MS_MAX)
  afterAll(async () => {
    await browser.close()
    await Promise.all(started.map((node) => node.kill()))
    await Promise.all(lines.map((line) => line.close()))
    directory.remove()
  })

  let calls = 0
  const call = (shop: Shop, path: string, body: object): Promise<unknown> =>
    askOk(`${shop.node.url}${path}`, {
      method: 'POST',
      token: shop.terminalTokens[0] ?? '',
      key: `call-${++calls}`,
      body,
    })
  const synced = (shop: Shop): Promise<void> =>
    until(
      `${shop.name} synced`,
      async () =>
        fieldOf(await askOk(`${shop.node.url}/v1/status`, { token: shop.managerToken }), 'unsynced') === 0,
      SYNC_MS_MAX,
    )
  const conflictsOf = async (query = ''): Promise<readonly unknown[]> =>
    pick(await askOk(`${shops.cloud.url}/v1/conflicts${query}`, { token: shops.hqToken }), 'list', 'items')

  test(
    'CON-1 CON-2 CON-5 A-11: a voucher used in two stores offline is shown at HQ, decided by a click, and told to the store',
    { timeout: 2 * SYNC_MS_MAX },
    async () => {
      const [bath, leeds] = shops.shops
      if (bath === undefined || leeds === undefined) throw new Error('there are two stores')
      await call(bath, '/v1/members', { identities: [ADA] })
      await call(bath, '/v1/grants', { member: ADA, points: 500 })
      const redeemed = await call(bath, '/v1/redemptions', { member: ADA, perk: PERKS.welcomeDrink })
      const [code = ''] = pick(redeemed, 'list', 'vouchers').map((one) => pick(one, 'string', 'code'))
      await synced(bath)
      await call(leeds, '/v1/sales', { member: ADA, lines: [{ sku: 'S1', quantity: 1, amount: 100 }] })
      await synced(leeds)
      for (const line of lines) line.cut()
      for (const shop of [bath, leeds]) await call(shop, `/v1/vouchers/${code}/use`, {})
      expect(await conflictsOf()).toEqual([])

      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
      await page.goto(`${shops.cloud.url}/#token=${shops.hqToken}`)
      await page.locator('#line', { hasText: 'live' }).waitFor()
      for (const line of lines) line.heal()
      await Promise.all([bath, leeds].map(synced))
      const row = page.locator('#conflicts li', { hasText: 'voucher twice' })
      await row.waitFor()
      const told = await row.locator('.text').textContent()
      await row.getByRole('button', { name: 'Decide' }).click()
      await row.getByLabel('Why').fill('Ada was given two drinks')
      await row.getByLabel('Your name').fill('Grace')
      expect(await seriousFaults(page)).toEqual([])
      await page.screenshot({ path: join(PICTURES, 'conflict-decided.png'), fullPage: true })
      await row.getByRole('button', { name: 'Let it stand' }).click()
      await page.locator('#attention .text', { hasText: `HQ let it stand: ${told}` }).waitFor()
      await row.waitFor({ state: 'detached' })

      const all = await conflictsOf('?all=1')
      const decided = all.find((one) => fieldOf(one, 'kind') === 'voucher_twice')
      expect(decided).toMatchObject({ decision: 'accepted', text: told })
      // The fact that ended it, with who decided and why.
      const fact = pick(decided, 'string', 'resolved_by')
      const made = await askOk(`${shops.cloud.url}/v1/facts/${fact}`, { token: shops.hqToken })
      expect(JSON.stringify(made)).toContain('Ada was given two drinks')

      // In the store where the second use happened, on its manager's page.
      const store = fieldOf(decided, 'store')
      const shop = String(store) === '1' ? bath : leeds
      const till = await browser.newPage({ viewport: { width: 1280, height: 900 } })
      await till.goto(`${shop.node.url}/#token=${shop.managerToken}`)
      await till.getByText(`HQ let it stand: ${told}`).first().waitFor()
      await till.screenshot({ path: join(PICTURES, 'conflict-told.png') })
    },
  )
})
