// The feed's log, and what the till tells on it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FeedLog } from '../../edge/feed/feed-log.ts'
import type { FeedFrame } from '../../edge/feed/feed-log.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import type { Ledger } from '../../edge/ledger/ledger.ts'
import { ActivityShape } from '../../edge/till/answers.ts'
import type { Activity } from '../../edge/till/answers.ts'
import { Backlog, spanText } from '../../edge/till/backlog.ts'
import type { FactId, MemberId, Seq } from '../../protocol/ids.ts'
import { FEED_PRUNE_STEP, FEED_SNAPSHOT, SYNC_LATE_MS } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import { validator } from '../../protocol/validation.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'
import { TillUnderTest, decision, sale } from '../support/till-under-test.ts'

const activitiesOf = ({ text }: FeedFrame): Activity[] =>
  (JSON.parse(text) as { activities: Activity[] }).activities

describe('the log', () => {
  let ledger: Ledger
  let feed: FeedLog

  beforeEach(() => {
    ledger = openLedger({ directory: ':memory:' })
    feed = new FeedLog(ledger.frames, 1, 1000)
  })

  afterEach(() => {
    ledger.close()
  })

  function commit(count: number): void {
    ledger.transact(() => {
      for (let at = 0; at < count; at++) feed.add(JSON.stringify({ position: feed.next }))
      feed.seal()
    })
    feed.publish()
  }

  const positionsAfter = (after: number, limit?: number): number[] => {
    const frame = feed.frameAfter(after, limit)
    return frame === undefined ? [] : activitiesOf(frame).map(({ position }) => position)
  }

  test('F-1 one frame per commit, at gapless positions, after the commit', () => {
    const frames: FeedFrame[] = []
    const stop = feed.subscribe((frame) => frames.push(frame))
    commit(2)
    commit(0)
    commit(3)
    stop()
    commit(1)
    expect(frames.map(({ epoch, from, to }) => [epoch, from, to])).toEqual([
      [1, 1, 2],
      [1, 3, 5],
    ])
    expect(JSON.parse(frames[1]?.text ?? '')).toEqual({
      type: 'activities',
      epoch: 1,
      from: 3,
      to: 5,
      activities: [{ position: 3 }, { position: 4 }, { position: 5 }],
    })
    expect(feed.position).toBe(6)
  })

  test('F-1 what was not committed was never there', () => {
    commit(2)
    expect(() =>
      ledger.transact(() => {
        feed.add('{}')
        feed.seal()
        throw new Error('full')
      }),
    ).toThrow('full')
    feed.discard()
    feed.publish()
    expect(feed.position).toBe(2)
    expect(feed.next).toBe(3)
    commit(1)
    expect(positionsAfter(0)).toEqual([1, 2, 3])
  })

  test('F-2 a reader gets everything after its place, from the middle of a commit too, in pages', () => {
    for (const count of [3, 1, 4, 2]) commit(count)
    expect(feed.resume(1, 4)).toEqual({ recovered: true, after: 4, position: 10 })
    expect(positionsAfter(4)).toEqual([5, 6, 7, 8, 9, 10])
    expect(positionsAfter(1, 4)).toEqual([2, 3, 4, 5])
    expect(positionsAfter(5, 2)).toEqual([6, 7])
    expect(positionsAfter(10)).toEqual([])
    expect(feed.frameAfter(10)).toBeUndefined()
    const pages: number[] = []
    for (let after = 0; ;) {
      const frame = feed.frameAfter(after, 3)
      if (frame === undefined) break
      expect(frame.from).toBe(after + 1)
      pages.push(frame.to)
      after = frame.to
    }
    expect(pages).toEqual([3, 6, 9, 10])
  })

  test('F-2 more rows than one page reads are still a page without a gap', () => {
    for (let at = 0; at < 450; at++) commit(1)
    const seen: number[] = []
    for (let after = 0; ;) {
      const positions = positionsAfter(after)
      if (positions.length === 0) break
      seen.push(...positions)
      after = positions.at(-1) ?? 0
    }
    expect(seen).toEqual(Array.from({ length: 450 }, (_, at) => at + 1))
  })

  test('F-2 an unknown epoch, a place that is gone or not reached yet, or none: not recovered, and the last 50', () => {
    for (let at = 0; at < 80; at++) commit(1)
    for (const [epoch, after] of [
      [2, 70],
      [1, 81],
      [undefined, undefined],
      [1, undefined],
    ] as const)
      expect(feed.resume(epoch, after)).toEqual({ recovered: false, after: 80 - FEED_SNAPSHOT, position: 80 })
    expect(feed.resume(1, 0)).toMatchObject({ recovered: true, after: 0 })
    expect(feed.resume(1, 80)).toMatchObject({ recovered: true, after: 80 })
  })

  test('F-4 the history is kept, and shortened a little at a time', () => {
    const kept = (): number => feed.position - ledger.frames.ends().first + 1
    let most = 0
    let least = Infinity
    for (let at = 0; at < 60; at++) {
      const before = ledger.frames.ends().first
      commit(100)
      most = Math.max(most, kept())
      if (feed.position > 3_000) least = Math.min(least, kept())
      expect(ledger.frames.ends().first - before).toBeLessThanOrEqual(FEED_PRUNE_STEP + 100)
    }
    expect(least).toBeGreaterThanOrEqual(1000)
    expect(most).toBeLessThanOrEqual(1000 + FEED_PRUNE_STEP)
    const { first } = ledger.frames.ends()
    expect(feed.resume(1, first - 1)).toMatchObject({ recovered: true })
    expect(feed.resume(1, first - 2)).toMatchObject({ recovered: false, after: 6_000 - FEED_SNAPSHOT })
    // A reader that was paging through what is gone sees that it missed something.
    expect(feed.frameAfter(first - 10)?.from).toBe(first)
  })
})

describe('what is told', () => {
  let shop: TillUnderTest
  let told: Activity[]

  beforeEach(() => {
    shop = new TillUnderTest()
    listen()
  })

  afterEach(() => {
    shop.remove()
  })

  function listen(): void {
    told = []
    shop.till.feed.subscribe((frame) => told.push(...activitiesOf(frame)))
  }

  const last = (): Activity | undefined => told.at(-1)

  test('F-1 every fact is an activity in the words of the shop, in its shape', async () => {
    const member = await shop.member('4242')
    shop.online()
    shop.link.decide = () =>
      Promise.resolve(decision({ perk: COFFEE, points: 100 as Points, member: Number(member) as MemberId }))
    const sold = await shop.done('sale', sale(50_000, member))
    await shop.done('sale', sale(999))
    shop.link.find = () => Promise.resolve('unreachable')
    await shop.done('sale', { ...sale(100), member: { kind: 'card', value: 'x99' } })
    await shop.done('return', { lines: [{ sale: sold.receipt.id, line: 0, amount: 100, quantity: 0.5 }] })
    const reserved = await shop.done('redemption', { member, perk: COFFEE, capture: false })
    await shop.done('redemption_cancel', { redemption: reserved.receipt.id })
    const bought = await shop.done('redemption', { member, perk: COFFEE })
    await shop.done('voucher_use', { code: bought.vouchers[0]?.code ?? '' })
    await shop.done('checkin', { member })
    await shop.done('grant', { member, points: 1 })
    await shop.done('void', { fact: sold.receipt.id })
    for (let n = 0; n < 3; n++) await shop.done('sale', sale(500, member))
    const shape = validator(ActivityShape)
    for (const activity of told) expect(shape.accepts(activity) || shape.explain(activity)).toBe(true)
    expect(told.map(({ text }) => text)).toEqual([
      'New member J. D. …42: 50 points',
      'Sale of 500.00 GBP to J. D. …42: 500 points, now Silver, 1 voucher',
      'Sale of 9.99 GBP to a guest',
      'Sale of 1.00 GBP to …99',
      'Return of 1.00 GBP by J. D. …42: 250 points taken back, now Bronze',
      'J. D. …42 reserved Coffee for 100 points',
      'Coffee was cancelled for J. D. …42: 100 points given back',
      'J. D. …42 redeemed Coffee for 100 points, 1 voucher',
      'J. D. …42 used a voucher: Coffee',
      'Check-in of J. D. …42',
      '1 point given to J. D. …42',
      'Void for J. D. …42: 250 points taken back',
      'Sale of 5.00 GBP to J. D. …42: 5 points',
      'Sale of 5.00 GBP to J. D. …42: 5 points',
      'Sale of 5.00 GBP to J. D. …42: 30 points, with Every third sale of a month',
    ])
    expect(told[1]).toEqual({
      position: 3,
      epoch: 1,
      time: '2026-01-05T10:00:00.000Z',
      kind: 'sale',
      fact: sold.receipt.id,
      terminal: 't1',
      member: 'J. D. …42',
      amount: 50_000,
      points: 500,
      status: 'provisional',
      tier: 'Silver',
      vouchers: 1,
      text: told[1]?.text,
    })
  })

  test('F-1 positions are the ledger’s over a restart', async () => {
    await shop.done('sale', sale(100))
    const { position } = shop.till.feed
    shop.restart()
    listen()
    expect(shop.till.feed.position).toBe(position)
    await shop.done('sale', sale(200))
    expect(told.map((activity) => activity.position)).toEqual([position + 1])
    expect(shop.till.feed.read(0, 100).map((activity) => activity.position)).toEqual([1, 2, 3])
  })

  test('F-4 nobody is shown in the clear, and nothing in a name or a title breaks the JSON', async () => {
    const { receipt } = await shop.done('enrolment', {
      name: '"Q</script>\n Ünal\u2028',
      identities: [{ kind: 'email', value: 'secret@example.com' }],
    })
    shop.publish(
      2,
      { ...SMALL_PROGRAM, tiers: [{ ...SMALL_PROGRAM.tiers[0], name: 'A "quoted" ☕' } as never] },
      shop.system.now,
    )
    await shop.done('sale', sale(100, receipt.id))
    expect(last()).toMatchObject({ member: '". Ü. …om', text: 'Sale of 1.00 GBP to ". Ü. …om: 1 point' })
    expect(JSON.stringify(told)).not.toContain('secret')
    expect((await shop.done('sale', sale(100, receipt.id))).member?.tier?.name).toBe('A "quoted" ☕')
  })

  test('P-SYNC-5 corrections are told once, stored with their cursor, and seen in the history', async () => {
    const member = await shop.member('1')
    const { receipt } = await shop.done('sale', sale(1000, member))
    const correction = (revision: number, points: number, goodwill: number, cursor: number) =>
      shop.till.takeCorrections({
        type: 'corrections',
        cursor,
        corrections: [
          {
            fact: Number(receipt.id) as FactId,
            revision,
            points: points as Points,
            goodwill: goodwill as Points,
            cause: 0 as FactId,
          },
        ],
        conflicts: [],
      })
    correction(1, 4, 6, 8)
    expect(last()).toMatchObject({
      kind: 'correction',
      fact: receipt.id,
      member: 'J. D. …1',
      points: 10,
      text: 'The sale of J. D. …1 from 2026-01-05 counts 10 points now, 10 before, with 6 kept as promised',
    })
    const count = told.length
    correction(1, 4, 6, 8)
    expect(told).toHaveLength(count)
    correction(2, 12, 0, 9)
    expect(last()?.text).toBe('The sale of J. D. …1 from 2026-01-05 counts 12 points now, 10 before')
    expect(shop.crashed().meta.cursors().corrections).toBe(9)
  })

  test('P-VER-4 programs are told; one that this software does not understand is a notice and changes nothing', async () => {
    shop.publish(2, { ...SMALL_PROGRAM, name: 'Summer' }, shop.system.now)
    expect(last()).toMatchObject({
      kind: 'program',
      text: 'Program "Summer", version 2, counts from 2026-01-05T10:00:00.000Z',
    })
    const { position } = shop.till.feed
    shop.publish(2, { ...SMALL_PROGRAM, name: 'Summer' }, shop.system.now)
    expect(shop.till.feed.position).toBe(position)
    shop.publish(3, { ...SMALL_PROGRAM, magic: true } as never)
    expect(last()).toMatchObject({ kind: 'notice' })
    expect(last()?.text).toContain('needs newer software')
    expect(shop.till.programVersion()).toBe(2)
    shop.restart()
    expect(shop.till.programVersion()).toBe(2)
    await shop.system.advance(1)
    expect(shop.till.status().program).toMatchObject({ version: 2, name: 'Summer' })
  })

  test('notices and conflicts of the cloud, and changes of the link', () => {
    shop.till.takeNotice({
      type: 'notice',
      code: 'quarantined',
      fact: 0 as FactId,
      text: 'Fact 5 was set aside',
    })
    expect(last()).toMatchObject({ kind: 'notice', fact: null, text: 'Fact 5 was set aside' })
    const conflicts = [{ code: 'voucher_twice', fact: 7 as FactId, text: 'Used twice' }]
    shop.till.takeCorrections({ type: 'corrections', cursor: 1, corrections: [], conflicts })
    expect(last()).toMatchObject({ kind: 'conflict', fact: '7', text: 'Used twice' })
    shop.till.linkChanged('connected', shop.system.now, shop.system.now - 5000)
    expect(last()).toMatchObject({
      kind: 'link',
      text: 'Link to the cloud: connected, last heard of at 2026-01-05T09:59:55.000Z',
    })
    expect(shop.till.status().link).toMatchObject({ state: 'connected', since: '2026-01-05T10:00:00.000Z' })
  })

  test('a feed that cannot be written does not keep the link from changing', () => {
    shop.database.pragma(`max_page_count = ${shop.database.pragma('page_count', { simple: true }) as number}`)
    let changes = 0
    while (shop.faults.length === 0 && changes++ < 2_000)
      shop.till.linkChanged(`state ${changes}`, shop.system.now, null)
    expect(shop.faults).toHaveLength(1)
    expect(shop.till.status().link.state).toBe(`state ${changes}`)
    expect(shop.till.feed.next).toBe(shop.till.feed.position + 1)
  })

  test('F-6 the end of a backlog is told once, and an acknowledgement in time is not', async () => {
    const acknowledge = async (seq: number): Promise<void> => {
      shop.till.acknowledged(seq as Seq, 1)
      await shop.system.settle()
    }
    await shop.done('sale', sale(100))
    await shop.system.advance(SYNC_LATE_MS)
    await acknowledge(1)
    expect(told.filter(({ kind }) => kind === 'synced')).toEqual([])
    expect(shop.till.status()).toMatchObject({ synced_seq: 1, unsynced: 0, oldest_unsynced_at: null })

    for (let at = 0; at < 4; at++) await shop.done('sale', sale(100))
    await shop.system.advance(180_000)
    await acknowledge(3)
    expect(last()?.kind).toBe('sale')
    await acknowledge(5)
    expect(last()).toMatchObject({
      kind: 'synced',
      text: 'The cloud has everything again: 4 records in 3 minutes',
    })
    await acknowledge(5)
    expect(told.filter(({ kind }) => kind === 'synced')).toHaveLength(1)
    expect(shop.crashed().meta.cursors()).toMatchObject({ synced: 5, cloudEpoch: 1 })
  })
})

describe('F-6 backlog', () => {
  const seq = (at: number): Seq => at as Seq

  test('under load without a pause it ends when facts are acknowledged in time again', () => {
    const backlog = new Backlog(seq(0), seq(0), 0)
    backlog.committed(seq(1), 1000)
    // An hour offline, a thousand facts; then the cloud takes them in pieces while more come.
    const start = 3_600_000
    expect(backlog.acknowledged(seq(500), seq(1000), start)).toBeUndefined()
    expect(backlog.acknowledged(seq(900), seq(1100), start + 1000)).toBeUndefined()
    expect(backlog.acknowledged(seq(1050), seq(1200), start + 2000)).toEqual({
      facts: 1050,
      ms: start + 1000,
    })
    expect(backlog.acknowledged(seq(1200), seq(1300), start + 3000)).toBeUndefined()
  })

  test('what a start finds unsent counts from the start', () => {
    const backlog = new Backlog(seq(10), seq(4), 0)
    expect(backlog.acknowledged(seq(10), seq(10), SYNC_LATE_MS + 1)).toEqual({
      facts: 6,
      ms: SYNC_LATE_MS + 1,
    })
  })

  test.each([
    [4_000, '4 seconds'],
    [90_000, '90 seconds'],
    [720_000, '12 minutes'],
    [3 * 3_600_000, '3 hours'],
    [50 * 3_600_000, '2 days'],
  ])('%i ms reads %s', (ms, text) => {
    expect(spanText(ms)).toBe(text)
  })
})
