// The manager's page in a real browser, against a real store node behind a network that is cut: what a manager sees, and what they can do about it.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import type { Seq } from '../../protocol/ids.ts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Line } from '../../cloud/demo/network.ts'
import { realSystem } from '../../edge/system.ts'
import { EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { seriousFaults } from './axe.ts'
import { NO_BROWSER, openBrowser } from './browser.ts'

/** Pictures to look at after a run. */
const PICTURES = join(import.meta.dirname, '../../data/browser')
const SCRIPT_BYTES_MAX = 15 * 1024
/** Long enough to sell something before it. */
const MIDNIGHT_IN_S = 12
const HOUR_S = 3_600
const DAY_MS = 24 * HOUR_S * 1000
const EVIL = '<img src=x onerror="document.title=\'owned\'">'

/** Runs in the page: how many frames it draws in a second, the longest wait for one, and the most rows it has. */
function framesOfASecond(): Promise<{ count: number; longest: number; rows: number }> {
  return new Promise((resolve) => {
    const began = performance.now()
    let [last, count, longest, rows] = [began, 0, 0, 0]
    const frame = (now: number): void => {
      longest = Math.max(longest, now - last)
      last = now
      count += 1
      rows = Math.max(rows, document.querySelectorAll('.rows li').length)
      if (now - began < 1_000) requestAnimationFrame(frame)
      else resolve({ count, longest, rows })
    }
    requestAnimationFrame(frame)
  })
}

if (NO_BROWSER !== undefined) process.stdout.write(`browser suites skipped: ${NO_BROWSER}\n`)

describe.skipIf(NO_BROWSER !== undefined)('the feed page', () => {
  let browser: Browser
  let edge: EdgeUnderTest
  let line: Line
  let address: string
  let page: Page
  let faults: string[]
  /** How far the node's clock is moved on. */
  let ahead: number
  const system = { ...realSystem, clock: { now: () => Date.now() + ahead } }

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true })
    browser = await openBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    ahead = 0
    faults = []
    const [perk, ...perks] = SMALL_PROGRAM.earn_perks ?? []
    const program = {
      ...SMALL_PROGRAM,
      earn_perks: perk === undefined ? [] : [{ ...perk, title: EVIL }, ...perks],
    }
    edge = await EdgeUnderTest.start({ system, program })
    line = new Line(edge.node.port)
    address = `http://127.0.0.1:${await line.listen()}`
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.on('pageerror', (fault) => faults.push(fault.message))
    page.on('console', (message) => {
      // A node that is away is in the console of every browser.
      if (message.type() === 'error' && !/ERR_|WebSocket|Failed to load/.test(message.text()))
        faults.push(message.text())
    })
  })
  afterEach(async () => {
    await page.close()
    await line.close()
    await edge.stop()
    expect(faults).toEqual([])
  })

  const open = async (): Promise<void> => {
    await page.goto(`${address}/#token=${edge.tokens.manager}`)
    await page.getByRole('heading', { name: 'Bath' }).waitFor()
  }
  const sell = async (count: number, body: object = ONE_SALE): Promise<void> => {
    for (let n = 0; n < count; n += 1) expect((await edge.post('/v1/sales', body)).status).toBe(201)
  }
  const sellAtOnce = (count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, () => sell(1)))
  /** A clock that jumps while the node runs is not believed: it starts at that second of a day in London. */
  const restartAt = async (second: number, options: { readonly backdateMs?: number } = {}): Promise<void> => {
    const [hours = 0, minutes = 0, seconds = 0] = new Date()
      .toLocaleTimeString('en-GB', { timeZone: 'Europe/London' })
      .split(':')
      .map(Number)
    const wait = second - hours * HOUR_S - minutes * 60 - seconds
    ahead = (wait < 0 ? wait + 24 * HOUR_S : wait) * 1000
    await edge.restart({ system, ...options })
    await line.close()
    line = new Line(edge.node.port)
    address = `http://127.0.0.1:${await line.listen()}`
  }
  const positions = (): Promise<number[]> =>
    page
      .locator('.rows button')
      .evaluateAll((rows) => rows.map((row) => Number((row as HTMLElement).dataset.position)))
  const shows = (position: number): Promise<void> =>
    page.locator(`.rows button[data-position="${position}"]`).waitFor()
  const head = (): number => edge.node.till.feed.position
  const range = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index)

  test('what is sold appears by itself, and the day adds up', async () => {
    await open()
    await sell(3)
    await shows(head())
    await page.locator('.figure', { hasText: 'Sales' }).getByText('3', { exact: true }).waitFor()
    await page.screenshot({ path: join(PICTURES, 'live.png') })
  })

  test('a line that is cut and healed leaves no gap and no duplicate', async () => {
    await open()
    await sell(2)
    await shows(head())
    line.cut()
    await page.getByText('node not reachable').waitFor()
    await sell(5)
    line.heal()
    await shows(head())
    await sell(1)
    await shows(head())
    const seen = await positions()
    expect(seen).toEqual(range(seen.at(-1) ?? 0, head()).reverse())
  })

  test('the banner says what works without the cloud, and since when', async () => {
    await open()
    await sell(2)
    const banner = page.getByRole('status')
    await banner.getByText('No connection to the cloud').waitFor()
    await until('the waiting records are told', async () =>
      ((await banner.textContent()) ?? '').includes('2 records wait to be sent'),
    )
    await page.getByText('2 waiting').waitFor()
    expect(await page.locator('.rows .pill', { hasText: 'provisional' }).count()).toBe(2)
    await page.screenshot({ path: join(PICTURES, 'offline.png') })
  })

  test('pausing holds the rows and counts what waits', async () => {
    await open()
    await sell(1)
    await shows(head())
    await page.keyboard.press('p')
    const before = await positions()
    await sell(4)
    await page.getByRole('button', { name: 'Go on (4 waiting)' }).waitFor()
    expect(await positions()).toEqual(before)
    await page.getByRole('button', { name: 'Go on' }).click()
    await shows(head())
    expect((await positions()).length).toBe(before.length + 4)
  })

  test('kinds, a terminal and words narrow what is shown', async () => {
    await open()
    await sell(2)
    const member = { identities: [{ kind: 'card', value: 'c-1' }], name: 'Zoe Quill' }
    expect((await edge.post('/v1/members', member)).status).toBe(201)
    await shows(head())
    const kinds = (): Promise<string[]> => page.locator('.rows .kind').allTextContents()
    await page.getByRole('button', { name: 'Members' }).click()
    await until('no members', async () => !(await kinds()).includes('New member'))
    await page.getByRole('button', { name: 'Members' }).click()
    await page.keyboard.press('/')
    await page.keyboard.type('new z. q.')
    await until('only the member', async () => (await kinds()).join() === 'New member')
    await page.getByRole('searchbox').fill('')
    await page.getByRole('combobox').selectOption('terminal')
    await until('the terminal’s', async () => (await kinds()).length === 3)
  })

  test('a row opens to why its points were given; names are text, whatever they hold', async () => {
    await open()
    const member = { identities: [{ kind: 'card', value: 'c-2' }], name: EVIL }
    const made = await edge.post('/v1/members', member)
    await sell(1, { ...ONE_SALE, member: made.string('receipt', 'id') })
    await shows(head())
    const row = page.locator(`.rows button[data-position="${head()}"]`)
    await row.focus()
    await page.keyboard.press('Enter')
    const detail = page.getByRole('dialog')
    await detail.getByText('Why these points').waitFor()
    await detail.locator('.entries').getByText(EVIL).waitFor()
    await detail.locator('.near', { hasText: 'Silver: 445 points more' }).waitFor()
    expect(await page.title()).toBe('Bath – Tillstream')
    await page.screenshot({ path: join(PICTURES, 'detail.png') })
    await page.keyboard.press('Escape')
    await detail.waitFor({ state: 'detached' })
    const focused = (one: typeof row): Promise<boolean> =>
      one.evaluate((node) => node === document.activeElement)
    expect(await focused(row)).toBe(true)
    // The detail takes the focus, and gives it back to the row that was opened last, however much was sold meanwhile.
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const close = detail.getByRole('button', { name: 'Close' })
    expect(await focused(close)).toBe(true)
    await sell(3)
    await shows(head())
    expect(await focused(close)).toBe(true)
    await page.keyboard.press('Enter')
    await detail.waitFor({ state: 'detached' })
    expect(await focused(page.locator(`.rows button[data-position="${head() - 4}"]`))).toBe(true)
  })

  test('what is provisional turns confirmed once the cloud has it', async () => {
    await open()
    await sell(2)
    await shows(head())
    const provisional = page.locator('.rows .pill', { hasText: 'provisional' })
    expect(await provisional.count()).toBe(2)
    const { till } = edge.node
    const before = await positions()
    till.acknowledged((till.status().seq - 1) as Seq, 1)
    await until('the older of them is confirmed', async () => (await provisional.count()) === 1)
    till.acknowledged(till.status().seq as Seq, 1)
    await until('both are', async () => (await provisional.count()) === 0)
    expect(await positions()).toEqual(before)
  })

  test('the day is compared with what is usual for its weekday by now, members served too', async () => {
    await restartAt(15 * HOUR_S, { backdateMs: 30 * DAY_MS })
    const made = await edge.post('/v1/members', { identities: [{ kind: 'card', value: 'c-3' }] })
    const body = { ...ONE_SALE, member: made.string('receipt', 'id') }
    await sell(2, {
      ...body,
      occurred_at: new Date(Date.now() + ahead - 7 * DAY_MS - 2 * HOUR_S * 1000).toISOString(),
    })
    await sell(3, body)
    await open()
    const figure = (name: string) => page.locator('.figure', { hasText: name })
    await figure('Members served').getByText('usual by now').waitFor()
    await figure('Sales').getByText('above usual by now').waitFor()
  })

  test('at the store’s midnight the day starts anew', async () => {
    await restartAt(24 * HOUR_S - MIDNIGHT_IN_S)
    await open()
    await sell(2)
    const sales = page.locator('.figure', { hasText: 'Sales' })
    await sales.getByText('2', { exact: true }).waitFor()
    await sales.getByText('0', { exact: true }).waitFor({ timeout: 50_000 })
  })

  test('logging in by passcode, wrongly and rightly, and out', async () => {
    const body = { name: 'ann', passcode: 'tea-at-4' }
    expect((await edge.ask('POST', '/v1/managers', { role: 'admin', body })).status).toBe(201)
    await page.goto(address)
    await page.getByLabel('Name').fill('ann')
    await page.getByLabel('Passcode').fill('tea-at-5')
    await page.getByRole('button', { name: 'Watch' }).click()
    await page.getByRole('alert').getByText('do not fit').waitFor()
    await page.screenshot({ path: join(PICTURES, 'login.png') })
    await page.getByLabel('Passcode').fill('tea-at-4')
    await page.getByRole('button', { name: 'Watch' }).click()
    await page.getByRole('heading', { name: 'Bath' }).waitFor()
    expect(await page.context().cookies()).toEqual([])
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Who is watching?' }).waitFor()
  })

  test('a busy store stays bounded', async () => {
    await open()
    await sellAtOnce(600)
    await shows(head())
    expect((await positions()).length).toBeLessThanOrEqual(200)
  })

  test('privacy hides who; the dark page and the phone are looked at', async () => {
    await open()
    await sell(1)
    await shows(head())
    await page.getByRole('button', { name: 'Privacy' }).click()
    expect(
      await page
        .locator('.rows .what')
        .first()
        .evaluate((row) => getComputedStyle(row).filter),
    ).toContain('blur')
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 390, height: 844 })
    await page.screenshot({ path: join(PICTURES, 'phone-dark.png') })
  })

  test('axe finds nothing serious, by day and by night, on a phone and on a wall', async () => {
    await open()
    await sell(2)
    await shows(head())
    await page.locator(`.rows button[data-position="${head()}"]`).click()
    await page.getByText('Why these points').waitFor()
    expect(await seriousFaults(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await seriousFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 2560, height: 1440 })
    await page.screenshot({ path: join(PICTURES, 'wall-dark.png') })
    expect(await seriousFaults(page)).toEqual([])
  })

  test('a row is there within a second of its commit', async () => {
    await open()
    await sell(1)
    await shows(head())
    const late: number[] = []
    for (let n = 0; n < 10; n += 1) {
      const at = performance.now()
      await sell(1)
      await shows(head())
      late.push(performance.now() - at)
    }
    expect(Math.max(...late)).toBeLessThan(1_000)
  })

  test('a store with 200 activities a second stays smooth and bounded', async () => {
    await open()
    const seconds: { count: number; longest: number; rows: number }[] = []
    for (let second = 0; second < 5; second += 1) {
      const [frames] = await Promise.all([page.evaluate(framesOfASecond), sellAtOnce(200)])
      seconds.push(frames)
    }
    await shows(head())
    // A headless browser on shared cores: what must not be is a page that stands.
    for (const { count, longest, rows } of seconds) {
      expect(count).toBeGreaterThan(5)
      expect(longest).toBeLessThan(500)
      expect(rows).toBeLessThanOrEqual(200)
    }
  })

  test('away for longer than the node keeps, the page says what is missing', async () => {
    await open()
    await sell(1)
    await shows(head())
    line.cut()
    await page.getByText('node not reachable').waitFor()
    edge.node.till.feed.beginEpoch(2)
    await sell(1)
    line.heal()
    await page.getByText('Activities are missing here').waitFor()
    await shows(head())
  })

  test('the script is at most 15 KiB on the wire, and nothing comes from anywhere else', async () => {
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await open()
    expect(
      asked.filter((url) => !url.startsWith(address) && !url.startsWith(address.replace('http', 'ws'))),
    ).toEqual([])
    const script = await (await fetch(`${address}/page.js`)).text()
    expect(gzipSync(script).length).toBeLessThanOrEqual(SCRIPT_BYTES_MAX)
  })
})
