// E-COND: what each leaf of a condition tree asks, of which fact and of which member, and which leaf an explanation names. Each row asks its
// condition about the last row of its story. 2024-03-04 was a Monday.
import { expect, test } from 'vitest'
import {
  compileCondition,
  firstFailing,
  holds,
  situationOf,
} from '../../cloud/evaluation/conditions/condition.ts'
import type { ConditionDocument } from '../../cloud/evaluation/document/conditions.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import type { RuleId, StoreId } from '../../protocol/ids.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const MONDAY = '2024-03-04 10:00'
const TEA = `${MONDAY} | buys tea/DRINKS 2 x 4.00, scone/FOOD 3.50 paid cash 5.00, card 2.50`
const VIP = 'vip' as const
const id = (rule: number): RuleId => rule as RuleId
const number = (name: 'amount' | 'items' | 'lines' | 'age', is: 'eq' | 'ge' | 'lt', value: number) =>
  ({ number: name, is, value }) as const

const PROGRAM = {
  earn_perks: [POINT_PER_POUND],
  tiers: [
    { id: 1, name: 'Bronze', point_floor: 0 },
    { id: 2, name: 'Silver', point_floor: 10 },
  ],
  redeem_perks: [
    { id: 301, title: 'A cup', points: 0, voucher: { valid_days: 3 } },
    { id: 302, title: 'Gold level', points: 0, voucher: {}, membership: { template: 'LEVEL', priority: 2 } },
    { id: 303, title: 'Blue level', points: 0, voucher: {}, membership: { template: 'LEVEL', priority: 1 } },
  ],
  segments: [
    {
      id: 601,
      name: 'Spenders',
      when: { metric: 0, part: 'lifetime', is: 'ge', value: 5 },
      expiry: { kind: 'PERSISTENT' },
    },
  ],
  aggregates: [{ id: 701, name: 'Spend', of: 'total_spend', window: { kind: 'rolling', days: 30 } }],
  rules: [
    {
      id: 801,
      title: 'Counted',
      match: { type: 'TYPE', kinds: ['checkin'] },
      when: { applied: 101, window: { kind: 'rolling', days: 30 }, is: 'lt', value: 0 },
      effect: { kind: 'points', metric: 0, amount: 1 },
    },
  ],
}

interface Row {
  readonly name: string
  readonly condition: ConditionDocument
  readonly story: readonly string[]
  /** `leaf: actual / required` of the first failing leaf; null: the condition holds. */
  readonly fails: string | null
}

const ROWS: readonly Row[] = [
  { name: 'kind', condition: { kind: ['sale', 'checkin'] }, story: [TEA], fails: null },
  { name: 'another kind', condition: { kind: ['checkin'] }, story: [TEA], fails: 'kind: sale / checkin' },
  { name: 'store', condition: { store: [1 as StoreId] }, story: [TEA], fails: null },
  {
    name: 'another store',
    condition: { store: [2, 3] as StoreId[] },
    story: [TEA],
    fails: 'store: 1 / 2 or 3',
  },
  {
    name: 'no home store is known: neither in it',
    condition: { home_store: true },
    story: [TEA],
    fails: 'home_store: store 1 / the home store (not known)',
  },
  {
    name: 'no home store is known: nor outside it',
    condition: { home_store: false },
    story: [TEA],
    fails: 'home_store: store 1 / not the home store (not known)',
  },
  {
    name: 'in the home store',
    condition: { home_store: true },
    story: ['2024-03-01 10:00 | tells home store 1', TEA],
    fails: null,
  },
  {
    name: 'outside the home store',
    condition: { home_store: false },
    story: ['2024-03-01 10:00 | tells home store 2', TEA],
    fails: null,
  },
  { name: 'amount', condition: number('amount', 'eq', 750), story: [TEA], fails: null },
  {
    name: 'amount too low',
    condition: number('amount', 'ge', 800),
    story: [TEA],
    fails: 'amount: 750 / at least 800',
  },
  { name: 'whole pieces', condition: number('items', 'eq', 3), story: [TEA], fails: null },
  { name: 'lines', condition: number('lines', 'lt', 3), story: [TEA], fails: null },
  {
    name: 'a check-in has no amount, so its condition fails',
    condition: number('amount', 'lt', 10_000),
    story: [`${MONDAY} | checks in`],
    fails: 'amount: not known / less than 10000',
  },
  {
    name: 'and a `not` over what cannot be answered holds',
    condition: { not: number('amount', 'lt', 10_000) },
    story: [`${MONDAY} | checks in`],
    fails: null,
  },
  {
    name: 'a return has an amount and lines',
    condition: { all: [number('lines', 'eq', 1), number('items', 'eq', 1)] },
    story: [TEA, '2024-03-04 11:00 | returns 1 x line 0 of #1'],
    fails: null,
  },
  {
    name: 'minute of the day',
    condition: { number: 'minute', is: 'eq', value: 600 },
    story: [TEA],
    fails: null,
  },
  { name: 'weekday', condition: { number: 'weekday', is: 'eq', value: 1 }, story: [TEA], fails: null },
  {
    name: 'the wall clock of the shop says which day it is',
    condition: { number: 'weekday', is: 'eq', value: 2 },
    story: ['2024-03-05 00:30 Auckland | checks in'],
    fails: null,
  },
  {
    name: 'day of month',
    condition: { number: 'day_of_month', is: 'eq', value: 4 },
    story: [TEA],
    fails: null,
  },
  {
    name: 'month',
    condition: { number: 'month', is: 'ne', value: 3 },
    story: [TEA],
    fails: 'month: 3 / other than 3',
  },
  {
    name: 'age on the day before the birthday',
    condition: number('age', 'eq', 17),
    story: ['2024-03-01 10:00 | tells birthday 2006-03-05', TEA],
    fails: null,
  },
  {
    name: 'age on the birthday',
    condition: number('age', 'ge', 18),
    story: ['2024-03-01 10:00 | tells birthday 2006-03-04', TEA],
    fails: null,
  },
  {
    name: 'age without a birthday',
    condition: number('age', 'lt', 200),
    story: [TEA],
    fails: 'age: not known / less than 200',
  },
  {
    name: 'who was born on the leap day is a year older on 28 February',
    condition: number('age', 'eq', 23),
    story: ['2022-03-01 10:00 | tells birthday 2000-02-29', '2023-02-28 11:00 | checks in'],
    fails: null,
  },
  {
    name: 'days of membership',
    condition: { number: 'membership_days', is: 'eq', value: 3 },
    story: ['2024-03-01 23:00 | enrols', TEA],
    fails: null,
  },
  {
    name: 'days of membership without an enrolment',
    condition: { number: 'membership_days', is: 'ge', value: 0 },
    story: [TEA],
    fails: 'membership_days: not known / at least 0',
  },
  {
    name: 'a basket line with one of the skus or categories, counted once',
    condition: { basket: { skus: ['tea'], categories: ['DRINKS', 'FOOD'], amount: 750, quantity: 3000 } },
    story: [TEA],
    fails: null,
  },
  {
    name: 'a basket whose matching lines do not reach the amount',
    condition: { basket: { categories: ['FOOD'], amount: 400 } },
    story: [TEA],
    fails: 'basket: 350 in minor units, 1 pieces of: FOOD / 400 in minor units of: FOOD',
  },
  {
    name: 'a basket without a matching line',
    condition: { basket: { skus: ['cake'] } },
    story: [TEA],
    fails: 'basket: 0 in minor units, 0 pieces of: cake / one line of: cake',
  },
  { name: 'the whole basket', condition: { basket: { quantity: 3000 } }, story: [TEA], fails: null },
  {
    name: 'a check-in has no basket',
    condition: { basket: {} },
    story: [`${MONDAY} | checks in`],
    fails: 'basket: a checkin without a basket / a basket',
  },
  { name: 'paid with a tender', condition: { payment: { types: ['card'] } }, story: [TEA], fails: null },
  {
    name: 'paid with several tenders together',
    condition: { payment: { types: ['card', 'cash'], amount: 750 } },
    story: [TEA],
    fails: null,
  },
  {
    name: 'not paid enough so',
    condition: { payment: { types: ['card'], amount: 251 } },
    story: [TEA],
    fails: 'payment: 250 / 251 paid by card',
  },
  {
    name: 'attribute',
    condition: { attribute: 'diet', in: ['vegan', VIP] },
    story: ['2024-03-01 10:00 | tells diet=vegan', TEA],
    fails: null,
  },
  {
    name: 'attribute with another value',
    condition: { attribute: 'diet', in: ['vegan'] },
    story: ['2024-03-01 10:00 | tells diet=none', TEA],
    fails: 'attribute: diet: none / diet: vegan',
  },
  {
    name: 'attribute that was taken away',
    condition: { attribute: 'diet', in: ['vegan'] },
    story: ['2024-03-01 10:00 | tells diet=vegan', '2024-03-02 10:00 | tells no diet', TEA],
    fails: 'attribute: diet: not known / diet: vegan',
  },
  {
    name: 'birthday',
    condition: { birthday: 'day' },
    story: ['2024-03-01 10:00 | tells birthday 1990-03-04', TEA],
    fails: null,
  },
  {
    name: 'month of the birthday',
    condition: { birthday: 'month' },
    story: ['2024-03-01 10:00 | tells birthday 1990-03-31', TEA],
    fails: null,
  },
  {
    name: 'not the birthday',
    condition: { birthday: 'day' },
    story: ['2024-03-01 10:00 | tells birthday 1990-03-05', TEA],
    fails: 'birthday: born on 1990-03-05 / on the birthday',
  },
  {
    name: 'birthday not known',
    condition: { birthday: 'month' },
    story: [TEA],
    fails: 'birthday: not known / in the month of the birthday',
  },
  {
    name: 'segment, as the member was before the fact',
    condition: { segment: id(601) },
    story: ['2024-03-01 10:00 | buys tea 5.00', TEA],
    fails: null,
  },
  {
    name: 'segment that this very sale would reach',
    condition: { segment: id(601) },
    story: ['2024-03-01 10:00 | buys tea 4.00', TEA],
    fails: 'segment: not in "Spenders" / in "Spenders"',
  },
  { name: 'first tier: everyone', condition: { tier: id(1) }, story: [TEA], fails: null },
  {
    name: 'tier or a higher one',
    condition: { tier: id(1) },
    story: ['2024-03-01 10:00 | is granted 10', TEA],
    fails: null,
  },
  {
    name: 'tier not reached',
    condition: { tier: id(2) },
    story: ['2024-03-01 10:00 | is granted 9', TEA],
    fails: 'tier: Bronze / at least Silver',
  },
  {
    name: 'holds an entitlement',
    condition: { holds: id(301) },
    story: ['2024-03-01 10:00 | is awarded 301', TEA],
    fails: null,
  },
  {
    name: 'holds one that expired meanwhile',
    condition: { holds: id(301) },
    story: ['2024-02-20 10:00 | is awarded 301', TEA],
    fails: 'holds: none / holds "A cup"',
  },
  {
    name: 'holds one that was used',
    condition: { holds: id(301) },
    story: ['2024-03-03 10:00 | is awarded 301', '2024-03-03 11:00 | uses voucher 301 of #1', TEA],
    fails: 'holds: none / holds "A cup"',
  },
  {
    name: 'of two levels only the higher counts',
    condition: { all: [{ holds: id(302) }, { not: { holds: id(303) } }] },
    story: ['2024-03-01 10:00 | is awarded 303', '2024-03-02 10:00 | is awarded 302', TEA],
    fails: null,
  },
  {
    name: 'balance before the fact',
    condition: { metric: 0, part: 'balance', is: 'eq', value: 5 },
    story: ['2024-03-01 10:00 | is granted 5', TEA],
    fails: null,
  },
  {
    name: 'lifetime',
    condition: { metric: 0, part: 'lifetime', is: 'ge', value: 6 },
    story: ['2024-03-01 10:00 | is granted 5', TEA],
    fails: 'metric: 5 / at least 6',
  },
  {
    name: 'spent',
    condition: { metric: 0, part: 'spent', is: 'eq', value: 0 },
    story: [TEA],
    fails: null,
  },
  {
    name: 'earned ever, where no window is named',
    condition: { metric: 0, part: 'earned', is: 'eq', value: 5 },
    story: ['2023-03-01 10:00 | is granted 5', TEA],
    fails: null,
  },
  {
    name: 'aggregate over its window',
    condition: { aggregate: id(701), is: 'eq', value: 500 },
    story: ['2024-01-01 10:00 | buys tea 7.00', '2024-03-01 10:00 | buys tea 5.00', TEA],
    fails: null,
  },
  {
    name: 'applied in the window, once for each fact',
    condition: { applied: id(101), window: { kind: 'rolling', days: 30 }, is: 'eq', value: 2 },
    story: [
      '2024-02-03 10:00 | buys tea 7.00',
      '2024-02-04 10:00 | buys tea 7.00',
      '2024-03-01 10:00 | buys tea 7.00',
      TEA,
    ],
    fails: null,
  },
  {
    name: 'applied ever; a return does not lower it',
    condition: { applied: id(101), is: 'eq', value: 3 },
    story: [
      '2020-02-03 10:00 | buys tea 7.00',
      '2024-02-04 10:00 | buys tea 7.00',
      '2024-03-01 10:00 | buys tea 7.00',
      '2024-03-02 10:00 | returns 1 x line 0 of #3',
      TEA,
    ],
    fails: null,
  },
  {
    name: 'all: the first that fails is named',
    condition: { all: [{ store: [1 as StoreId] }, { tier: id(2) }, { birthday: 'day' }] },
    story: [TEA],
    fails: 'tier: Bronze / at least Silver',
  },
  {
    name: 'any: one is enough',
    condition: { any: [{ birthday: 'day' }, { store: [1 as StoreId] }] },
    story: [TEA],
    fails: null,
  },
  {
    name: 'any: none holds, so the first is named',
    condition: { any: [{ birthday: 'day' }, { tier: id(2) }] },
    story: [TEA],
    fails: 'birthday: not known / on the birthday',
  },
  {
    name: 'not: what should not hold is named',
    condition: {
      not: { any: [{ birthday: 'day' }, { all: [{ kind: ['sale'] }, { store: [1 as StoreId] }] }] },
    },
    story: [TEA],
    fails: 'kind: sale / not sale',
  },
  {
    name: 'not over not',
    condition: { not: { not: { store: [2 as StoreId] } } },
    story: [TEA],
    fails: 'store: 1 / 2',
  },
]

test.each(ROWS)('E-COND-1 E-COND-2 E-COND-3 $name', ({ condition, story, fails }) => {
  const document = program(PROGRAM)
  // Rows may be written in any order; the last is asked about, on what lies before it in time.
  const told = tell(document, story)
  const fact = told.at(-1)?.fact ?? null
  const inForce = fact === null ? null : programsOf(document).program(fact.at)
  if (fact === null || inForce === null) throw new Error('the last row is a fact under the program')
  const before = told.filter((row) => row.fact !== null && row.fact.at < fact.at)
  const state = before.toSorted((a, b) => a.after.facts - b.after.facts).at(-1)?.after ?? newState()
  const at = situationOf(inForce, state, fact)
  const compiled = compileCondition(condition, document)
  const reason = firstFailing(compiled, at)
  expect(reason === null ? null : `${reason.leaf}: ${reason.actual} / ${reason.required}`).toBe(fails)
  expect(holds(compiled, at)).toBe(fails === null)
})
