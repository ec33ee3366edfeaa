// From a sales file to the calls of a replay: grouping, the rules for rows that are no sale, returns, times, and the account of every row.
import { gzipSync } from 'node:zlib'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bodyOf } from '../../cloud/demo/replay/bodies.ts'
import { categoryOf } from '../../cloud/demo/replay/categories.ts'
import type { Plan, ReturnCall, SaleCall } from '../../cloud/demo/replay/plan.ts'
import { REASONS, countReasons, quarantineLines } from '../../cloud/demo/replay/quarantine.ts'
import type { Reason } from '../../cloud/demo/replay/quarantine.ts'
import { customerOf, fileClock, sortOfInvoice } from '../../cloud/demo/replay/rows.ts'
import { planOfFile, planOfText } from '../../cloud/demo/replay/sales-file.ts'
import { LINES_MAX } from '../../protocol/limits.ts'

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'

function planOf(rows: readonly string[]): Promise<Plan> {
  return planOfText([Buffer.from([HEADER, ...rows, ''].join('\n'))])
}

const row = (
  invoice: string,
  sku: string,
  quantity: number | string,
  price: number | string,
  { customer = '17850.0', time = '2010-12-01 08:26:00', description = 'THING' } = {},
): string => `${invoice},${sku},${description},${quantity},${time},${price},${customer},United Kingdom`

const salesOf = (plan: Plan): SaleCall[] => plan.calls.filter((call) => call.kind === 'sale')
const returnsOf = (plan: Plan): ReturnCall[] => plan.calls.filter((call) => call.kind === 'return')
const unsent = (plan: Plan): number => plan.setAside.filter(({ sent }) => !sent).length
const balanced = (plan: Plan): boolean => plan.rows === plan.soldRows + plan.returnedRows + unsent(plan)

describe('R-1 grouping', () => {
  test('R-1 rows of one invoice are one sale, also when others stand between them', async () => {
    const plan = await planOf([
      row('536365', 'A', 1, '1.00'),
      row('536366', 'B', 1, '2.00'),
      row('536365', 'C', 2, '3.00'),
    ])
    expect(salesOf(plan).map(({ key, lines }) => [key, lines.map(({ sku }) => sku)])).toEqual([
      ['sale-536365', ['A', 'C']],
      ['sale-536366', ['B']],
    ])
  })

  test('R-1 the first row of an invoice says its time', async () => {
    const plan = await planOf([
      row('536365', 'A', 1, '1.00', { time: '2010-12-01 08:26:00' }),
      row('536365', 'B', 1, '1.00', { time: '2010-12-01 08:27:00' }),
    ])
    expect(salesOf(plan).map(({ at }) => new Date(at).toISOString())).toEqual(['2010-12-01T08:26:00.000Z'])
  })

  test('R-1 calls follow the time of the file, whatever the order of its rows, and keep its order within a minute', async () => {
    const plan = await planOf([
      row('3', 'A', 1, 1, { time: '2010-12-02 09:00:00', customer: '' }),
      row('1', 'A', 1, 1, { time: '2010-12-01 09:00:00', customer: '' }),
      row('2', 'A', 1, 1, { time: '2010-12-01 09:00:00', customer: '' }),
    ])
    expect(plan.calls.map(({ key }) => key)).toEqual(['sale-1', 'sale-2', 'sale-3'])
  })

  test('R-1 times are London wall clock, over both changes of the clock', () => {
    const clock = fileClock()
    const utc = (text: string): string | null => {
      const at = clock(text)
      return at === null ? null : new Date(at).toISOString()
    }
    expect(utc('2010-12-01 08:26:00')).toBe('2010-12-01T08:26:00.000Z')
    expect(utc('2011-03-26 23:59:00')).toBe('2011-03-26T23:59:00.000Z')
    expect(utc('2011-03-27 00:59:00')).toBe('2011-03-27T00:59:00.000Z')
    expect(utc('2011-03-27 02:00:00')).toBe('2011-03-27T01:00:00.000Z')
    expect(utc('2011-03-28 00:00:00')).toBe('2011-03-27T23:00:00.000Z')
    expect(utc('2011-10-29 12:00:00')).toBe('2011-10-29T11:00:00.000Z')
    expect(utc('2011-10-30 00:30:00')).toBe('2011-10-29T23:30:00.000Z')
    expect(utc('2011-10-30 03:00:00')).toBe('2011-10-30T03:00:00.000Z')
    expect(utc('2011-07-01 10:00')).toBe('2011-07-01T09:00:00.000Z')
    expect(utc('2011-07-01')).toBe('2011-06-30T23:00:00.000Z')
    for (const no of [
      '',
      '2011-02-29 10:00:00',
      '2011-13-01 10:00:00',
      '2011-07-01 24:00:00',
      '2011-07-01x10:00',
      '1/7/2011 10:00',
    ])
      expect(utc(no)).toBeNull()
  })

  test('invoice numbers and customers are read as they are written', () => {
    expect(['536365', 'C536379', 'A563185'].map(sortOfInvoice)).toEqual(['sale', 'return', 'adjustment'])
    expect(['', 'X1', 'C', '53 65', 'c1', 'CC1'].map(sortOfInvoice)).toEqual(Array(6).fill(undefined))
    expect(['17850.0', '17850', '17850.', ''].map(customerOf)).toEqual(['17850', '17850', '17850', null])
    expect(['abc', '1.5', '-3'].map(customerOf)).toEqual([undefined, undefined, undefined])
  })
})

/** One row per reason that sets it aside, beside a good row. A Record, so that no reason is forgotten. */
const SET_ASIDE: Record<Reason, string[]> = {
  row_unparsable: [
    '1,2,3',
    row('', 'A', 1, 1),
    row('1', '', 1, 1),
    row('1', 'A', 'many', 1),
    row('1', 'A', '1.0001', 1),
    row('1', 'A', 1, '1.0000001'),
    row('1', 'A', 1, '£1'),
    row('1', 'A', 1, 1, { time: 'yesterday' }),
    row('1', 'A', 1, 1, { customer: 'bob' }),
    '1,"A"A,B,1,2010-12-01 08:26:00,1,,UK',
  ],
  invoice_unknown: [row('X77', 'A', 1, 1)],
  adjustment: [row('A563185', 'B', 1, '11062.06'), row('A563186', 'B', 1, '-11062.06')],
  quantity_not_positive: [row('8', 'A', -3, 1), row('8', 'A', 0, 1), row('8', 'A', -10, 0)],
  quantity_not_negative: [row('C8', 'A', 3, 1), row('C8', 'A', 0, 1)],
  price_not_positive: [row('8', 'A', 3, 0), row('8', 'A', 3, '-0.01'), row('C8', 'A', -3, 0)],
  amount_over_limit: [row('8', 'A', 1_000_000, '1000000'), row('8', 'A', 1, '100000000.01')],
  customer_differs: [row('500', 'Z', 1, 1, { customer: '1.0' }), row('500', 'Z', 1, 1, { customer: '' })],
  lines_over_limit: [],
}

describe('R-2 rows that are set aside', () => {
  const cases = Object.entries(SET_ASIDE).flatMap(([reason, rows]) =>
    rows.map((text) => [reason, text] as const),
  )
  test.each(cases)('R-2 %s: %s', async (reason, text) => {
    const plan = await planOf([row('500', 'GOOD', 1, 1), text, row('500', 'GOOD', 2, 1)])
    expect(countReasons(plan.setAside, false)).toEqual({ [reason]: 1 })
    expect(plan.setAside[0]).toMatchObject({ row: 2, reason, sent: false })
    expect(salesOf(plan).map(({ lines }) => lines.length)).toEqual([2])
    expect(balanced(plan)).toBe(true)
    expect(JSON.parse(quarantineLines(plan.setAside))).toMatchObject({ row: 2, reason })
  })

  test('R-2 lines_over_limit: an invoice keeps as many lines as one sale may have', async () => {
    const plan = await planOf(
      Array.from({ length: LINES_MAX + 2 }, (_, index) => row('9', `S${index}`, 1, 1)),
    )
    expect(salesOf(plan)[0]?.lines.length).toBe(LINES_MAX)
    expect(countReasons(plan.setAside, false)).toEqual({ lines_over_limit: 2 })
    expect(balanced(plan)).toBe(true)
  })

  test('R-2 every reason has its sentence and its case', () => {
    expect(Object.keys(SET_ASIDE).toSorted()).toEqual(Object.keys(REASONS).toSorted())
  })

  test('R-2 an invoice of which nothing is left makes no call and no member', async () => {
    const plan = await planOf([row('8', 'A', -3, 0), row('9', 'A', 1, 1, { customer: '' })])
    expect(plan).toMatchObject({ invoices: 2, invoicesEmpty: 1, sales: 1, guestSales: 1, members: 0 })
  })
})

describe('R-3 the account of rows', () => {
  test('R-3 any file whatever: every row is sold, returned or set aside, and every call is one the till may make', async () => {
    const anyRow = fc.oneof(
      fc.string({ maxLength: 30 }).filter((text) => !/["\r\n]/.test(text) && text !== ''),
      fc
        .record({
          invoice: fc.constantFrom('1', '2', '3', 'C1', 'C2', 'A1', 'X1'),
          sku: fc.constantFrom('A', 'B'),
          quantity: fc.integer({ min: -4, max: 6 }),
          price: fc.constantFrom('0', '0.004', '1.25', '-1', '2.555'),
          customer: fc.constantFrom('1.0', '2.0', ''),
          minute: fc.integer({ min: 10, max: 59 }),
        })
        .map(({ invoice, sku, quantity, price, customer, minute }) =>
          row(invoice, sku, quantity, price, { customer, time: `2011-03-01 10:${minute}:00` }),
        ),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 40 }), async (rows) => {
        const plan = await planOf(rows)
        expect(plan.rows).toBe(rows.length)
        expect(balanced(plan)).toBe(true)
        const sold = salesOf(plan).reduce((sum, { lines }) => sum + lines.length, 0)
        expect(plan.soldRows).toBe(sold)
        const enrolled = new Set<string>()
        for (const call of plan.calls) {
          if (call.kind === 'enrolment') enrolled.add(call.customer)
          else if (call.customer !== null) expect(enrolled.has(call.customer)).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('R-4 amounts', () => {
  test.each([
    [6, '2.55', 1530],
    [3, '0.005', 2],
    [1, '0.004', 0],
    [1, '2.675', 268],
    ['0.333', '3', 100],
    [74_215, '1.04', 7_718_360],
  ])('R-4 %s x %s is %s pence', async (quantity, price, pence) => {
    const plan = await planOf([row('1', 'A', quantity, price)])
    expect(salesOf(plan)[0]?.lines[0]?.amount).toBe(pence)
  })
})

describe('R-5 returns', () => {
  const parts = (plan: Plan): unknown[] =>
    returnsOf(plan).flatMap(({ lines }) =>
      lines.map(({ sale, line, quantity, amount }) => [sale?.key ?? null, line, quantity / 1000, amount]),
    )

  test('R-5 the most recent purchase first, split over several, the rest without a sale and reported', async () => {
    const plan = await planOf([
      row('1', 'X', 1, '1.00'),
      row('1', 'A', 5, '2.00'),
      row('2', 'A', 3, '2.00', { time: '2010-12-02 08:26:00' }),
      row('C3', 'A', -10, '2.00', { time: '2010-12-03 08:26:00' }),
    ])
    expect(parts(plan)).toEqual([
      ['sale-2', 0, 3, 600],
      ['sale-1', 1, 5, 1000],
      [null, 0, 2, 400],
    ])
    expect(countReasons(plan.setAside, true)).toEqual({ partly_matched_return_line: 1 })
    expect(plan).toMatchObject({ soldRows: 3, returnedRows: 1, returns: 1 })
    expect(balanced(plan)).toBe(true)
  })

  test('R-5 quantity that was given back is not given back again', async () => {
    const plan = await planOf([
      row('1', 'A', 5, '2.00'),
      row('C2', 'A', -4, '2.00', { time: '2010-12-02 08:26:00' }),
      row('C3', 'A', -4, '2.00', { time: '2010-12-03 08:26:00' }),
    ])
    expect(parts(plan)).toEqual([
      ['sale-1', 0, 4, 800],
      ['sale-1', 0, 1, 200],
      [null, 0, 3, 600],
    ])
  })

  test("R-5 another customer's, another product's and a later purchase do not count", async () => {
    const plan = await planOf([
      row('1', 'A', 5, '2.00', { customer: '99' }),
      row('2', 'B', 5, '2.00'),
      row('C3', 'A', -1, '2.00', { time: '2010-12-03 08:26:00' }),
      row('4', 'A', 5, '2.00', { time: '2010-12-04 08:26:00' }),
    ])
    expect(parts(plan)).toEqual([[null, 0, 1, 200]])
    expect(countReasons(plan.setAside, true)).toEqual({ unmatched_return_line: 1 })
  })

  test("R-5 a guest's return has no receipt", async () => {
    const guest = { customer: '' }
    const plan = await planOf([row('1', 'A', 5, '2.00', guest), row('C2', 'A', -1, '2.00', guest)])
    expect(parts(plan)).toEqual([[null, 0, 1, 200]])
  })

  test("R-5 the money is the return's own, and its parts add up to it", async () => {
    const plan = await planOf([
      row('1', 'A', 1, '2.00'),
      row('2', 'A', 1, '2.00'),
      row('3', 'A', 1, '2.00'),
      row('C4', 'A', -3, '0.333', { time: '2010-12-03 08:26:00' }),
    ])
    expect(parts(plan)).toEqual([
      ['sale-3', 0, 1, 33],
      ['sale-2', 0, 1, 33],
      ['sale-1', 0, 1, 34],
    ])
  })

  test('R-5 a purchase that cost less than is given back for it is not the one: a store would refuse it', async () => {
    const plan = await planOf([
      row('1', 'A', 2, '3.00'),
      row('2', 'A', 2, '2.00', { time: '2010-12-02 08:26:00' }),
      row('C3', 'A', -3, '2.50', { time: '2010-12-03 08:26:00' }),
    ])
    expect(parts(plan)).toEqual([
      ['sale-1', 0, 2, 500],
      [null, 0, 1, 250],
    ])
  })
})

describe('R-6 members and bodies', () => {
  test('R-6 a customer is enrolled once, right before the first sale or return', async () => {
    const plan = await planOf([
      row('C1', 'A', -1, '1.00', { customer: '12345.0' }),
      row('2', 'A', 1, '1.00', { customer: '' }),
      row('3', 'A', 1, '1.00', { customer: '12345.0' }),
    ])
    expect(plan.calls.map(({ key }) => key)).toEqual(['member-12345', 'return-C1', 'sale-2', 'sale-3'])
    expect(plan).toMatchObject({ members: 1, guestSales: 1, sales: 2 })
  })

  test('bodies name what the store answered with, and are the same bytes every time', async () => {
    const plan = await planOf([
      row('1', '8"A', 1, '1.00', { description: 'RED BAG' }),
      row('C2', '8"A', '-1', '1.00', { time: '2010-12-02 08:26:00' }),
    ])
    const [enrolment, sale, giveBack] = plan.calls
    if (enrolment?.kind !== 'enrolment' || sale?.kind !== 'sale' || giveBack?.kind !== 'return')
      throw new Error('calls')
    const known = { members: new Map([['17850', '8589934593']]), sales: new Map([[sale, '8589934594']]) }
    expect(JSON.parse(bodyOf(enrolment, known))).toEqual({
      occurred_at: '2010-12-01T08:26:00.000Z',
      identities: [{ kind: 'external_id', value: '17850' }],
    })
    expect(JSON.parse(bodyOf(sale, known))).toEqual({
      occurred_at: '2010-12-01T08:26:00.000Z',
      member: '8589934593',
      lines: [{ sku: '8"A', category: 'BAGS', quantity: 1, amount: 100 }],
    })
    expect(JSON.parse(bodyOf(giveBack, known))).toEqual({
      occurred_at: '2010-12-02T08:26:00.000Z',
      member: '8589934593',
      lines: [{ sale: '8589934594', line: 0, sku: '8"A', quantity: 1, amount: 100 }],
    })
    expect(bodyOf(sale, known)).toBe(bodyOf(sale, known))
  })
})

describe('categories', () => {
  test.each([
    ['POST', 'POSTAGE', 'FEES'],
    ['m', 'Manual', 'FEES'],
    ['BANK CHARGES', '', 'FEES'],
    ['20725', 'LUNCH BAG RED RETROSPOT', 'BAGS'],
    ['22910', 'PAPER CHAIN KIT VINTAGE CHRISTMAS', 'CHRISTMAS'],
    ['85123A', 'WHITE HANGING HEART T-LIGHT HOLDER', 'CANDLES'],
    ['22595', 'CHRISTMAS BAG', 'BAGS'],
    ['21071', 'VINTAGE BILLBOARD DRINK ME MUG', 'TEATIME'],
    ['47580', 'TEA TIME DES TEA COSY', 'TEATIME'],
    ['22197', 'POPCORN HOLDER', 'OTHER'],
    ['84970', 'BAGUETTE STEAMER', 'OTHER'],
  ])('%s %s is %s', (sku, description, category) => {
    expect(categoryOf(sku, description)).toBe(category)
  })
})

describe('the file itself', () => {
  test('plain and gzip read alike, with columns in any order, a byte order mark and CRLF', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tillstream-sales-'))
    try {
      const text =
        '\uFEFFCountry,CustomerID,UnitPrice,InvoiceDate,Quantity,Description,StockCode,InvoiceNo\r\n' +
        'UK,17850.0,2.55,2010-12-01 08:26:00,6,"HEART, WHITE",85123A,536365\r\n'
      writeFileSync(join(directory, 'a.csv'), text)
      writeFileSync(join(directory, 'b.csv'), gzipSync(text))
      const plain = await planOfFile(join(directory, 'a.csv'))
      expect(await planOfFile(join(directory, 'b.csv'))).toEqual(plain)
      expect(salesOf(plain)[0]).toMatchObject({ key: 'sale-536365', customer: '17850' })
      expect(salesOf(plain)[0]?.lines).toMatchObject([{ sku: '85123A', quantity: 6000, amount: 1530 }])
      writeFileSync(join(directory, 'c.csv'), gzipSync(text).subarray(0, 40))
      await expect(planOfFile(join(directory, 'c.csv'))).rejects.toThrow(/damaged or cut off gzip/)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('what cannot be a sales file is said in a sentence', async () => {
    await expect(planOfFile('/nowhere/sales.csv')).rejects.toThrow('There is no file /nowhere/sales.csv.')
    await expect(planOfText([])).rejects.toThrow(/empty/)
    await expect(planOfText([Buffer.from('InvoiceNo,StockCode\n')])).rejects.toThrow(
      /no column Description, Quantity/,
    )
  })
})
