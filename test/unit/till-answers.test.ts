// What the till answers: shapes, points, confirmed or provisional, times.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ReceiptShape } from '../../edge/till/answers.ts'
import { timeText } from '../../edge/till/wording.ts'
import { decodeFact } from '../../protocol/codec.ts'
import type { FactId, MemberId, Seq } from '../../protocol/ids.ts'
import { BACKDATE_MS_MAX, CONFIRM_FRESH_MS_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import { hybridTime, millisOf } from '../../protocol/time.ts'
import { validator } from '../../protocol/validation.ts'
import { COFFEE } from '../support/programs.ts'
import { NOW, TillUnderTest, decision, sale, stranger, textOf } from '../support/till-under-test.ts'

let shop: TillUnderTest

beforeEach(() => {
  shop = new TillUnderTest()
})

afterEach(() => {
  shop.remove()
})

function factAt(seq: number) {
  const row = shop.ledger.ofSeq(seq as Seq)
  const decoded = decodeFact(row?.bytes ?? new Uint8Array())
  if (!decoded.ok) throw new Error(decoded.malformed.reason)
  return decoded.value
}

const lastFact = () => factAt(shop.ledger.seq)

describe('receipts', () => {
  test('H-1 every kind of write is answered in the receipt’s shape, and its fact fits the protocol', async () => {
    const receipts = validator(ReceiptShape)
    shop.online()
    const member = await shop.member('1')
    shop.link.decide = () =>
      Promise.resolve(decision({ perk: COFFEE, points: 100 as Points, member: Number(member) as MemberId }))
    const sold = await shop.done('sale', {
      ...sale(60_000, member),
      tenders: [{ type: 'cash', amount: 60_000 }],
    })
    const reserved = await shop.done('redemption', { member, perk: COFFEE, capture: false })
    const bought = await shop.done('redemption', { member, perk: COFFEE })
    const all = [
      sold,
      reserved,
      bought,
      await shop.done('redemption_cancel', { redemption: reserved.receipt.id }),
      await shop.done('voucher_use', { code: bought.vouchers[0]?.code ?? '' }),
      await shop.done('checkin', { member }),
      await shop.done('grant', { member, points: 5, reason: 'sorry' }),
      await shop.done('return', { lines: [{ sale: sold.receipt.id, line: 0, amount: 100 }] }),
      await shop.done('void', { fact: (await shop.done('sale', sale(500, member))).receipt.id }),
      await shop.done('sale', sale(700)),
    ]
    for (const receipt of all) expect(receipts.accepts(receipt) || receipts.explain(receipt)).toBe(true)
    for (let seq = 1; seq <= shop.ledger.seq; seq++) expect(factAt(seq).id).toBe(3 * 2 ** 33 + seq)
    expect(new Set(all.map(({ kind }) => kind)).size).toBe(7)
    expect(shop.ledger.verify()).toMatchObject({ chain_ok: true, faults: [] })
  })

  test('A-3 a receipt says it all: place, points, entries, tier, vouchers', async () => {
    const member = await shop.member('1')
    const { receipt: _place, ...receipt } = await shop.done('sale', {
      member,
      lines: [
        { sku: 'tea', quantity: 2.5, amount: 45_099 },
        { sku: 'bag', category: 'BAG', quantity: 3, amount: 1 },
      ],
    })
    expect(receipt).toEqual({
      kind: 'sale',
      at: '2026-01-05T10:00:00.000Z',
      status: 'provisional',
      as_of: null,
      member: { id: member, tier: { id: 2, name: 'Silver' }, balance: 531, lifetime: 531 },
      points: 481,
      entries: [
        { kind: 'earn', rule: 102, title: '10 points per bag', points: 30 },
        { kind: 'earn', rule: 101, title: '1 point per pound', points: 451 },
      ],
      tier_change: { from: 'Bronze', to: 'Silver' },
      vouchers: [
        {
          code: expect.stringMatching(/^[0-9A-Z]{12}$/) as string,
          perk: 302,
          title: 'Gift',
          expires_at: null,
        },
      ],
      notes: [],
    })
    expect(factAt(2)).toMatchObject({ lines: [{ quantity: 2500 }, { quantity: 3000 }], amount: 45_100 })
  })

  test('E-EARN-5 a guest earns nothing', async () => {
    const receipt = await shop.done('sale', sale(1000))
    expect(receipt).toMatchObject({ member: null, points: 0, entries: [] })
    expect(lastFact()).toMatchObject({ member: 0, claim: null, promised: 0 })
  })

  test('without a program everything is still recorded, and a grant is refused', async () => {
    shop.remove()
    shop = new TillUnderTest({ program: null })
    const member = await shop.member('1')
    const receipt = await shop.done('sale', sale(1000, member))
    expect(receipt).toMatchObject({ points: 0, member: { tier: null, balance: 0 } })
    expect(lastFact()).toMatchObject({ program: 0 })
    expect(await shop.refused('grant', { member, points: 5 })).toBe('program_missing')
    expect(shop.till.status().program).toBeNull()
  })

  test('GET /v1/receipts gives the stored bytes', async () => {
    const answer = await shop.write('sale', sale(1000), 'k')
    const stored = shop.till.receipt((3 * 2 ** 33 + 1) as FactId)
    if (!answer.ok || !stored.ok) throw new Error('refused')
    expect(textOf(stored.value)).toBe(textOf(answer.value.body))
    expect(shop.till.receipt((3 * 2 ** 33 + 2) as FactId)).toMatchObject({
      refusal: { code: 'fact_not_found' },
    })
    expect(shop.till.receipt((4 * 2 ** 33 + 1) as FactId)).toMatchObject({
      refusal: { code: 'fact_not_found' },
    })
  })
})

describe('confirmed or provisional', () => {
  test('A-1 A-2 confirmed with the link up, a recent word and a base state; the promise is in the fact', async () => {
    shop.online()
    const member = stranger(5)
    shop.send(member, { balance: 10, lifetime: 10, facts: 1 })
    const receipt = await shop.done('sale', sale(1000, String(member)))
    expect(receipt).toMatchObject({
      status: 'confirmed',
      as_of: '2026-01-05T10:00:00.000Z',
      points: 10,
      member: { balance: 20 },
    })
    expect(lastFact()).toMatchObject({ promised: 10, confirmed: true, member })
  })

  test('A-1 provisional without a base state, with an old word, or with the link down; as_of says what it rests on', async () => {
    shop.online()
    const own = await shop.member('1')
    expect(await shop.done('sale', sale(1000, own))).toMatchObject({ status: 'provisional', as_of: null })

    const member = stranger(5)
    shop.send(member, {})
    await shop.system.advance(CONFIRM_FRESH_MS_MAX)
    expect((await shop.done('sale', sale(1000, String(member)))).status).toBe('confirmed')
    await shop.system.advance(1)
    const late = await shop.done('sale', sale(1000, String(member)))
    expect(late).toMatchObject({ status: 'provisional', as_of: '2026-01-05T10:00:00.000Z' })
    expect(lastFact()).toMatchObject({ promised: 10, confirmed: false })

    shop.online()
    shop.offline()
    expect((await shop.done('sale', sale(1000, String(member)))).status).toBe('provisional')
  })

  test('A-1 as_of survives a restart', async () => {
    shop.online()
    shop.send(stranger(5), {})
    shop.offline()
    shop.link.wordAt = null
    shop.restart()
    const receipt = await shop.done('sale', sale(1000, String(stranger(5))))
    expect(receipt).toMatchObject({ status: 'provisional', as_of: '2026-01-05T10:00:00.000Z' })
  })

  test('A-1 a guest’s sale is confirmed while the link is fresh', async () => {
    shop.online()
    expect((await shop.done('sale', sale(1000))).status).toBe('confirmed')
    shop.offline()
    expect((await shop.done('sale', sale(1000))).status).toBe('provisional')
  })
})

describe('times', () => {
  const at = (ms: number): string => new Date(ms).toISOString()

  test('A-5 P-TIME-5 a claimed time within the bound counts; an older or a future one gives way and is kept', async () => {
    const claimed = NOW - BACKDATE_MS_MAX
    expect((await shop.done('sale', { ...sale(100), occurred_at: at(claimed) })).at).toBe(at(claimed))
    expect(lastFact()).toMatchObject({ at: hybridTime(claimed), claimed: null })
    for (const refused of [claimed - 1, NOW + 1]) {
      expect((await shop.done('sale', { ...sale(100), occurred_at: at(refused) })).at).toBe(at(NOW))
      expect(lastFact()).toMatchObject({ claimed: refused })
      expect(millisOf(lastFact().at)).toBe(NOW)
    }
  })

  test('A-5 the bound is configuration: history of fifteen years ago can be replayed', async () => {
    shop.remove()
    shop = new TillUnderTest({ backdateMs: 100 * 365 * 86_400_000 })
    const receipt = await shop.done('sale', { ...sale(100), occurred_at: '2010-12-01T08:26:00Z' })
    expect(receipt.at).toBe('2010-12-01T08:26:00.000Z')
  })

  test('P-TIME-4 the fact carries the store’s offset at its time', async () => {
    shop.remove()
    shop = new TillUnderTest({ backdateMs: 365 * 86_400_000 })
    await shop.done('sale', sale(100))
    expect(lastFact().offset).toBe(0)
    await shop.done('sale', { ...sale(100), occurred_at: '2025-07-01T12:00:00+01:00' })
    expect(lastFact()).toMatchObject({ offset: 60, at: hybridTime(Date.UTC(2025, 6, 1, 11)) })
  })

  test.each(['2026-02-30T10:00:00Z', '2025-02-29T10:00:00Z', '2026-13-01T10:00:00Z', '2026-01-01T25:00:00Z'])(
    'A-5 %s is no time',
    async (occurred_at) => {
      expect(await shop.refused('sale', { ...sale(100), occurred_at })).toBe('input_invalid')
      expect(
        await shop.refused('enrolment', { identities: [{ kind: 'card', value: '1' }], occurred_at }),
      ).toBe('input_invalid')
    },
  )

  test('A-3 times are written as Date would, for any time', () => {
    for (const ms of [
      0,
      -1,
      1,
      999,
      NOW,
      -62_135_596_800_000,
      Date.UTC(2024, 1, 29, 23, 59, 59, 999),
      Date.UTC(2089, 5, 1),
    ])
      expect(timeText(ms)).toBe(new Date(ms).toISOString())
  })
})

describe('amounts and quantities', () => {
  test('A-9 P-FACT-4 tenders, when given, add up to the lines; the refusal names both in the program’s currency', async () => {
    const result = await shop.write('sale', { ...sale(1234), tenders: [{ type: 'card', amount: 1000 }] })
    expect(result).toMatchObject({
      ok: false,
      refusal: { code: 'amount_mismatch', detail: 'The lines come to 12.34 GBP, the tenders to 10.00 GBP.' },
    })
    await shop.done('sale', {
      ...sale(1234),
      tenders: [
        { type: 'card', amount: 1000 },
        { type: 'cash', amount: 234 },
      ],
    })
    expect(shop.ledger.seq).toBe(1)
  })

  test('A-3 a quantity has at most three decimals', async () => {
    const of = (quantity: number) => ({ lines: [{ sku: 'x', quantity, amount: 1 }] })
    expect(await shop.refused('sale', of(0.0001))).toBe('input_invalid')
    for (const [quantity, thousandths] of [
      [0.001, 1],
      [1.1, 1100],
      [0, 0],
      [1_000_000, 1_000_000_000],
      [4.35, 4350],
    ] as const) {
      await shop.done('sale', of(quantity))
      expect(lastFact()).toMatchObject({ lines: [{ quantity: thousandths }] })
    }
  })

  test('P-NUM-1 a sale above AMOUNT_MAX is refused', async () => {
    const line = { sku: 'ship', amount: 10_000_000_000 }
    expect(await shop.refused('sale', { lines: [line, line] })).toBe('input_invalid')
    await shop.done('sale', { lines: [line] })
  })

  test('P-LIM-1 a fact above FACT_BYTES_MAX is refused, and the member’s state is as before', async () => {
    const member = await shop.member('1')
    const lines = Array.from({ length: 5_000 }, (_, at) => ({
      sku: `${at}`.padEnd(64, 'x'),
      category: `${at}`.padEnd(64, 'y'),
      amount: 100,
    }))
    expect(await shop.refused('sale', { member, lines })).toBe('body_too_large')
    expect(await shop.done('sale', sale(100, member))).toMatchObject({
      receipt: { seq: 2 },
      member: { balance: 51 },
    })
  })
})
