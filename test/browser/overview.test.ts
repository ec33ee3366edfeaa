// HQ's overview in a real browser, against a real cloud node behind a network that is cut: it watches through the kit's client, shows what happens once, and
// shows names as text.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Line } from '../../cloud/demo/network.ts'
import { CloudUnderTest } from '../support/cloud-node.ts'
import type { Device } from '../support/cloud-node.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { NO_BROWSER, openBrowser } from './browser.ts'
import { seriousFaults } from './axe.ts'

const PICTURES = join(import.meta.dirname, '../../data/browser')
const EVIL = '<img src=x onerror="document.title=\'owned\'">'

describe.skipIf(NO_BROWSER !== undefined)("HQ's overview", () => {
  let browser: Browser
  let cloud: CloudUnderTest
  let device: Device
  let line: Line
  let address: string
  let page: Page
  let faults: string[]

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true })
    browser = await openBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    faults = []
    // With leases: their movements are no activities.
    cloud = await CloudUnderTest.start(undefined, true)
    const [perk, ...perks] = SMALL_PROGRAM.redeem_perks ?? []
    await cloud.publish({
      ...SMALL_PROGRAM,
      redeem_perks: perk === undefined ? [] : [{ ...perk, title: EVIL }, ...perks],
      offline: { share_percent: 50 },
    })
    device = await cloud.addDevice(EVIL)
    await device.connect()
    line = new Line(cloud.node.port)
    address = `http://127.0.0.1:${await line.listen()}`
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.on('pageerror', (fault) => faults.push(fault.message))
  })
  afterEach(async () => {
    await page.close()
    await line.close()
    await cloud.stop()
    expect(faults).toEqual([])
  })

  const open = async (): Promise<void> => {
    await page.goto(`${address}/#token=${cloud.node.token}`)
    await page.locator('#line', { hasText: 'live' }).waitFor()
  }
  const rows = (): Promise<string[]> => page.locator('#activities .text').allTextContents()
  const sell = async (count: number, member?: number): Promise<void> => {
    const from = device.seq + 1
    for (let n = 0; n < count; n++)
      device.sale({ at: Date.now(), ...(member === undefined ? {} : { member: member as never }) }, [
        { sku: 'TEA', amount: 100 + device.seq },
      ])
    await device.sync(from)
  }

  test('S23: what happens in a store appears by itself, names are text, and totals follow', async () => {
    await open()
    const member = device.enrol({ at: Date.now() }, [{ kind: 'card', value: 'c-1' }], EVIL)
    await device.sync()
    await sell(2, member)
    await page.locator('#activities .text', { hasText: 'Sale of 1.02' }).waitFor()
    expect((await rows()).some((text) => text.startsWith('New member <.'))).toBe(true)
    await page.locator('#stores strong', { hasText: EVIL }).waitFor()
    await page.locator('#total-members', { hasText: '1' }).waitFor()
    expect(await page.title()).toBe('Tillstream overview')
    expect((await rows()).filter((text) => text.includes('may spend'))).toEqual([])
    await page.screenshot({ path: join(PICTURES, 'overview.png') })
  })

  test('Q-4 KW-1: a line that is cut and healed shows each sale once', async () => {
    await open()
    await sell(2)
    await page.locator('#activities .text', { hasText: 'Sale of 1.01' }).waitFor()
    line.cut()
    await page.locator('#line', { hasText: 'reconnecting' }).waitFor()
    await sell(5)
    line.heal()
    await page.locator('#activities .text', { hasText: 'Sale of 1.06' }).waitFor()
    const amounts = (await rows()).flatMap((text) => /Sale of ([0-9.]+)/.exec(text)?.[1] ?? [])
    expect(amounts).toEqual(['1.06', '1.05', '1.04', '1.03', '1.02', '1.01', '1.00'])
  })

  test('pausing holds what comes, and going on shows it', async () => {
    await open()
    await page.getByRole('button', { name: 'Pause' }).click()
    await sell(3)
    await page.locator('#rate', { hasText: 'a second' }).waitFor()
    expect(await rows()).toEqual([])
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.locator('#activities .text', { hasText: 'Sale of 1.02' }).waitFor()
    expect(await rows()).toHaveLength(3)
  })

  test('a wrong token is told, and the right one lets in', async () => {
    await page.goto(address)
    await page.getByLabel('Token').fill('wrong')
    await page.getByRole('button', { name: 'Watch' }).click()
    await page.getByRole('alert').getByText('not known').waitFor()
    await page.getByLabel('Token').fill(cloud.node.token)
    await page.getByRole('button', { name: 'Watch' }).click()
    await page.locator('#line', { hasText: 'live' }).waitFor()
  })

  test('axe finds nothing serious; the phone and the dark are looked at', async () => {
    await open()
    await sell(2)
    await page.locator('#activities .text', { hasText: 'Sale of 1.01' }).waitFor()
    expect(await seriousFaults(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await seriousFaults(page)).toEqual([])
    await page.screenshot({ path: join(PICTURES, 'overview-phone-dark.png') })
  })
})
