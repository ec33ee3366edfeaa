// Keys and group commit: a write counts once, is answered when it is on disk, and a failed commit leaves no trace.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MemberId } from '../../protocol/ids.ts'
import { GROUP_WRITES_MAX, WRITES_QUEUED_MAX } from '../../protocol/limits.ts'
import { TillUnderTest, receiptOf, sale, stranger, textOf } from '../support/till-under-test.ts'

let shop: TillUnderTest

beforeEach(() => {
  shop = new TillUnderTest()
})

afterEach(() => {
  shop.remove()
})

/** Leaves the file room for so many pages more. */
function roomFor(pages: number): void {
  const count = shop.database.pragma('page_count', { simple: true }) as number
  shop.database.pragma(`max_page_count = ${count + pages}`)
  // The disk itself has room: L-15 asks it, and believes it.
  shop.till.lookAtDisk()
}

const HUGE = { lines: Array.from({ length: 4_000 }, (_, at) => ({ sku: `sku-${at}`, amount: 100 })) }

describe('keys', () => {
  test('K-2 the same key and body get the stored answer byte for byte, also after a restart', async () => {
    const member = await shop.member('1')
    const first = await shop.write('sale', sale(1234, member), 'once')
    const second = await shop.write('sale', sale(1234, member), 'once')
    shop.restart()
    const third = await shop.write('sale', sale(1234, member), 'once')
    if (!first.ok || !second.ok || !third.ok) throw new Error('refused')
    expect(first.value).toMatchObject({ status: 201, replayed: false })
    for (const replay of [second, third]) {
      expect(replay.value).toMatchObject({ status: 201, replayed: true })
      expect(textOf(replay.value.body)).toBe(textOf(first.value.body))
    }
    expect(shop.ledger.seq).toBe(2)
  })

  test('K-3 the same key with another body or for another thing is refused', async () => {
    const member = await shop.member('1')
    await shop.done('sale', sale(1000, member), 'once')
    expect(await shop.refused('sale', sale(1001, member), 'once')).toBe('key_reused')
    expect(await shop.refused('checkin', { member }, 'once')).toBe('key_reused')
    expect(shop.ledger.seq).toBe(2)
  })

  test('K-3 while the first waits in its group, or for the cloud, its key is in flight', async () => {
    const first = shop.start('sale', sale(1000), 'once')
    expect(await shop.start('sale', sale(1000), 'once')).toMatchObject({
      ok: false,
      refusal: { code: 'key_in_flight' },
    })
    await shop.system.settle()
    expect(receiptOf(await first).kind).toBe('sale')

    shop.online()
    let answer: (word: 'none') => void = () => undefined
    shop.link.find = () => new Promise((resolve) => (answer = resolve))
    const asking = shop.start('sale', sale(1000, String(stranger(5))), 'asking')
    await shop.system.settle()
    expect(await shop.refused('sale', sale(1000, String(stranger(5))), 'asking')).toBe('key_in_flight')
    answer('none')
    await shop.system.settle()
    expect(await asking).toMatchObject({ ok: false, refusal: { code: 'member_not_found' } })
  })

  test('K-4 a refusal is not kept: the same key may succeed later', async () => {
    const member = await shop.member('1')
    expect(await shop.refused('void', { fact: String(3 * 2 ** 33 + 2) }, 'again')).toBe('fact_not_found')
    await shop.done('sale', sale(1000, member))
    expect((await shop.done('void', { fact: String(3 * 2 ** 33 + 2) }, 'again')).points).toBe(-10)
  })

  test('K-5 the edge’s own keys are refused to callers', async () => {
    expect(await shop.refused('sale', sale(1000), 'edge:expire:1')).toBe('input_invalid')
  })
})

describe('group commit', () => {
  test('L-5 what arrives in one loop turn is one transaction, and nobody is answered before it is on disk', async () => {
    const member = await shop.member('1')
    const commits = shop.link.commits
    const answers = [1, 2, 3].map((pounds) => shop.start('sale', sale(pounds * 100, member)))
    let answered = 0
    for (const answer of answers) void answer.then(() => answered++)
    await Promise.resolve()
    expect(answered).toBe(0)
    expect(shop.crashed().seq).toBe(1)
    await shop.system.settle()
    expect(answered).toBe(3)
    expect(shop.link.commits).toBe(commits + 1)
    expect(shop.crashed().seq).toBe(4)
    const receipts = await Promise.all(answers)
    expect(receipts.map((result) => receiptOf(result).member?.balance)).toEqual([51, 53, 56 + 25])
  })

  test('L-9 a group has at most GROUP_WRITES_MAX writes; the rest goes into the next', async () => {
    const before = shop.link.commits
    const answers = Array.from({ length: GROUP_WRITES_MAX + 1 }, () => shop.start('sale', sale(100)))
    await shop.system.settle()
    expect((await Promise.all(answers)).every(({ ok }) => ok)).toBe(true)
    expect(shop.link.commits).toBe(before + 2)
  })

  test('L-9 more than WRITES_QUEUED_MAX waiting writes are told to come later', async () => {
    const answers = Array.from({ length: WRITES_QUEUED_MAX + 1 }, () => shop.start('sale', sale(100)))
    expect(await answers.at(-1)).toMatchObject({ ok: false, refusal: { code: 'too_many_requests' } })
    await shop.system.settle()
    expect((await Promise.all(answers.slice(0, -1))).every(({ ok }) => ok)).toBe(true)
  })

  test('L-6 a full disk refuses the whole group and leaves no trace; with room again the till goes on', async () => {
    const member = await shop.member('1')
    await shop.done('sale', sale(1000, member))
    const before = { head: shop.ledger.head(), position: shop.till.feed.position }
    roomFor(1)
    const answers = [shop.start('sale', sale(500, member), 'small'), shop.start('sale', HUGE, 'huge')]
    await shop.system.settle()
    for (const answer of answers)
      expect(await answer).toMatchObject({ ok: false, refusal: { code: 'storage_full' } })
    expect(shop.faults).toHaveLength(1)
    expect(shop.ledger.head()).toEqual(before.head)
    expect(shop.till.feed.position).toBe(before.position)
    expect(await shop.till.member(Number(member) as MemberId)).toMatchObject({ value: { balance: 60 } })

    roomFor(10_000)
    const receipt = await shop.done('sale', sale(500, member), 'small')
    expect(receipt).toMatchObject({ receipt: { seq: 3 }, points: 5, member: { balance: 65 } })
    const huge = await shop.done('sale', HUGE, 'huge')
    expect(huge.receipt.seq).toBe(4)
    const told = shop.till.feed.read(before.position, 100)
    expect(told.map(({ position, fact }) => [position, fact])).toEqual([
      [before.position + 1, receipt.receipt.id],
      [before.position + 2, huge.receipt.id],
    ])
    expect(shop.ledger.verify()).toMatchObject({ chain_ok: true, faults: [] })
  })

  test('L-6 a rebuilt state after a failed commit is the one on disk, for returns and counters too', async () => {
    const member = await shop.member('1')
    const { receipt } = await shop.done('sale', {
      ...sale(1000, member),
      lines: [{ sku: 'SKU1', quantity: 4, amount: 1000 }],
    })
    const giveBack = { lines: [{ sale: receipt.id, line: 0, quantity: 3, amount: 750 }] }
    roomFor(1)
    const failing = [shop.start('return', giveBack, 'back'), shop.start('sale', HUGE)]
    await shop.system.settle()
    expect((await Promise.all(failing)).every(({ ok }) => !ok)).toBe(true)
    roomFor(10_000)
    expect((await shop.done('return', giveBack, 'back')).points).toBe(-7)
    expect(
      await shop.refused('return', { lines: [{ sale: receipt.id, line: 0, quantity: 2, amount: 100 }] }),
    ).toBe('quantity_over_sold')
  })

  test('H-4 drain answers what was accepted and refuses what comes later', async () => {
    shop.online()
    let answer: (word: 'none') => void = () => undefined
    shop.link.find = () => new Promise((resolve) => (answer = resolve))
    const accepted = shop.start('sale', sale(1000))
    const asking = shop.start('sale', sale(1000, String(stranger(5))))
    let drained = false
    const drain = shop.till.drain().then(() => (drained = true))
    expect(await shop.start('sale', sale(1000))).toMatchObject({ ok: false, refusal: { code: 'stopping' } })
    await shop.system.settle()
    expect(receiptOf(await accepted).kind).toBe('sale')
    expect(drained).toBe(false)
    answer('none')
    await shop.system.settle()
    await drain
    expect(await asking).toMatchObject({ ok: false })
  })

  test('a link that breaks its word is a fault for its caller alone', async () => {
    shop.online()
    shop.link.find = () => Promise.reject(new Error('no such socket'))
    expect(await shop.refused('sale', sale(1000, String(stranger(5))))).toBe('fault')
    expect(shop.faults).toHaveLength(1)
    expect((await shop.done('sale', sale(1000))).receipt.seq).toBe(1)
  })
})

describe('restart', () => {
  test('keys, answers, chain and states come back from the disk, also without a clean close', async () => {
    const member = await shop.member('1')
    const answers = []
    for (let at = 1; at <= 20; at++) answers.push(await shop.write('sale', sale(at * 100, member), `s${at}`))
    const view = await shop.till.member(Number(member) as MemberId)
    const copy = shop.crashed()
    expect(copy.head()).toEqual(shop.ledger.head())
    expect(copy.verify()).toMatchObject({ chain_ok: true, facts: 21, faults: [] })
    copy.close()
    shop.restart()
    expect(await shop.till.member(Number(member) as MemberId)).toEqual(view)
    for (const [at, answer] of answers.entries()) {
      const again = await shop.write('sale', sale((at + 1) * 100, member), `s${at + 1}`)
      if (!answer.ok || !again.ok) throw new Error('refused')
      expect(textOf(again.value.body)).toBe(textOf(answer.value.body))
    }
    expect((await shop.done('sale', sale(100, member))).receipt.seq).toBe(22)
  })

  test('P-TIME-2 time goes on from its floor when the machine’s clock went back', async () => {
    const before = await shop.done('sale', sale(100))
    shop.system.wallAhead -= 3_600_000
    shop.restart()
    const after = await shop.done('sale', sale(100))
    expect(Date.parse(after.at)).toBeGreaterThanOrEqual(Date.parse(before.at))
  })
})
