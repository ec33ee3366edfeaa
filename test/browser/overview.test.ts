// HQ's overview in a real browser, against a real cloud node behind a network that is cut: it watches through the kit's client, shows what happens once, and
// shows names as text.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { voucherCode } from '../../cloud/evaluation/spending/entitlements.ts'
import { Line } from '../../cloud/demo/network.ts'
import { encodeFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import { factIdOf } from '../../protocol/ids.ts'
import type { FactId, Seq } from '../../protocol/ids.ts'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import type { Device } from '../support/cloud-node.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'
import { NO_BROWSER, openBrowser } from './browser.ts'
import { seriousFaults } from './axe.ts'

const PICTURES = join(import.meta.dirname, '../../data/browser')
interface Queued {
  readonly id: number
  readonly kind: string
  readonly text: string
}
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

  test('CON-1 CON-2 CON-3: every conflict of the shops is told in the feed and waits in the queue, and a fact of HQ ends it', async () => {
    await open()
    const at = Date.now()
    const [first, other] = [device, await cloud.addDevice('Bath')]
    await other.connect()
    const member = first.enrol({ at }, [{ kind: 'card', value: 'c-1' }], 'Ada')
    first.grant({ at, member }, 200)
    const [template] = first.facts
    const raw = (fact: object): FactId => {
      const id = factIdOf(first.origin, (first.seq + 1) as Seq)
      const none = { hold: 0, rights: [], risk: null }
      const full = {
        ...template,
        name: undefined,
        identities: undefined,
        ...none,
        ...fact,
        id,
        key: `k${id}`,
        member,
      }
      return first.writeBytes(encodeFact(JSON.parse(JSON.stringify(full)) as Fact), { id } as Fact).id
    }
    const coffee = { kind: 'redemption', stage: 'captured', of: 0, perk: COFFEE, points: 100, risk: 100 }
    const code = voucherCode(SMALL_PROGRAM.voucher_secret ?? '', raw(coffee), COFFEE, 0)
    for (let use = 0; use < 2; use++) raw({ kind: 'voucher_use', code })
    first.giveBack({ at }, [{ sale: factIdOf(first.origin, 999 as Seq), line: 0, pieces: 1, amount: 100 }])
    await first.sync()
    other.enrol({ at: at + 1 }, [{ kind: 'card', value: 'c-1' }], 'Ada again')
    await other.sync()
    for (const list of [other.facts, other.bytes, other.hashes]) list.pop()
    other.enrol({ at: at + 2 }, [{ kind: 'card', value: 'c-2' }], 'Ada of the clone')
    other.line.send(other.batch())
    await other.line.next('ended')
    const items = async () => pick((await cloud.ask('/v1/conflicts')).json, 'items') as Queued[]
    const open5 = (await items()).filter(({ kind }) => kind !== 'spent_without_authority')
    expect(open5.map(({ kind }) => kind).toSorted()).toEqual([
      'fork',
      'identity_twice',
      'orphan_return',
      'risk_used',
      'voucher_twice',
    ])
    for (const { text } of open5) await page.locator('#attention .text', { hasText: text }).waitFor()
    await page.reload()
    for (const { text } of open5) await page.locator('#conflicts .text', { hasText: text }).waitFor()
    await page.locator('#conflicts .store', { hasText: /^#[0-9]+ voucher twice$/ }).waitFor()
    await page.screenshot({ path: join(PICTURES, 'overview-conflicts.png'), fullPage: true })
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await seriousFaults(page)).toEqual([])
    await page.screenshot({ path: join(PICTURES, 'overview-conflicts-phone.png') })
    await page.setViewportSize({ width: 1280, height: 900 })
    for (const { id } of await items()) {
      const body = { decision: 'accepted', reason: 'looked at it', by: 'grace' }
      const { status } = await cloud.post(`/v1/conflicts/${id}/resolution`, body, { key: `c-${id}` })
      expect(status).toBe(201)
    }
    expect(await items()).toEqual([])
    for (const { text } of open5)
      await page.locator('#attention .text', { hasText: `HQ let it stand: ${text}` }).waitFor()
    await page.reload()
    await page.locator('#line', { hasText: 'live' }).waitFor()
    expect(await page.locator('#conflicts .text').allTextContents()).toEqual([])
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
