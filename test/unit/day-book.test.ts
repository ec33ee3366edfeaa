// The store's figures of the day (TD), over a ledger that is opened again and again.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { DAY_BOOK_SAVE_FACTS } from '../../protocol/limits.ts'
import { NOW, TillUnderTest, sale } from '../support/till-under-test.ts'

const HOUR_MS = 3_600_000
const WEEK_MS = 7 * 24 * HOUR_MS

let under: TillUnderTest
beforeEach(() => {
  under = new TillUnderTest({ backdateMs: 100 * WEEK_MS })
})
afterEach(() => under.remove())

const today = (): ReturnType<typeof under.till.today> => under.till.today()
const at = (ms: number): { occurred_at: string } => ({ occurred_at: new Date(ms).toISOString() })

describe('TD: what the store did today', () => {
  test('TD-1: every kind counts where it belongs, also over a kill and a restart', async () => {
    const ann = await under.member('1')
    const bob = await under.member('2')
    const { receipt } = await under.done('sale', sale(1_000, ann))
    await under.done('sale', sale(500))
    await under.done('return', { lines: [{ sale: receipt.id, line: 0, amount: 400 }] })
    await under.done('grant', { member: bob, points: 30 })
    await under.done('checkin', { member: bob })
    const told = today()
    expect(told).toMatchObject({
      date: '2026-01-05',
      figures: { sales: 2, amount: 1_100, returns: 1, members_joined: 2, members_served: 2 },
      usual: null,
      usual_days: 0,
    })
    expect(told.figures.points_given).toBeGreaterThanOrEqual(30)
    expect(told.hours[10]).toEqual(told.figures)
    under.restart()
    expect(today()).toEqual(told)
  })

  test('TD-1: saved sums and the position of what they hold change together', async () => {
    const member = await under.member('1')
    for (let n = 0; n < DAY_BOOK_SAVE_FACTS + 5; n += 1)
      void under.start('sale', sale(100, n % 2 === 0 ? member : undefined))
    await under.system.settle()
    expect(under.ledger.hours.counted()).toBeGreaterThanOrEqual(DAY_BOOK_SAVE_FACTS)
    const { figures } = today()
    expect(figures).toMatchObject({ sales: DAY_BOOK_SAVE_FACTS + 5, members_served: 1 })
    under.restart()
    expect(today().figures).toEqual(figures)
  })

  test('TD-1: a commit that fails counts nothing', async () => {
    await under.done('sale', sale(100))
    under.database.exec(
      `CREATE TRIGGER no_more BEFORE INSERT ON facts BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END`,
    )
    expect(await under.refused('sale', sale(100))).toBe('fault')
    under.database.exec('DROP TRIGGER no_more')
    expect(today().figures.sales).toBe(1)
  })

  test('TD-1 L-6: a group whose second fact fails counts neither of them, before other facts and after them', async () => {
    const ann = await under.member('1')
    const bob = await under.member('2')
    await under.done('sale', sale(100, ann))
    const before = today()
    const members = under.database.prepare('SELECT DISTINCT member FROM facts').pluck().all() as MemberId[]
    const lasts = (): FactId[] => members.map((member) => under.ledger.threads.last(member))
    const last = lasts()
    const count = under.database.prepare('SELECT count(*) FROM facts').pluck().get() as number
    under.database.exec(
      `CREATE TRIGGER no_more BEFORE INSERT ON facts WHEN (SELECT count(*) FROM facts) > ${count + 1} BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END`,
    )
    const group = [ann, bob, ann].map((member) => under.start('sale', sale(200, member)))
    await under.system.settle()
    for (const one of group) expect(await one).toMatchObject({ refusal: { code: 'fault' } })
    expect(today()).toEqual(before)
    expect(lasts()).toEqual(last)
    under.database.exec('DROP TRIGGER no_more')
    await under.done('sale', sale(300, bob))
    const after = today()
    expect(after.figures).toMatchObject({ sales: 2, amount: 400, members_served: 2 })
    under.restart()
    expect(today()).toEqual(after)
  })

  test('TD-1: a sale handed in late changes its own day; a void takes its fact out', async () => {
    await under.done('sale', { ...sale(700), ...at(NOW - 24 * HOUR_MS) })
    const { receipt } = await under.done('sale', sale(300))
    await under.done('void', { fact: receipt.id })
    expect(today().figures).toMatchObject({ sales: 0, amount: 0, points_given: 0 })
  })

  test('TD-2: the day starts at the store’s midnight', async () => {
    // 31 May 2026, 23:30 and 00:30 in London, which is UTC+1 then.
    under.system.now = Date.UTC(2026, 4, 31, 22, 30)
    await under.done('sale', sale(100))
    expect(today()).toMatchObject({ date: '2026-05-31', figures: { sales: 1 } })
    under.system.now += HOUR_MS
    expect(today()).toMatchObject({ date: '2026-06-01', figures: { sales: 0 } })
  })

  test('TD-2: the hour that comes twice in autumn is one hour of one day', async () => {
    under.system.now = Date.UTC(2026, 9, 25, 0, 30)
    await under.done('sale', sale(100))
    under.system.now += HOUR_MS
    await under.done('sale', sale(100))
    expect(today().date).toBe('2026-10-25')
    expect(today().hours[1]?.sales).toBe(2)
  })

  test('TD-3: usual is the median of the same weekdays by the same time', async () => {
    for (const [week, count] of [
      [1, 2],
      [2, 6],
      [3, 4],
    ] as const) {
      for (let n = 0; n < count; n += 1)
        await under.done('sale', { ...sale(100), ...at(NOW - week * WEEK_MS - HOUR_MS) })
      // After this time of the day, and on another weekday: no part of it.
      await under.done('sale', { ...sale(9_900), ...at(NOW - week * WEEK_MS + 3 * HOUR_MS) })
      await under.done('sale', { ...sale(9_900), ...at(NOW - week * WEEK_MS - 24 * HOUR_MS) })
    }
    expect(today()).toMatchObject({ usual: { sales: 4, amount: 400 }, usual_days: 3, figures: { sales: 0 } })
  })

  test('TD-2 TD-3: members served count once a day, in their first hour, also where that is told later', async () => {
    const members = await Promise.all(['1', '2', '3'].map((card) => under.member(card)))
    const visits = async (ago: number): Promise<void> => {
      for (const member of members) await under.done('sale', { ...sale(100, member), ...at(NOW - ago) })
    }
    await visits(WEEK_MS - 3 * HOUR_MS)
    expect(today()).toMatchObject({ usual: { members_served: 0 }, usual_days: 1 })
    await visits(WEEK_MS + HOUR_MS)
    await visits(WEEK_MS + 2 * HOUR_MS)
    expect(today()).toMatchObject({ usual: { members_served: 3, sales: 6 }, usual_days: 1 })
    under.restart()
    expect(today().usual?.members_served).toBe(3)
  })
})
