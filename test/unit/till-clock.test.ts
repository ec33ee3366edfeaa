// The store under clocks that are wrong, through the till: it serves, it says so, and nothing is expired, awarded or reordered by them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { CLOCK_SAVE_MS, CLOCK_SKEW_MS_MAX, RESERVATION_MS_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import { COFFEE } from '../support/programs.ts'
import { NOW, TillUnderTest, decision } from '../support/till-under-test.ts'

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR
const TEA = { sku: 'tea', quantity: 1000, amount: 1000 }

let shop: TillUnderTest
beforeEach(() => (shop = new TillUnderTest()))
afterEach(() => shop.remove())

const facts = (): Fact[] =>
  shop.ledger
    .latest(1000)
    .map(({ bytes }) => decodeStoredFact(bytes))
    .reverse()
const told = (): string[] => shop.till.feed.read(0, 1000).map(({ text }) => text)
const sell = (member: string) => shop.done('sale', { member, lines: [TEA] })

/** The process starts again on a machine whose clock is off. */
function restartedAhead(ms: number): void {
  shop.system.wallAhead = ms
  shop.restart()
}

/** The cloud answers at once. */
function cloudSays(time = shop.system.now): void {
  shop.till.takeTime(time, shop.system.monotonic())
}

describe('R17 S32 a machine without a battery', () => {
  test('CLK-1 CLK-5 it serves at once from the floor on, says that its clock is suspect, and gives no bonus', async () => {
    const member = await shop.member('1')
    const before = await sell(member)
    restartedAhead(-56 * YEAR)
    shop.online()
    for (let n = 0; n < 3; n++) {
      shop.system.now += HOUR
      const receipt = await sell(member)
      expect(receipt).toMatchObject({ status: 'provisional', notes: ['clock_suspect'], points: 10 })
      expect(Date.parse(receipt.at) - Date.parse(before.at)).toBeLessThanOrEqual((n + 1) * HOUR + 1)
    }
    expect(facts().map(({ suspect }) => suspect)).toEqual([false, false, true, true, true])
    expect(shop.till.status().clock).toMatchObject({
      state: 'suspect',
      reason: expect.stringContaining('battery') as string,
    })
    expect(told().some((text) => text.includes('nothing expires and no bonus is given'))).toBe(true)
  })

  test('CLK-3 one answer of the cloud sets it right; the next sale counts as always', async () => {
    const member = await shop.member('1')
    await sell(member)
    restartedAhead(-56 * YEAR)
    shop.system.now += 48 * HOUR
    await sell(member)
    cloudSays()
    await shop.system.settle()
    shop.online()
    const receipt = await sell(member)
    expect(receipt.notes).toEqual([])
    expect(Math.abs(Date.parse(receipt.at) - shop.system.now)).toBeLessThan(2_000)
    expect(shop.till.status().clock).toMatchObject({ state: 'trusted', reason: null, error_ms: 0 })
    expect(
      told().some((text) => text.startsWith("The cloud's time confirms") || /was set .* forward/.test(text)),
    ).toBe(true)
  })

  test('CLK-1 time that passes without a sale is saved', async () => {
    await shop.member('1')
    for (let passed = 0; passed < 20 * HOUR; passed += CLOCK_SAVE_MS) {
      shop.system.now += CLOCK_SAVE_MS
      shop.till.lookAtClock()
      await shop.system.settle()
    }
    restartedAhead(-56 * YEAR)
    expect(shop.till.clock.now()).toBeGreaterThanOrEqual(NOW + 20 * HOUR - CLOCK_SAVE_MS)
  })
})

describe('R16 the clock jumps while the store sells', () => {
  test.each([10 * YEAR, -25 * YEAR])(
    'CLK-2 CLK-4 CLK-6 by %i ms and back: order stays, nothing expires, it is told',
    async (jump) => {
      const member = await shop.member('1')
      for (const ahead of [0, jump, 0]) {
        shop.system.now += HOUR
        shop.system.wallAhead = ahead
        shop.till.lookAtClock()
        await sell(member)
      }
      const times = facts().map(({ at }) => at)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(Math.abs(millisOf(times.at(-1) ?? (0 as never)) - shop.system.now)).toBeLessThan(2_000)
      // The third sale of the month would have brought a bonus, but two of the three rest on nothing.
      expect(facts().map(({ suspect }) => suspect)).toEqual([false, false, true, true])
      expect(told().filter((text) => text.includes('jumped'))).toHaveLength(2)
      expect((await shop.till.member(Number(member) as MemberId)).ok).toBe(true)
      const view = await shop.till.member(Number(member) as MemberId)
      expect(view.ok && view.value.balance).toBe(50 + 30)
    },
  )

  test('CLK-4 once the cloud has set the time, a jump changes nothing but the feed', async () => {
    const member = await shop.member('1')
    cloudSays()
    shop.system.wallAhead = 10 * YEAR
    shop.till.lookAtClock()
    shop.online()
    expect((await sell(member)).notes).toEqual([])
    expect(told().filter((text) => text.includes("the store's time did not follow"))).toHaveLength(1)
  })

  test('CLK-5 a clock that ran ahead before the cloud set it: times go on, and say so until they are caught up with', async () => {
    // The machine was off for three days, or so its clock says.
    const member = await shop.member('1')
    restartedAhead(72 * HOUR)
    await sell(member)
    expect(shop.till.clock.suspect).toBe(false)
    cloudSays()
    const receipt = await sell(member)
    expect(receipt.notes).toEqual(['clock_suspect'])
    expect(facts().at(-1)?.at).toBe((facts().at(-2)?.at ?? 0) + 1)
    shop.system.now += 72 * HOUR - CLOCK_SKEW_MS_MAX / 2
    expect((await sell(member)).notes).toEqual([])
  })

  test('CLK-5 nothing has expired by times that run ahead of a clock that was set', async () => {
    const member = await shop.member('1')
    await shop.done('grant', { member, points: 400 })
    shop.online()
    shop.link.decide = () =>
      Promise.resolve(decision({ hold: 77, points: 100 as Points, member: Number(member) as MemberId }))
    const { vouchers } = await shop.done('redemption', { member, perk: COFFEE })
    // The voucher lasts 30 days; after 20 the machine's clock says 33, and a sale is made by it.
    shop.offline()
    shop.system.now += 20 * 24 * HOUR
    shop.till.lookAtClock()
    await sell(member)
    restartedAhead(13 * 24 * HOUR)
    await shop.done('sale', { lines: [TEA] })
    cloudSays()
    expect(await shop.done('voucher_use', { code: vouchers[0]?.code ?? '' })).toMatchObject({
      notes: ['clock_suspect'],
    })
  })
})

describe('CLK-5 reservations', () => {
  const reserve = async (member: string): Promise<void> => {
    shop.online()
    shop.link.decide = () =>
      Promise.resolve(decision({ hold: 77, points: 100 as Points, member: Number(member) as MemberId }))
    await shop.done('redemption', { member, perk: COFFEE, capture: false })
  }

  test('do not expire under a suspect clock, and have their whole time when it is set', async () => {
    const member = await shop.member('1')
    await shop.done('grant', { member, points: 400 })
    shop.system.now += 48 * HOUR
    restartedAhead(-56 * YEAR)
    const open = (): number => shop.ledger.sequels.reservations().length
    await reserve(member)
    await shop.system.advance(2 * RESERVATION_MS_MAX)
    await reserve(member)
    expect(open()).toBe(2)
    cloudSays()
    await shop.system.advance(RESERVATION_MS_MAX / 2)
    expect(open()).toBe(1)
    await shop.system.advance(RESERVATION_MS_MAX)
    expect(open()).toBe(0)
  })
})

test('R18 P-TIME-4 over the night the clocks change, sales are on the store’s day, by its offset at each moment', async () => {
  // London sets its clocks forward on Sunday 2026-03-29 at 01:00 UTC.
  const utc = (day: number, hour: number, minute: number): number => Date.UTC(2026, 2, day, hour, minute)
  for (const at of [
    utc(28, 23, 59),
    utc(29, 0, 1),
    utc(29, 0, 59),
    utc(29, 1, 1),
    utc(29, 22, 59),
    utc(29, 23, 1),
  ]) {
    shop.system.now = at
    await shop.done('sale', { lines: [TEA] })
  }
  const made = facts()
  expect(made.map(({ offset }) => offset)).toEqual([0, 0, 0, 60, 60, 60])
  const first = localDay(utc(28, 12, 0), 0)
  expect(made.map(({ at, offset }) => localDay(millisOf(at), offset) - first)).toEqual([0, 1, 1, 1, 1, 2])
})
