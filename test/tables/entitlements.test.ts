// E-ENT, E-SPEND-4 and E-SPEND-5: what members hold, its codes, validity and use. A row that asks is answered with "yes" or the refusal's code.
import { describe, expect, test } from 'vitest'
import { voucherCode } from '../../cloud/evaluation/spending/entitlements.ts'
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
    ends: { entitlements: ['301 unused'] },
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
    ends: { entitlements: ['301 used'] },
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
    ends: { entitlements: [] },
  },
  {
    rule: 'E-SPEND-5',
    name: 'a perk without a voucher issues none',
    program: offers(coffee()),
    story: [RICH, '2024-03-04 10:00 | redeems 301 | -50'],
    ends: { entitlements: [] },
  },
  {
    rule: 'E-SPEND-5',
    name: 'several uses: the last one makes it used',
    program: offers(coffee({ voucher: { uses: 2 } })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 11:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 12:00 | asks to use voucher 301 of #2 | yes',
      '2024-03-04 13:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 14:00 | asks to use voucher 301 of #2 | voucher_used',
    ],
    ends: { entitlements: ['301 used'] },
  },
  {
    rule: 'E-SPEND-5',
    name: 'one that is used in the moment it is issued has no use left',
    program: offers(coffee({ voucher: { initial_status: 'used' } })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 11:00 | asks to use voucher 301 of #2 | voucher_used',
    ],
    ends: { entitlements: ['301 used'] },
  },
  {
    rule: 'E-ENT-1',
    name: 'an award gives one without points',
    program: offers(coffee({ voucher: {} })),
    story: [
      '2024-03-04 10:00 | is awarded 301 | 0',
      '2024-03-04 11:00 | asks to use voucher 301 of #1 | yes',
    ],
    ends: { balance: 0, spent: 0, entitlements: ['301 unused'] },
  },
  {
    rule: 'E-ENT-1',
    name: 'more than one member may hold are not issued; what came to an end makes room',
    program: offers(coffee({ voucher: { per_member: 2 } })),
    story: [
      '2024-03-04 10:00 | is awarded 301 | 0',
      '2024-03-04 10:01 | is awarded 301 | 0',
      '2024-03-04 10:02 | is awarded 301 | 0',
      '2024-03-04 10:03 | has cancel of 301 of #2 | 0',
      '2024-03-04 10:04 | is awarded 301 | 0',
    ],
    ends: { entitlements: ['301 unused', '301 cancelled', '301 unused'] },
  },
  {
    rule: 'E-ENT-3',
    name: 'expires by time alone, whatever brings the time',
    program: offers(coffee({ voucher: { valid_days: 1 } }), coffee({ id: 302, voucher: {} })),
    story: [
      '2024-03-04 10:00 | is awarded 301 | 0',
      '2024-03-04 10:01 | is awarded 302 | 0',
      '2024-03-06 00:00 | time passes | 0',
    ],
    ends: { entitlements: ['301 expired', '302 unused'] },
  },
  {
    rule: 'E-ENT-3',
    name: 'what is reserved or sent out expires as well, what was used does not',
    program: offers(coffee({ voucher: { valid_days: 1 } })),
    story: [
      '2024-03-04 10:00 | is awarded 301 | 0',
      '2024-03-04 10:01 | is awarded 301 | 0',
      '2024-03-04 10:02 | has reserve of 301 of #1 | 0',
      '2024-03-04 10:03 | uses voucher 301 of #2 | 0',
      '2024-03-06 10:00 | checks in | 0',
    ],
    ends: { entitlements: ['301 expired', '301 used'] },
  },
  {
    rule: 'E-ENT-3',
    name: 'the end is that of the local day where it was issued',
    program: offers(coffee({ voucher: { valid_days: 1 } })),
    story: [
      '2024-03-04 20:00 New York | is awarded 301 | 0',
      '2024-03-05 23:59 New York | asks to use voucher 301 of #1 | yes',
      '2024-03-06 05:00 London | asks to use voucher 301 of #1 | voucher_expired',
    ],
  },
  {
    rule: 'E-ENT-4',
    name: 'not before its first day',
    program: offers(coffee({ voucher: { from_days: 2 } })),
    story: [
      '2024-03-04 23:00 | is awarded 301 | 0',
      '2024-03-05 23:59 | asks to use voucher 301 of #1 | voucher_not_now',
      '2024-03-06 00:00 | asks to use voucher 301 of #1 | yes',
    ],
  },
  {
    rule: 'E-ENT-4',
    name: 'only in its hours, on the clock of the shop that asks',
    program: offers(coffee({ voucher: { schedule: [{ days: ['MON'], from: '14:00', to: '16:00' }] } })),
    story: [
      '2024-03-01 10:00 | is awarded 301 | 0',
      '2024-03-04 13:59 | asks to use voucher 301 of #1 | voucher_not_now',
      '2024-03-04 14:00 | asks to use voucher 301 of #1 | yes',
      '2024-03-04 15:30 | asks to use voucher 301 of #1 | yes',
      '2024-03-04 16:30 Berlin | asks to use voucher 301 of #1 | voucher_not_now',
      '2024-03-05 14:00 | asks to use voucher 301 of #1 | voucher_not_now',
    ],
  },
  {
    rule: 'E-ENT-4',
    name: 'an offer is used once it was clipped, a pending one once it was approved',
    program: offers(
      coffee({ voucher: { initial_status: 'offered' } }),
      coffee({ id: 302, voucher: { initial_status: 'pending' } }),
    ),
    story: [
      '2024-03-04 10:00 | is awarded 301 | 0',
      '2024-03-04 10:01 | is awarded 302 | 0',
      '2024-03-04 10:02 | asks to use voucher 301 of #1 | voucher_not_usable',
      '2024-03-04 10:03 | asks to use voucher 302 of #2 | voucher_not_usable',
      '2024-03-04 10:04 | has clip of 301 of #1 | 0',
      '2024-03-04 10:05 | has approve of 302 of #2 | 0',
      '2024-03-04 10:06 | asks to use voucher 301 of #1 | yes',
      '2024-03-04 10:07 | asks to use voucher 302 of #2 | yes',
    ],
  },
  {
    rule: 'E-ENT-4',
    name: 'what was allowed in time is booked, though it expired before it arrived',
    program: offers(coffee({ voucher: { valid_days: 1 } })),
    story: [
      '2024-03-04 10:00 | is awarded 301 | 0',
      '2024-03-06 00:01 | time passes | 0',
      '2024-03-06 00:02 | uses voucher 301 of #1 | 0',
    ],
    ends: { entitlements: ['301 used'] },
  },
  {
    rule: 'E-ENT-7',
    name: 'from a day and until a day, whenever it was issued',
    program: offers(coffee({ voucher: { from: '2024-03-05', until: '2024-03-06' } })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 23:59 | asks to use voucher 301 of #2 | voucher_not_now',
      '2024-03-05 00:00 | asks to use voucher 301 of #2 | yes',
      '2024-03-06 23:59 | asks to use voucher 301 of #2 | yes',
      '2024-03-07 00:00 | asks to use voucher 301 of #2 | voucher_expired',
    ],
  },
  {
    rule: 'E-ENT-7',
    name: 'the latest start and the earliest end hold',
    program: offers(
      coffee({ voucher: { from: '2024-03-05', from_days: 3, until: '2024-03-31', valid_days: 4 } }),
    ),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-06 23:59 | asks to use voucher 301 of #2 | voucher_not_now',
      '2024-03-07 00:00 | asks to use voucher 301 of #2 | yes',
      '2024-03-08 23:59 | asks to use voucher 301 of #2 | yes',
      '2024-03-09 00:00 | asks to use voucher 301 of #2 | voucher_expired',
    ],
  },
  {
    rule: 'E-ENT-7',
    name: 'an award names days of its own',
    program: offers(coffee({ voucher: { valid_days: 1, from_days: 1 } })),
    story: [
      '2024-03-04 10:00 | is awarded 301 from 2024-03-10 until 2024-03-11 | 0',
      '2024-03-09 23:59 | asks to use voucher 301 of #1 | voucher_not_now',
      '2024-03-10 00:00 | asks to use voucher 301 of #1 | yes',
      '2024-03-12 00:00 | asks to use voucher 301 of #1 | voucher_expired',
    ],
  },
  {
    rule: 'E-ENT-7',
    name: 'what is over is neither issued nor redeemed',
    program: offers(coffee({ voucher: { until: '2024-03-06' } })),
    story: [
      RICH,
      '2024-03-06 23:59 | asks for 301 | yes',
      '2024-03-07 00:00 | asks for 301 | perk_not_active',
      '2024-03-07 00:01 | is awarded 301 | 0',
    ],
    ends: { entitlements: [] },
  },
  {
    rule: 'E-ENT-8',
    name: 'a void of the use gives it back, once; then it can be used again',
    program: offers(coffee({ voucher: { initial_status: 'issued', valid_days: 5 } })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 11:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 12:00 | asks to use voucher 301 of #2 | voucher_used',
      '2024-03-04 13:00 | voids #3 | 0',
      '2024-03-04 14:00 | voids #3 | 0',
      '2024-03-04 15:00 | asks to use voucher 301 of #2 | yes',
      '2024-03-04 16:00 | cancels 301 of #2 | 50',
    ],
    ends: { entitlements: ['301 cancelled'], balance: 500 },
  },
  {
    rule: 'E-ENT-8',
    name: 'one use of several; and what is over expires all the same',
    program: offers(coffee({ voucher: { uses: 2, valid_days: 5 } })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 11:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 12:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 13:00 | voids #4 | 0',
      '2024-03-04 14:00 | asks to use voucher 301 of #2 | yes',
      '2024-03-04 15:00 | uses voucher 301 of #2 | 0',
      '2024-03-20 10:00 | voids #7 | 0',
      '2024-03-20 11:00 | asks to use voucher 301 of #2 | voucher_expired',
    ],
  },
  {
    rule: 'E-ENT-8',
    name: 'a use that came too late took nothing, and gives nothing back',
    program: offers(coffee({ voucher: {} })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 11:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 12:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 13:00 | voids #4 | 0',
      '2024-03-04 14:00 | asks to use voucher 301 of #2 | voucher_used',
    ],
  },
  {
    rule: 'E-SPEND-13',
    name: 'a use before the issue takes nothing, whenever it comes',
    program: offers(coffee({ voucher: {} })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 09:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 11:00 | asks to use voucher 301 of #2 | yes',
    ],
    ends: { entitlements: ['301 unused'] },
  },
  {
    rule: 'E-ENT-8',
    name: 'a use before the issue is given back, and leaves the voucher as it is',
    program: offers(coffee({ voucher: {} })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 11:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 09:00 | uses voucher 301 of #2 | 0',
      '2024-03-04 12:00 | voids #4 | 0',
      '2024-03-04 13:00 | asks to use voucher 301 of #2 | voucher_used',
      '2024-03-04 14:00 | voids #3 | 0',
      '2024-03-04 15:00 | asks to use voucher 301 of #2 | yes',
    ],
    ends: { entitlements: ['301 unused'] },
  },
]

test.each(CASES)('$rule $name', holds)

test('E-ENT-1 what is too much is told as an effect of its own', () => {
  const told = tell(program(offers(coffee({ voucher: { per_member: 1 } }))), [
    '2024-03-04 10:00 | is awarded 301 | 0',
    '2024-03-04 10:01 | is awarded 301 | 0',
  ])
  expect(told.map(({ effects }) => effects.map(({ kind, rule }) => `${kind} ${rule}`))).toEqual([
    ['voucher_issued 301', 'tier 1'],
    ['entitlement_refused 301'],
  ])
})

test('E-ENT-1 a program without the perk issues nothing', () => {
  const [told] = tell(program(offers(coffee())), ['2024-03-04 10:00 | is awarded 999 | 0'])
  expect(told?.after.entitlements).toEqual([])
})

test.each([
  ['after the issue', '12:00'],
  ['before it, like the use', '09:30'],
])('E-ENT-8 a use before the issue is given back once: %s', (_, time) => {
  const told = tell(program(offers(coffee({ voucher: {} }))), [
    RICH,
    '2024-03-04 10:00 | redeems 301 | -50',
    '2024-03-04 09:00 | uses voucher 301 of #2 | 0',
    `2024-03-04 ${time} | voids #3 | 0`,
    `2024-03-04 13:00 | voids #3 | 0`,
  ])
  const effects = told.slice(2).map((row) => row.effects.map(({ kind, rule, of }) => ({ kind, rule, of })))
  expect(effects).toEqual([[], [{ kind: 'given_back', rule: 0, of: told[2]?.fact?.id }], []])
  expect(told.at(-1)?.after.entitlements.map(({ status, uses }) => [status, uses])).toEqual([['unused', 1]])
})

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
  expect(told[3]?.after.entitlements[0]?.usedBy).toBe(told[2]?.fact?.id)
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
