// Returns and voids: checked against the store's own sales, taken down for others'.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import type { Receipt } from '../../edge/till/answers.ts'
import { ORIGIN, TillUnderTest, sale, stranger } from '../support/till-under-test.ts'

let shop: TillUnderTest
let member: string
let sold: Receipt

beforeEach(async () => {
  shop = new TillUnderTest()
  member = await shop.member('1')
  sold = await shop.done('sale', {
    member,
    lines: [
      { sku: 'tea', quantity: 4, amount: 1000 },
      { sku: 'bag', category: 'BAG', quantity: 2, amount: 500 },
      { sku: 'tea', quantity: 1, amount: 250 },
      { sku: 'gift wrap', quantity: 0, amount: 100 },
    ],
  })
})

afterEach(() => {
  shop.remove()
})

const lastFact = () => decodeStoredFact(shop.ledger.ofSeq(shop.ledger.seq)?.bytes ?? new Uint8Array())
const line = (at: number, quantity: number, amount = 0) => ({
  lines: [{ sale: sold.receipt.id, line: at, quantity, amount }],
})

describe('returns of own sales', () => {
  test('A-6 E-RET-2 what comes back takes the points of its lines, for the sale’s member', async () => {
    expect(sold.points).toBe(38)
    const back = await shop.done('return', line(1, 1, 250))
    expect(back).toMatchObject({
      kind: 'return',
      points: -12,
      member: { id: member, balance: 76 },
      notes: [],
    })
    expect(back.entries.map(({ kind, rule, points }) => [kind, rule, points])).toEqual([
      ['reverse', 102, -10],
      ['reverse', 101, -2],
    ])
    expect(lastFact()).toMatchObject({
      member: Number(member),
      amount: 250,
      lines: [{ sale: Number(sold.receipt.id), line: 1, sku: 'bag', quantity: 1000, amount: 250 }],
    })
  })

  test('A-6 no more than was sold comes back: over several returns, within one, after a restart, with other stores’ returns', async () => {
    await shop.done('return', line(0, 1))
    expect(await shop.refused('return', line(0, 3.001))).toBe('quantity_over_sold')
    expect(await shop.refused('return', { lines: [...line(0, 2).lines, ...line(0, 1.5).lines] })).toBe(
      'quantity_over_sold',
    )
    shop.restart()
    expect(await shop.refused('return', line(0, 3.5))).toBe('quantity_over_sold')
    shop.send(
      Number(member) as MemberId,
      { returned: [Number(sold.receipt.id), 0, 3000], balance: 50, lifetime: 50, facts: 5 },
      { covers: shop.ledger.seq },
    )
    expect(await shop.refused('return', line(0, 2))).toBe('quantity_over_sold')
    await shop.done('return', line(0, 1))
    expect(await shop.refused('return', line(0, 0.001))).toBe('quantity_over_sold')
  })

  test('A-6 a line sold without a quantity comes back once', async () => {
    const wrap = { lines: [{ sale: sold.receipt.id, line: 3, amount: 100 }] }
    expect(await shop.refused('return', line(3, 1))).toBe('quantity_over_sold')
    await shop.done('return', wrap)
    expect(await shop.refused('return', wrap)).toBe('quantity_over_sold')
  })

  test('A-6 no more than was paid comes back', async () => {
    const result = await shop.write('return', line(0, 3, 751))
    expect(result).toMatchObject({
      refusal: {
        code: 'amount_mismatch',
        detail: 'At most 7.50 GBP was paid for this; 7.51 GBP cannot be given back.',
      },
    })
    await shop.done('return', line(0, 3, 750))
    await shop.done('return', line(0, 1, 250))
  })

  test('A-6 a line is named by its index or by its article; an article finds the line that has some left', async () => {
    const tea = { lines: [{ sale: sold.receipt.id, sku: 'tea', quantity: 4, amount: 0 }] }
    await shop.done('return', tea)
    await shop.done('return', { lines: [{ sale: sold.receipt.id, sku: 'tea', amount: 250 }] })
    expect(lastFact()).toMatchObject({ lines: [{ line: 2, quantity: 1000 }] })
    expect(await shop.refused('return', tea)).toBe('quantity_over_sold')
  })

  test.each([
    ['a line beyond the last', { line: 4 }, 'sale_line_unknown'],
    ['an article that was not sold', { sku: 'coffee' }, 'sale_line_unknown'],
    ['a line of another article', { line: 0, sku: 'bag' }, 'sale_line_unknown'],
    ['neither line nor article', {}, 'sale_line_unknown'],
    ['four decimals', { line: 0, quantity: 0.1234 }, 'input_invalid'],
  ])('A-6 refused: %s', async (_what, part, code) => {
    expect(await shop.refused('return', { lines: [{ sale: sold.receipt.id, amount: 0, ...part }] })).toBe(
      code,
    )
  })

  test('A-6 refused: a sale that this store never made, and a fact that is no sale', async () => {
    const of = (id: string) => ({ lines: [{ sale: id, line: 0, sku: 'x', amount: 0 }] })
    expect(await shop.refused('return', of(String(ORIGIN * 2 ** 33 + 99)))).toBe('sale_not_found')
    expect(await shop.refused('return', of(member))).toBe('sale_not_found')
    expect(await shop.refused('return', of('17'))).toBe('sale_not_found')
  })

  test('one return is for one member', async () => {
    const other = await shop.member('2')
    const theirs = await shop.done('sale', sale(1000, other))
    const mixed = { lines: [...line(0, 1).lines, { sale: theirs.receipt.id, line: 0, amount: 0 }] }
    expect(await shop.refused('return', mixed)).toBe('input_invalid')
    expect(await shop.refused('return', { ...line(0, 1), member: other })).toBe('input_invalid')
    const guests = await shop.done('sale', sale(1000))
    const both = { lines: [{ sale: guests.receipt.id, line: 0, amount: 1000 }, ...line(0, 1).lines] }
    expect(await shop.done('return', both)).toMatchObject({ member: { id: member } })
    expect(
      await shop.refused('return', {
        lines: [{ sale: guests.receipt.id, line: 0, quantity: 0.5, amount: 0 }],
      }),
    ).toBe('quantity_over_sold')
  })

  test('A-6 a guest’s sale comes back within the same bounds and takes no points', async () => {
    const guests = await shop.done('sale', sale(1000))
    const back = { lines: [{ sale: guests.receipt.id, line: 0, amount: 1000 }] }
    expect(await shop.done('return', back)).toMatchObject({ member: null, points: 0 })
    expect(await shop.refused('return', back)).toBe('quantity_over_sold')
  })

  test('A-4 what was sold on a claim comes back on the same claim', async () => {
    const claim = { kind: 'card' as const, value: '99' }
    const claimed = await shop.done('sale', { ...sale(1000), member: claim })
    const back = await shop.done('return', { lines: [{ sale: claimed.receipt.id, line: 0, amount: 1000 }] })
    expect(back).toMatchObject({ member: null, status: 'provisional', notes: ['member_unknown'] })
    expect(lastFact()).toMatchObject({ member: 0, claim })
  })

  test('P-FACT-5 without a receipt an article is enough', async () => {
    const back = await shop.done('return', { member, lines: [{ sale: null, sku: 'tea', amount: 300 }] })
    expect(back).toMatchObject({ points: 0, notes: [], member: { id: member } })
    expect(lastFact()).toMatchObject({ lines: [{ sale: 0, line: 0, sku: 'tea', quantity: 1000 }] })
    expect(await shop.refused('return', { lines: [{ sale: null, amount: 300 }] })).toBe('input_invalid')
  })

  test('E-RET-3 a very large line comes back exactly', async () => {
    const ship = await shop.done('sale', {
      member,
      lines: [{ sku: 'sand', quantity: 1_000_000, amount: 10_000_000_000 }],
    })
    const back = (amount: number) => ({
      lines: [{ sale: ship.receipt.id, line: 0, quantity: 333_333.333, amount }],
    })
    expect(await shop.refused('return', back(3_333_333_331))).toBe('amount_mismatch')
    expect((await shop.done('return', back(3_333_333_330))).points).toBe(-33_333_333)
  })
})

describe('other stores’ sales', () => {
  const elsewhere = String(stranger(5))

  test('A-6 a return is taken down provisional, and the cloud decides', async () => {
    shop.online()
    const back = await shop.done('return', { lines: [{ sale: elsewhere, line: 2, sku: 'tea', amount: 300 }] })
    expect(back).toMatchObject({ status: 'provisional', points: 0, member: null, notes: ['sale_elsewhere'] })
    expect(lastFact()).toMatchObject({
      member: 0,
      claim: null,
      lines: [{ sale: Number(elsewhere), line: 2 }],
    })
  })

  test('A-6 it needs the line and the article, which nobody here can look up', async () => {
    expect(await shop.refused('return', { lines: [{ sale: elsewhere, sku: 'tea', amount: 1 }] })).toBe(
      'input_invalid',
    )
    expect(await shop.refused('return', { lines: [{ sale: elsewhere, line: 0, amount: 1 }] })).toBe(
      'input_invalid',
    )
  })

  test('A-6 a void is taken down provisional', async () => {
    expect(await shop.done('void', { fact: elsewhere, reason: 'wrong till' })).toMatchObject({
      kind: 'void',
      status: 'provisional',
      notes: ['sale_elsewhere'],
    })
    expect(lastFact()).toMatchObject({ fact: Number(elsewhere), reason: 'wrong till', member: 0 })
  })
})

describe('voids', () => {
  test('A-6 E-RET-4 takes back what returns have left, once', async () => {
    await shop.done('return', line(0, 2, 500))
    const voided = await shop.done('void', { fact: sold.receipt.id })
    expect(voided).toMatchObject({ kind: 'void', points: -33, member: { balance: 50 } })
    expect(await shop.refused('void', { fact: sold.receipt.id })).toBe('already_voided')
    expect(await shop.refused('return', line(1, 1))).toBe('already_voided')
    shop.restart()
    expect(await shop.refused('void', { fact: sold.receipt.id })).toBe('already_voided')
  })

  test('A-6 two voids in one group: one takes, one is refused', async () => {
    const both = [
      shop.start('void', { fact: sold.receipt.id }),
      shop.start('void', { fact: sold.receipt.id }),
    ]
    await shop.system.settle()
    expect((await Promise.all(both)).map(({ ok }) => ok)).toEqual([true, false])
  })

  test('A-6 voided by the cloud’s word is voided', async () => {
    shop.send(
      Number(member) as MemberId,
      { voided: [Number(sold.receipt.id)], facts: 3 },
      { covers: shop.ledger.seq },
    )
    expect(await shop.refused('void', { fact: sold.receipt.id })).toBe('already_voided')
  })

  test('A-6 grants and check-ins can be voided, other facts cannot', async () => {
    const grant = await shop.done('grant', { member, points: 40 })
    expect((await shop.done('void', { fact: grant.receipt.id })).points).toBe(-40)
    expect(await shop.refused('void', { fact: member })).toBe('void_not_possible')
    expect(await shop.refused('void', { fact: String(shop.ledger.seq + ORIGIN * 2 ** 33) })).toBe(
      'void_not_possible',
    )
    expect(await shop.refused('void', { fact: String(ORIGIN * 2 ** 33 + 99) })).toBe('fact_not_found')
    expect(await shop.refused('void', { fact: '5' })).toBe('fact_not_found')
  })

  test('a guest’s sale can be voided', async () => {
    const guests = await shop.done('sale', sale(1000))
    expect(await shop.done('void', { fact: guests.receipt.id })).toMatchObject({
      member: null,
      points: 0,
      notes: [],
    })
    expect(lastFact().id).toBe((ORIGIN * 2 ** 33 + shop.ledger.seq) as FactId)
  })
})
