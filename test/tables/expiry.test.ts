// E-MET-2 to 7: lots, when they expire, what is told before.
import { test } from 'vitest'
import type { AccountCase } from './account.ts'
import { comesTo } from './account.ts'
import { program } from './story.ts'

const ROLLING = { points: { expiry: { kind: 'rolling', after: { days: 10 } } } }
const MONTHS = { points: { expiry: { kind: 'rolling', after: { months: 1 } } } }
const FIXED = { points: { expiry: { kind: 'fixed', days: ['06-30', '12-31'] } } }
const SLIDING = { points: { expiry: { kind: 'sliding', after: { days: 10 } } } }
const TREAT = { redeem_perks: [{ id: 301, title: 'Treat', points: 50 }] }

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-MET-3',
    name: 'so many days after the day of earning, at its end',
    program: ROLLING,
    story: [
      '2024-03-04 10:00 | is granted 20 | grant 20, tier 1',
      '2024-03-14 23:59 | time passes | -',
      '2024-03-15 00:00 | time passes | expire -20',
    ],
    ends: { 0: 'balance 0, pending 0, lifetime 20, spent 0' },
  },
  {
    rule: 'E-MET-3',
    name: "the day is the one on the shop's wall clock",
    program: ROLLING,
    story: [
      '2024-03-04 22:00 New York | is granted 20 | grant 20, tier 1',
      '2024-03-15 03:59 | time passes | -',
      '2024-03-15 05:00 | time passes | expire -20',
    ],
  },
  {
    rule: 'E-MET-3',
    name: "a month after the 31st is the month's last day",
    program: MONTHS,
    story: ['2024-01-31 10:00 | is granted 20 | grant 20, tier 1'],
    ends: { 0: 'balance 20, pending 0, lifetime 20, spent 0, 20 until 2024-02-29' },
  },
  ...(
    [
      ['2023-01-31', '2023-02-28'],
      ['2024-03-31', '2024-04-30'],
      ['2024-04-30', '2024-05-30'],
      ['2024-12-31', '2025-01-31'],
    ] as const
  ).map(([earned, until]) => ({
    rule: 'E-MET-3',
    name: `a month after ${earned} is ${until}`,
    program: MONTHS,
    story: [`${earned} 10:00 | is granted 20 | grant 20, tier 1`],
    ends: { 0: `balance 20, pending 0, lifetime 20, spent 0, 20 until ${until}` },
  })),
  {
    rule: 'E-MET-3',
    name: 'twelve months after the leap day',
    program: { points: { expiry: { kind: 'rolling', after: { months: 12 } } } },
    story: ['2024-02-29 10:00 | is granted 20 | grant 20, tier 1'],
    ends: { 0: 'balance 20, pending 0, lifetime 20, spent 0, 20 until 2025-02-28' },
  },
  {
    rule: 'E-MET-4',
    name: "the next fixed day, that day included; what summer and winter time earned ends at each one's midnight",
    program: FIXED,
    story: [
      '2024-06-30 10:00 | is granted 1 | grant 1, tier 1',
      '2024-07-01 10:00 | is granted 2 | expire -1, grant 2',
      '2024-12-31 10:00 | is granted 4 | grant 4',
    ],
    ends: { 0: 'balance 6, pending 0, lifetime 7, spent 0, 2 until 2024-12-31, 4 until 2024-12-31' },
  },
  {
    rule: 'E-MET-4',
    name: 'the first fixed day that lies far enough ahead; 29 February is the 28th in other years',
    program: { points: { expiry: { kind: 'fixed', days: ['02-29'], after: { months: 6 } } } },
    story: [
      '2024-08-28 10:00 | is granted 1 | grant 1, tier 1',
      '2024-08-29 10:00 | is granted 2 | grant 2',
      '2024-09-01 10:00 | is granted 4 | grant 4',
    ],
    ends: { 0: 'balance 7, pending 0, lifetime 7, spent 0, 3 until 2025-02-28, 4 until 2026-02-28' },
  },
  {
    rule: 'E-MET-5',
    name: 'every earning moves all lots',
    program: SLIDING,
    story: [
      '2024-03-04 10:00 | is granted 20 | grant 20, tier 1',
      '2024-03-10 10:00 | is granted 5 | grant 5',
    ],
    ends: { 0: 'balance 25, pending 0, lifetime 25, spent 0, 25 until 2024-03-20' },
  },
  {
    rule: 'E-MET-5',
    name: 'so does every spending; taking back and adjusting down do not',
    program: { ...SLIDING, ...TREAT },
    story: [
      '2024-03-04 10:00 | is granted 100 | grant 100, tier 1',
      '2024-03-05 10:00 | is granted 10 | grant 10',
      '2024-03-07 10:00 | redeems 301 | spend 301 -50',
      '2024-03-08 10:00 | voids #2 | reverse -10',
      '2024-03-09 10:00 | is adjusted by -5 | adjust -5',
      '2024-03-17 23:59 | time passes | -',
      '2024-03-18 00:00 | time passes | expire -45',
    ],
    ends: { 0: 'balance 0, pending 0, lifetime 100, spent 50' },
  },
  {
    rule: 'E-MET-2',
    name: 'what expires soonest is spent first, what never does last',
    program: [
      ['2024-03-01 00:00', program(TREAT)],
      ['2024-03-05 00:00', program({ ...ROLLING, ...TREAT })],
    ],
    story: [
      '2024-03-04 10:00 | is granted 40 | grant 40, tier 1',
      '2024-03-05 10:00 | is granted 30 | grant 30',
      '2024-03-06 10:00 | is granted 30 | grant 30',
      '2024-03-07 10:00 | redeems 301 | spend 301 -50',
    ],
    ends: { 0: 'balance 50, pending 0, lifetime 100, spent 50, 10 until 2024-03-16, 40 for ever' },
  },
  {
    rule: 'E-MET-2',
    name: 'amounts with one expiry are one lot, and expire as one',
    program: ROLLING,
    story: [
      '2024-03-04 10:00 | is granted 20 | grant 20, tier 1',
      '2024-03-04 18:00 | is granted 5 | grant 5',
      '2024-03-20 00:00 | time passes | expire -25',
    ],
  },
  {
    rule: 'E-MET-6',
    name: 'expiry comes before what the fact itself does, lot by lot',
    program: ROLLING,
    story: [
      '2024-03-04 10:00 | is granted 20 | grant 20, tier 1',
      '2024-03-06 10:00 | is granted 5 | grant 5',
      '2024-03-16 10:00 | is granted 7 | expire -20, grant 7',
      '2024-04-16 10:00 | is granted 9 | expire -5, expire -7, grant 9',
    ],
    ends: { 0: 'balance 9, pending 0, lifetime 41, spent 0, 9 until 2024-04-26' },
  },
  {
    rule: 'E-MET-6',
    name: 'a cancelled redemption gives lots back with the expiry they had',
    program: { ...ROLLING, ...TREAT },
    story: [
      '2024-03-04 10:00 | is granted 60 | grant 60, tier 1',
      '2024-03-05 10:00 | reserves 301 | spend 301 -50',
      '2024-03-06 10:00 | cancels 301 of #2 | given_back 301 1, restore 301 50',
    ],
    ends: { 0: 'balance 60, pending 0, lifetime 60, spent 0, 60 until 2024-03-14' },
  },
  {
    rule: 'E-MET-6',
    name: 'what is given back after its time expires at once, and is one expiry with what was left of its lot',
    program: { ...ROLLING, ...TREAT },
    story: [
      '2024-03-04 10:00 | is granted 60 | grant 60, tier 1',
      '2024-03-05 10:00 | reserves 301 | spend 301 -50',
      '2024-03-20 10:00 | cancels 301 of #2 | expire -60, given_back 301 1, restore 301 50',
    ],
    ends: { 0: 'balance 0, pending 0, lifetime 60, spent 0' },
  },
  {
    rule: 'E-MET-6',
    name: 'a deficit is filled first and leaves less to expire',
    program: ROLLING,
    story: [
      '2024-03-04 10:00 | is adjusted by -15 | adjust -15, tier 1',
      '2024-03-05 10:00 | is granted 20 | grant 20',
      '2024-03-16 10:00 | time passes | expire -5',
    ],
    ends: { 0: 'balance 0, pending 0, lifetime 20, spent 0' },
  },
  {
    rule: 'E-MET-6',
    name: 'lots of an earlier version expire though the program now knows no expiry',
    program: [
      ['2024-03-01 00:00', program(ROLLING)],
      ['2024-03-05 00:00', program({})],
    ],
    story: [
      '2024-03-04 10:00 | is granted 20 | grant 20, tier 1',
      '2024-03-06 10:00 | is granted 5 | grant 5',
      '2024-03-15 10:00 | time passes | expire -20',
    ],
    ends: { 0: 'balance 5, pending 0, lifetime 25, spent 0, 5 for ever' },
  },
  {
    rule: 'E-MET-7',
    name: 'a lot is warned of once, so many days before',
    program: { points: { ...ROLLING.points, warn_days: 3 } },
    story: [
      '2024-03-04 10:00 | is granted 20 | grant 20, tier 1',
      '2024-03-11 23:59 | time passes | -',
      '2024-03-12 00:00 | time passes | expiry_warning 20',
      '2024-03-13 00:00 | time passes | -',
      '2024-03-15 00:00 | time passes | expire -20',
    ],
  },
  {
    rule: 'E-MET-7',
    name: 'of what is left of it; a fact long after tells warning and expiry',
    program: { points: { ...ROLLING.points, warn_days: 3 }, ...TREAT },
    story: [
      '2024-03-04 10:00 | is granted 60 | grant 60, tier 1',
      '2024-03-05 10:00 | redeems 301 | spend 301 -50',
      '2024-05-01 10:00 | time passes | expiry_warning 10, expire -10',
    ],
  },
  {
    rule: 'E-MET-7',
    name: 'what is added after the warning to the same day is not warned of again',
    program: { points: { ...FIXED.points, warn_days: 30 } },
    story: [
      '2024-05-01 10:00 | is granted 20 | grant 20, tier 1',
      '2024-06-05 10:00 | is granted 5 | expiry_warning 20, grant 5',
      '2024-06-20 10:00 | time passes | -',
      '2024-07-02 10:00 | time passes | expire -25',
    ],
  },
]

// The index of what concerns points is 0, so that one line reads as one story.
test.each(CASES)('$rule $name', comesTo)
