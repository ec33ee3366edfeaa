// E-RULE: rules that react to facts and to times of the week. `story` says all that came of each row; London's clock.
import { expect, test } from 'vitest'
import { TASK, EFFECT_KINDS } from '../../cloud/evaluation/effects.ts'
import { nextDue } from '../../cloud/evaluation/time/time.ts'
import type { AccountCase } from './account.ts'
import { comesTo, documentOf } from './account.ts'
import { POINT_PER_POUND, programsOf, tell } from './story.ts'

const GIFT = { id: 301, title: 'Gift', points: 0, voucher: {} }
const CHECKIN = { type: 'TYPE', kinds: ['checkin'] }
const POINTS = { kind: 'points', metric: 0, amount: 5 }
const rule = (change: object = {}) => ({ id: 951, title: 'Rule', match: CHECKIN, effect: POINTS, ...change })
const timed = (days: readonly string[], at: string, change: object = {}) =>
  rule({ match: { type: 'TIME', days, at }, ...change })
const withRules = (rules: object[], parts: object = {}) => ({
  tiers: [],
  earn_perks: [POINT_PER_POUND],
  redeem_perks: [GIFT],
  rules,
  ...parts,
})
const gives = 'rule 951 1, reward 951 5'

const CASES: readonly AccountCase[] = [
  {
    rule: 'E-STEP-1',
    name: 'what a rule gives lifts the tier with the same fact, and fills a card',
    program: withRules([rule(), rule({ id: 952, effect: { kind: 'points', metric: 7, amount: 3 } })], {
      tiers: [
        { id: 1, name: 'Basic', point_floor: 0 },
        { id: 2, name: 'Silver', point_floor: 5, entry_perk: 301 },
      ],
      metrics: [{ id: 7, name: 'Stamps' }],
      stamp_cards: [{ id: 401, title: 'Card', metric: 7, required: 2, reward: 301 }],
    }),
    story: [
      '2024-03-04 10:00 | is granted 0 | tier 1',
      `2024-03-04 11:00 | checks in | ${gives}, rule 952 1, reward 952 3 of metric 7, spend 401 -2 of metric 7, card_filled 401 1, voucher_issued 301 1, voucher_issued 301 1, tier 2`,
      `2024-03-04 12:00 | checks in | ${gives}, rule 952 1, reward 952 3 of metric 7, spend 401 -4 of metric 7, card_filled 401 2, voucher_issued 301 1, voucher_issued 301 1`,
    ],
    tier: 2,
  },
  {
    rule: 'E-STEP-1',
    name: 'a card that was filled by the fact and is filled again by a rule: each reward has a code of its own',
    program: withRules([rule({ effect: { kind: 'points', metric: 7, amount: 2 } })], {
      metrics: [{ id: 7, name: 'Stamps' }],
      earn_perks: [
        { id: 103, title: 'Stamp', type: 'CHECKIN', award: { kind: 'fixed', points: 2 }, metric: 7 },
      ],
      stamp_cards: [{ id: 401, title: 'Card', metric: 7, required: 2, reward: 301 }],
    }),
    story: [
      '2024-03-04 11:00 | checks in | earn 103 2 of metric 7, spend 401 -4 of metric 7, card_filled 401 2, voucher_issued 301 1, rule 951 1, reward 951 2 of metric 7, voucher_issued 301 1',
    ],
  },
  {
    rule: 'E-RULE-1',
    name: 'on facts of its kinds only',
    program: withRules([rule()]),
    story: [
      `2024-03-04 10:00 | checks in | ${gives}`,
      '2024-03-04 11:00 | buys tea 3.00 | earn 101 3',
      '2024-03-04 12:00 | is granted 3 | grant 3',
    ],
  },
  {
    rule: 'E-RULE-1',
    name: 'its condition is asked on the member after the fact',
    program: withRules([
      rule({
        match: { type: 'TYPE', kinds: ['sale'] },
        when: { metric: 0, part: 'balance', is: 'ge', value: 10 },
      }),
    ]),
    story: [
      '2024-03-04 10:00 | buys tea 9.00 | earn 101 9',
      `2024-03-04 11:00 | buys tea 1.00 | earn 101 1, ${gives}`,
    ],
  },
  {
    rule: 'E-RULE-1',
    name: 'in the order of the document, each sees what the earlier ones did',
    program: withRules([
      rule(),
      rule({ id: 952, when: { metric: 0, part: 'balance', is: 'ge', value: 10 } }),
      rule({ id: 953, when: { applied: 952, is: 'ge', value: 1 } }),
    ]),
    story: [
      `2024-03-04 10:00 | checks in | ${gives}`,
      `2024-03-04 11:00 | checks in | ${gives}, rule 952 1, reward 952 5, rule 953 1, reward 953 5`,
    ],
  },
  {
    rule: 'E-RULE-1',
    name: 'dates and status',
    program: withRules([
      rule({ start: '2024-03-05', end: '2024-03-05' }),
      rule({ id: 952, status: 'INACTIVE' }),
    ]),
    story: [
      '2024-03-04 23:59 | checks in | -',
      `2024-03-05 00:00 | checks in | ${gives}`,
      '2024-03-06 00:00 | checks in | -',
    ],
  },
  {
    rule: 'E-RULE-1',
    name: 'at most so often in the window',
    program: withRules([rule({ occurrences: { count: 2, window: { kind: 'calendar_month' } } })]),
    story: [
      `2024-03-04 10:00 | checks in | ${gives}`,
      `2024-03-05 10:00 | checks in | ${gives}`,
      '2024-03-31 10:00 | checks in | -',
      `2024-04-01 10:00 | checks in | ${gives}`,
    ],
  },
  {
    rule: 'E-RULE-1',
    name: 'at most so often ever, without a window',
    program: withRules([rule({ occurrences: { count: 1 } })]),
    story: [`2024-03-04 10:00 | checks in | ${gives}`, '2034-03-05 10:00 | checks in | -'],
  },
  {
    rule: 'E-RULE-2',
    name: 'a time of the week that passed happens with the next fact, before it',
    program: withRules([timed(['MON', 'THU'], '09:00')]),
    story: [
      '2024-03-04 09:00 | buys tea 1.00 | earn 101 1',
      '2024-03-07 08:59 | buys tea 1.00 | earn 101 1',
      `2024-03-07 09:00 | buys tea 1.00 | ${gives}, earn 101 1`,
      '2024-03-07 09:01 | buys tea 1.00 | earn 101 1',
    ],
  },
  {
    rule: 'E-RULE-2',
    name: 'once for all the times that passed: the latest, which must lie within its dates',
    program: withRules([timed(['MON'], '09:00', { end: '2024-03-25' })]),
    story: [
      '2024-03-04 10:00 | buys tea 1.00 | earn 101 1',
      `2024-03-31 10:00 | time passes | ${gives}`,
      '2024-04-02 10:00 | time passes | -',
    ],
  },
  {
    rule: 'E-RULE-2',
    name: 'a condition on the day is asked of that day',
    program: withRules([timed(['SAT'], '23:30', { when: { number: 'day_of_month', is: 'eq', value: 9 } })]),
    story: ['2024-03-04 10:00 | buys tea 1.00 | earn 101 1', `2024-03-12 10:00 | time passes | ${gives}`],
  },
  {
    rule: 'E-RULE-2',
    name: 'by the wall clock of the fact that brings the time',
    program: withRules([timed(['MON'], '09:00')]),
    story: [
      '2024-03-04 07:30 | buys tea 1.00 | earn 101 1',
      `2024-03-04 09:45 Berlin | time passes | ${gives}`,
    ],
  },
  {
    rule: 'E-RULE-2',
    name: 'not for a member who was not there yet',
    program: withRules([timed(['MON'], '09:00')]),
    story: ['2024-03-05 10:00 | buys tea 1.00 | earn 101 1'],
  },
  {
    rule: 'E-RULE-3',
    name: 'an award issues an entitlement, a credential is an attribute that later rules see',
    program: withRules([
      rule({ effect: { kind: 'award', perk: 301 } }),
      rule({ id: 952, effect: { kind: 'credential', name: 'visitor', value: 'yes' } }),
      rule({ id: 953, when: { attribute: 'visitor', in: ['yes'] } }),
    ]),
    story: [
      '2024-03-04 10:00 | checks in | rule 951 1, voucher_issued 301 1, rule 952 1, credential 952 1, rule 953 1, reward 953 5',
    ],
  },
  {
    rule: 'E-RULE-3',
    name: 'points of another metric, and what they do to a segment on the same fact',
    program: withRules([rule({ effect: { kind: 'points', metric: 501, amount: 4 } })], {
      metrics: [{ id: 501, name: 'Stars' }],
      segments: [
        {
          id: 701,
          name: 'Starred',
          when: { metric: 501, part: 'balance', is: 'ge', value: 4 },
          expiry: { kind: 'PERSISTENT' },
        },
      ],
    }),
    story: ['2024-03-04 10:00 | checks in | rule 951 1, reward 951 4 of metric 501, segment_entered 701 1'],
    ends: { 501: 'balance 4, pending 0, lifetime 4, spent 0, 4 for ever' },
  },
  {
    rule: 'E-RULE-3',
    name: 'a club follows its audience: who comes in is given it, from who leaves it is taken',
    program: withRules(
      [
        rule({
          match: { type: 'TYPE', kinds: ['sale', 'adjustment'] },
          when: { all: [{ metric: 0, part: 'balance', is: 'ge', value: 10 }, { not: { holds: 301 } }] },
          effect: { kind: 'award', perk: 301 },
        }),
        rule({
          id: 952,
          match: { type: 'TYPE', kinds: ['sale', 'adjustment'] },
          when: { all: [{ metric: 0, part: 'balance', is: 'lt', value: 10 }, { holds: 301 }] },
          effect: { kind: 'revoke', perk: 301 },
        }),
      ],
      { redeem_perks: [{ ...GIFT, membership: { template: 'CLUB', priority: 0 } }] },
    ),
    story: [
      '2024-03-04 10:00 | buys tea 10.00 | earn 101 10, rule 951 1, voucher_issued 301 1',
      '2024-03-05 10:00 | buys tea 1.00 | earn 101 1',
      '2024-03-06 10:00 | is adjusted by -5 | adjust -5, rule 952 1, entitlement 301 cancelled',
      '2024-03-07 10:00 | buys tea 9.00 | earn 101 9, rule 951 1, voucher_issued 301 1',
    ],
  },
  {
    rule: 'E-RULE-1',
    name: 'a perk for everybody: with the first fact of any kind, once',
    program: withRules([
      rule({
        match: { type: 'TYPE', kinds: ['enrolment', 'sale', 'checkin', 'moment'] },
        occurrences: { count: 1 },
        effect: { kind: 'award', perk: 301 },
      }),
    ]),
    story: [
      '2024-03-04 10:00 | time passes | rule 951 1, voucher_issued 301 1',
      '2024-03-05 10:00 | buys tea 1.00 | earn 101 1',
    ],
  },
  {
    rule: 'E-COND-2',
    name: 'uses of vouchers are counted by a rule that only tells a task, for another to ask',
    program: withRules([
      rule({ match: { type: 'TYPE', kinds: ['voucher_use'] }, effect: { kind: 'task', task: 'count' } }),
      rule({
        id: 952,
        match: { type: 'TYPE', kinds: ['checkin'] },
        when: { applied: 951, window: { kind: 'rolling', days: 30 }, is: 'ge', value: 2 },
      }),
    ]),
    story: [
      '2024-03-04 10:00 | is awarded 301 | voucher_issued 301 1',
      '2024-03-04 10:01 | is awarded 301 | voucher_issued 301 1',
      '2024-03-04 11:00 | uses voucher 301 of #1 | voucher_used 301 1, rule 951 1, task 951 1',
      '2024-03-05 11:00 | checks in | -',
      '2024-03-05 12:00 | uses voucher 301 of #2 | voucher_used 301 1, rule 951 1, task 951 1',
      '2024-03-05 13:00 | checks in | rule 952 1, reward 952 5',
    ],
  },
]

test.each(CASES)('$rule $name', (shown) => comesTo(shown))

test('E-RULE-3 a task is told with the instant it is due', () => {
  const task = { kind: 'task', task: 'thank-you', delay_days: 3 }
  const document = documentOf(
    withRules([rule({ effect: task }), timed(['MON'], '09:00', { id: 952, effect: task })]),
  )
  const told = tell(document, ['2024-03-04 08:00 | checks in', '2024-03-06 10:00 | time passes'])
  const due = told.map(({ effects }) =>
    effects
      .filter(({ kind }) => kind === EFFECT_KINDS[TASK])
      .map(({ rule: id, of }) => `${id} ${new Date(of).toISOString()}`),
  )
  expect(due).toEqual([['951 2024-03-07T08:00:00.000Z'], ['952 2024-03-07T09:00:00.000Z']])
})

test('E-RULE-2 the next time of the week is due by itself, while its rule can still do something', () => {
  const dueAfter = (change: object, story: readonly string[]): string => {
    const document = documentOf(withRules([timed(['WED'], '09:00', change)]))
    const last = tell(document, story).at(-1)
    if (last === undefined || last.fact === null) throw new Error('the row is a fact')
    const due = nextDue(programsOf(document).program(last.fact.at), last.after)
    return due === Infinity ? 'never' : new Date(due).toISOString()
  }
  const monday = ['2024-03-04 10:00 | buys tea 1.00']
  expect(dueAfter({}, monday)).toBe('2024-03-06T09:00:00.000Z')
  expect(dueAfter({}, ['2024-03-06 09:00 | buys tea 1.00'])).toBe('2024-03-13T09:00:00.000Z')
  expect(dueAfter({ start: '2024-03-14' }, monday)).toBe('2024-03-20T09:00:00.000Z')
  expect(dueAfter({ end: '2024-03-05' }, monday)).toBe('never')
  expect(dueAfter({ status: 'INACTIVE' }, monday)).toBe('never')
  expect(dueAfter({ occurrences: { count: 1 } }, [...monday, '2024-03-07 10:00 | time passes'])).toBe('never')
})
