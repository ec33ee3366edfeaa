// E-SPEND-12: redemptions that are given back, reserved or captured, by cancelling or by voiding them.
import { expect, test } from 'vitest'
import { lotsOf } from '../../cloud/evaluation/state.ts'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'
import type { Case } from './case.ts'
import { holds } from './case.ts'
import { program, tell } from './story.ts'

const coffee = (change: object = {}) => ({
  id: 301,
  title: 'Free coffee',
  points: 50,
  voucher: {},
  ...change,
})
const offers = (...list: readonly object[]) => ({ redeem_perks: list })
const RICH = '2024-01-01 09:00 | is granted 500 | 500'

const CASES: readonly Case[] = [
  {
    rule: 'E-SPEND-12',
    name: 'a captured redemption is voided: the points come back, the voucher goes',
    program: offers(coffee()),
    story: [RICH, '2024-03-04 10:00 | redeems 301 | -50', '2024-03-04 10:10 | voids #2 | 50'],
    ends: { balance: 500, spent: 0, lifetime: 500, entitlements: ['301 cancelled'] },
  },
  {
    rule: 'E-SPEND-12',
    name: 'cancelling it does the same',
    program: offers(coffee()),
    story: [RICH, '2024-03-04 10:00 | redeems 301 | -50', '2024-03-04 10:10 | cancels 301 of #2 | 50'],
    ends: { balance: 500, spent: 0, entitlements: ['301 cancelled'] },
  },
  {
    rule: 'E-SPEND-12',
    name: 'a reservation that was captured later is voided by its first fact or by its capture',
    program: offers(coffee()),
    story: [
      RICH,
      '2024-03-04 10:00 | reserves 301 | -50',
      '2024-03-04 10:05 | captures 301 of #2 | 0',
      '2024-03-04 10:10 | voids #3 | 50',
      '2024-03-04 11:00 | reserves 301 | -50',
      '2024-03-04 11:05 | captures 301 of #5 | 0',
      '2024-03-04 11:10 | voids #5 | 50',
    ],
    ends: { balance: 500, spent: 0, entitlements: ['301 cancelled', '301 cancelled'] },
  },
  {
    rule: 'E-SPEND-12',
    name: 'an open reservation is voided like a cancelled one',
    program: offers(coffee()),
    story: [
      RICH,
      '2024-03-04 10:00 | reserves 301 | -50',
      '2024-03-04 10:05 | voids #2 | 50',
      '2024-03-04 10:06 | captures 301 of #2 | 0',
    ],
    ends: { balance: 500, entitlements: [] },
  },
  {
    rule: 'E-SPEND-12',
    name: 'once only, however often and by whatever it is asked for',
    program: offers(coffee()),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 10:10 | voids #2 | 50',
      '2024-03-04 10:11 | voids #2 | 0',
      '2024-03-04 10:12 | cancels 301 of #2 | 0',
    ],
    ends: { balance: 500, spent: 0 },
  },
  {
    rule: 'E-SPEND-12',
    name: 'a voucher that was used keeps its redemption; so does one with some of its uses taken',
    program: offers(coffee(), coffee({ id: 302, voucher: { uses: 3 } })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 10:01 | redeems 302 | -50',
      '2024-03-04 10:05 | uses voucher 301 of #2 | 0',
      '2024-03-04 10:06 | uses voucher 302 of #3 | 0',
      '2024-03-04 10:10 | voids #2 | 0',
      '2024-03-04 10:11 | voids #3 | 0',
    ],
    ends: { balance: 400, spent: 100, entitlements: ['301 used', '302 unused'] },
  },
  {
    rule: 'E-SPEND-12',
    name: 'a use that arrives late, from before the void, keeps it too',
    program: offers(coffee()),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 10:10 | voids #2 | 0',
      '2024-03-04 10:05 | uses voucher 301 of #2 | 0',
    ],
    ends: { balance: 450, entitlements: ['301 used'] },
  },
  {
    rule: 'E-SPEND-12',
    name: 'what is reserved, on its way, fulfilled or claimed is kept; what went wrong on its way comes back',
    program: offers(coffee()),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 10:01 | has reserve of 301 of #2 | 0',
      '2024-03-04 10:02 | voids #2 | 0',
      '2024-03-04 10:03 | has process of 301 of #2 | 0',
      '2024-03-04 10:04 | voids #2 | 0',
      '2024-03-04 10:05 | has ship of 301 of #2 | 0',
      '2024-03-04 10:06 | voids #2 | 0',
      '2024-03-04 10:07 | has fail of 301 of #2 | 0',
      '2024-03-04 10:08 | voids #2 | 50',
      '2024-03-04 11:00 | redeems 301 | -50',
      '2024-03-04 11:01 | has claim of 301 of #11 | 0',
      '2024-03-04 11:02 | voids #11 | 0',
    ],
    ends: { balance: 450, entitlements: ['301 cancelled', '301 used'] },
  },
  {
    rule: 'E-SPEND-12',
    name: 'what is handed over with the redemption (`used` from the start) comes back with it',
    program: offers(coffee({ voucher: { initial_status: 'used' } }), coffee({ id: 302, voucher: undefined })),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 10:01 | redeems 302 | -50',
      '2024-03-04 10:10 | voids #2 | 50',
      '2024-03-04 10:11 | voids #3 | 50',
    ],
    ends: { balance: 500, entitlements: ['301 cancelled'] },
  },
  {
    rule: 'E-SPEND-12',
    name: 'a voucher that expired unused: the points come back, it stays expired',
    program: offers(coffee({ voucher: { valid_days: 1 } })),
    story: [RICH, '2024-03-04 10:00 | redeems 301 | -50', '2024-03-20 10:00 | voids #2 | 50'],
    ends: { balance: 500, entitlements: ['301 expired'] },
  },
  {
    rule: 'E-SPEND-12',
    name: 'the use counts no longer: the limit allows another, and so does what one member may hold',
    program: offers(
      coffee({ limit: { count: 1, interval: 'ALL_TIME' } }),
      coffee({ id: 302, voucher: { per_member: 1 } }),
    ),
    story: [
      RICH,
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 10:00 | redeems 302 | -50',
      '2024-03-04 10:01 | asks for 301 | limit_reached',
      '2024-03-04 10:01 | asks for 302 | limit_reached',
      '2024-03-04 10:10 | voids #2 | 50',
      '2024-03-04 10:10 | voids #3 | 50',
      '2024-03-04 10:11 | asks for 301 | yes',
      '2024-03-04 10:11 | asks for 302 | yes',
    ],
  },
  {
    rule: 'E-SPEND-12',
    name: 'points spent into the red and given back leave what there was',
    program: offers(coffee()),
    story: [
      '2024-01-01 09:00 | is granted 20 | 20',
      '2024-03-04 10:00 | redeems 301 | -50',
      '2024-03-04 11:00 | voids #2 | 50',
    ],
    ends: { balance: 20 },
  },
]

test.each(CASES)('$rule $name', holds)

const EXPIRING = {
  points: { expiry: { kind: 'rolling', after: { days: 10 } } },
  metrics: [{ id: 7, name: 'Stamps' }],
  ...offers(coffee(), coffee({ id: 302, metric: 7, points: 2, voucher: undefined })),
}

const AMOUNTS: readonly AccountCase[] = [
  {
    rule: 'E-SPEND-12',
    name: 'into the lots they came from: a lot whose time has passed expires at once, the other goes on',
    program: EXPIRING,
    story: [
      '2024-03-01 09:00 | is granted 30 | grant 30, tier 1',
      '2024-03-05 09:00 | is granted 40 | grant 40',
      '2024-03-06 10:00 | redeems 301 | spend 301 -50, voucher_issued 301 1',
      '2024-03-12 10:00 | voids #3 | given_back 301 1, restore 301 50, expire -30, entitlement 301 cancelled',
    ],
    ends: { 0: 'balance 40, pending 0, lifetime 70, spent 0, 40 until 2024-03-15' },
  },
  {
    rule: 'E-SPEND-12',
    name: 'of its own metric',
    program: EXPIRING,
    story: [
      '2024-03-01 09:00 | is granted 3 of 7 | grant 3 of metric 7, tier 1',
      '2024-03-06 10:00 | redeems 302 | spend 302 -2 of metric 7',
      '2024-03-12 10:00 | voids #2 | given_back 302 1, restore 302 2 of metric 7',
    ],
    ends: { 7: 'balance 3, pending 0, lifetime 3, spent 0, 3 for ever' },
  },
]

test.each(AMOUNTS)('$rule $name', comesTo)

test('E-SPEND-12 E-FOLD-1 a void that comes before its redemption takes nothing until that arrives, then all', () => {
  const told = tell(program(offers(coffee())), [
    RICH,
    '2024-03-04 10:10 | voids #3 | 50',
    '2024-03-04 10:00 | redeems 301 | -50',
  ])
  expect(told.map(({ points }) => points)).toEqual([500, 50, -50])
  expect(told.map(({ after }) => lotsOf(after))).toEqual([
    [0, 500],
    [0, 500],
    [0, 450],
  ])
})
