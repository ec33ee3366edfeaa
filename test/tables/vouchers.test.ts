// E-SPEND-4 and E-SPEND-5: vouchers, their codes, validity and use. A row that asks is answered with "yes" or the refusal's code.
import { describe, expect, test } from 'vitest'
import { voucherCode } from '../../cloud/evaluation/spending.ts'
import type { RuleId } from '../../protocol/ids.ts'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { program, tell } from './story.ts'

const coffee = (change: object = {}) => ({ id: 301, title: 'Free coffee', points: 50, ...change })
const offers = (...list: readonly object[]) => ({ redeem_perks: list })
const RICH = '2024-01-01 09:00 | is granted 500 | 500'

const CASES: readonly Case[] = [
  {
    rule: 'E-SPEND-5',
    name: 'a captured redemption issues its voucher, a reserved one not yet',
    program: offers(coffee({ voucher: {} })),
    story: [
      RICH,
      '2024-03-04 10:00 | reserves 301 | -50',
      '2024-03-04 10:01 | asks to use voucher 301 of #2 | voucher_not_found',
      '2024-03-04 10:05 | captures 301 of #2 | 0',
      '2024-03-04 10:06 | asks to use voucher 301 of #2 | yes',
    ],
    ends: { vouchers: ['301 UNUSED'] },
  },
  {
    rule: 'E-SPEND-5',
    name: 'used once',
    program: offers(coffee({ voucher: {} })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 11:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 12:00 | asks to use voucher 301 of #2 | voucher_used',
    ],
    ends: { vouchers: ['301 USED'] },
  },
  {
    rule: 'E-SPEND-5',
    name: 'valid to the end of its last local day',
    program: offers(coffee({ voucher: { valid_days: 7 } })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-11 23:59 | asks to use voucher 301 of #2 | yes',
      '2024-03-12 00:00 | asks to use voucher 301 of #2 | voucher_expired',
    ],
  },
  {
    rule: 'E-SPEND-5',
    name: 'without valid_days it never ends',
    program: offers(coffee({ voucher: {} })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2054-03-11 23:59 | asks to use voucher 301 of #2 | yes',
    ],
  },
  {
    rule: 'E-SPEND-5',
    name: 'a code nobody issued',
    program: offers(coffee()),
    story: [
      RICH,
      '2024-03-04 11:00 | uses voucher 301 of #1 | 0',
      '2024-03-04 12:00 | asks to use voucher 301 of #1 | voucher_not_found',
    ],
    ends: { vouchers: [] },
  },
  {
    rule: 'E-SPEND-5',
    name: 'a perk without a voucher issues none',
    program: offers(coffee()),
    story: [RICH, '2024-03-04 10:00 | redeems 301 | -50'],
    ends: { vouchers: [] },
  },
]

test.each(CASES)('$rule $name', holds)

test('E-SPEND-5 a second use is an effect of its own that names the first, and undoes nothing', () => {
  const told = tell(program(offers(coffee({ voucher: {} }))), [
    RICH,
    '2024-03-04 10:00 | redeems 301 | -50',
    '2024-03-04 11:00 | uses voucher 301 of #2 | 0',
    '2024-03-04 12:00 Berlin | uses voucher 301 of #2 | 0',
  ])
  expect(told.map(({ effects }) => effects.map(({ kind, of }) => `${kind} of ${of}`)).slice(2)).toEqual([
    [`voucher_used of ${told[1]?.fact?.id}`],
    [`voucher_reused of ${told[2]?.fact?.id}`],
  ])
  expect(told[3]?.after.vouchers[0]?.usedBy).toBe(told[2]?.fact?.id)
})

describe('E-SPEND-4 voucher codes', () => {
  const code = (secret: string, source: number, perk: number, index: number): string =>
    voucherCode(secret, source, perk as RuleId, index)

  test('are twelve letters and digits that cannot be mistaken, the same wherever they are made', () => {
    expect(code('0123456789abcdef', 8589934593, 301, 0)).toBe('7163BQZWEAEV')
    for (let n = 0; n < 200; n++)
      expect(code('0123456789abcdef', n, 301, 0)).toMatch(/^[0-9A-HJKMNP-TV-Z]{12}$/)
  })

  test("depend on the program's secret", () => {
    const codes = ['0123456789abcdef', '0123456789abcdeg', 'another secret of length'].map((secret) =>
      code(secret, 5, 301, 0),
    )
    expect(new Set(codes).size).toBe(3)
  })

  test('do not repeat over a hundred thousand redemptions', () => {
    const codes = new Set<string>()
    for (let n = 0; n < 100_000; n++) codes.add(code('0123456789abcdef', n, 301, 0))
    expect(codes.size).toBe(100_000)
  })
})
