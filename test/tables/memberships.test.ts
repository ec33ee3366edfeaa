// E-ENT-6: memberships, held as entitlements. A perk for those who hold one asks for it with `holds`; a row that asks is answered with "yes" or the
// refusal's code.
import { test } from 'vitest'
import type { Case } from './case.ts'
import { holds } from './case.ts'

const level = (id: number, priority: number, voucher: object = {}) => ({
  id,
  title: `Level ${id}`,
  points: 0,
  voucher,
  membership: { template: 'LEVEL', priority },
})
const club = (id: number) => ({
  id,
  title: `Club ${id}`,
  points: 0,
  voucher: {},
  membership: { template: 'CLUB', priority: 0 },
})
/** A gift for who holds the perk. */
const gift = (id: number, held: number) => ({ id, title: `Gift ${id}`, points: 0, when: { holds: held } })

const LEVELS = {
  redeem_perks: [level(301, 1), level(302, 2, { valid_days: 10 }), gift(311, 301), gift(312, 302)],
}

const CASES: readonly Case[] = [
  {
    rule: 'E-ENT-6',
    name: 'a level counts from its grant on',
    program: LEVELS,
    story: [
      '2024-03-04 10:00 | asks for 311 | condition_unmet',
      '2024-03-04 11:00 | is awarded 301 | 0',
      '2024-03-04 12:00 | asks for 311 | yes',
      '2024-03-04 12:00 | asks for 312 | condition_unmet',
    ],
  },
  {
    rule: 'E-ENT-6',
    name: 'of several levels the one with the highest priority counts, until it expires',
    program: LEVELS,
    story: [
      '2024-03-04 10:00 | is awarded 301 | 0',
      '2024-03-04 11:00 | is awarded 302 | 0',
      '2024-03-04 12:00 | asks for 311 | condition_unmet',
      '2024-03-04 12:00 | asks for 312 | yes',
      '2024-03-14 23:59 | asks for 312 | yes',
      '2024-03-15 00:00 | asks for 312 | condition_unmet',
      '2024-03-15 00:00 | asks for 311 | yes',
    ],
  },
  {
    rule: 'E-ENT-6',
    name: 'a level that was cancelled makes room for the next',
    program: LEVELS,
    story: [
      '2024-03-04 10:00 | is awarded 301 | 0',
      '2024-03-04 11:00 | is awarded 302 | 0',
      '2024-03-04 12:00 | has cancel of 302 of #2 | 0',
      '2024-03-04 13:00 | asks for 311 | yes',
    ],
    ends: { entitlements: ['301 unused', '302 cancelled'] },
  },
  {
    rule: 'E-ENT-6',
    name: 'of levels with one priority the smaller id counts',
    program: { redeem_perks: [level(302, 1), level(301, 1), gift(311, 301), gift(312, 302)] },
    story: [
      '2024-03-04 10:00 | is awarded 302 | 0',
      '2024-03-04 11:00 | is awarded 301 | 0',
      '2024-03-04 12:00 | asks for 311 | yes',
      '2024-03-04 12:00 | asks for 312 | condition_unmet',
    ],
  },
  {
    rule: 'E-ENT-6',
    name: 'every club counts, beside a level as well',
    program: {
      redeem_perks: [level(301, 9), club(303), club(304), gift(311, 301), gift(313, 303), gift(314, 304)],
    },
    story: [
      '2024-03-04 10:00 | is awarded 301 | 0',
      '2024-03-04 10:01 | is awarded 303 | 0',
      '2024-03-04 10:02 | is awarded 304 | 0',
      '2024-03-04 12:00 | asks for 311 | yes',
      '2024-03-04 12:00 | asks for 313 | yes',
      '2024-03-04 12:00 | asks for 314 | yes',
    ],
  },
]

test.each(CASES)('$rule $name', holds)
