// E-EXP-1: for every perk and bonus, applied or not, and if not: the first condition that fails, what was, what is required, what would help.
import { expect, test } from 'vitest'
import { explain } from '../../cloud/evaluation/explanation/explain.ts'
import { CONDITIONS } from '../../cloud/evaluation/conditions/condition-numbers.ts'
import type { ConditionName } from '../../cloud/evaluation/conditions/condition-numbers.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const TIERS = [
  { id: 1, name: 'Bronze', point_floor: 0 },
  { id: 2, name: 'Silver', point_floor: 100 },
]
const perk = (change: object) => ({ earn_perks: [{ ...POINT_PER_POUND, ...change }] })
const bonus = (change: object) => ({
  earn_perks: [POINT_PER_POUND],
  bonuses: [{ id: 201, title: 'Bonus', award: { kind: 'fixed', points: 5 }, ...change }],
})
const often = (change: object) => bonus({ type: 'FREQUENCY', required_to_earn: 3, ...change })
const MONDAY = '2024-03-04 10:00'
const tea = (when: string) => `${when} | buys tea 4.00 | 0`

interface Row {
  readonly condition: ConditionName
  readonly rule: number
  readonly program: Readonly<Record<string, unknown>>
  /** The last row is the fact that is explained. */
  readonly story: readonly string[]
  readonly actual: string | null
  readonly required: string | null
  readonly hint: string | null
}

const ROWS: readonly Row[] = [
  {
    condition: 'applies',
    rule: 101,
    program: perk({}),
    story: [tea(MONDAY)],
    actual: null,
    required: null,
    hint: null,
  },
  {
    condition: 'status',
    rule: 101,
    program: perk({ status: 'INACTIVE' }),
    story: [tea(MONDAY)],
    actual: 'INACTIVE',
    required: 'ACTIVE',
    hint: null,
  },
  {
    condition: 'dates',
    rule: 101,
    program: perk({ start: '2024-04-01', end: '2024-04-30' }),
    story: [tea(MONDAY)],
    actual: '2024-03-04',
    required: '2024-04-01 to 2024-04-30',
    hint: 'from 2024-04-01 on',
  },
  {
    condition: 'dates',
    rule: 101,
    program: perk({ end: '2024-02-29' }),
    story: [tea(MONDAY)],
    actual: '2024-03-04',
    required: 'any day to 2024-02-29',
    hint: null,
  },
  {
    condition: 'store',
    rule: 101,
    program: perk({ stores: [2, 3] }),
    story: [tea(MONDAY)],
    actual: '1',
    required: '2, 3',
    hint: 'in one of these stores',
  },
  {
    condition: 'required_tier',
    rule: 101,
    program: { ...perk({ required_tier: 2 }), tiers: TIERS },
    story: ['2024-03-04 09:00 | is granted 30 | 30', tea(MONDAY)],
    actual: 'Bronze',
    required: 'Silver',
    hint: '70 more points reach Silver',
  },
  {
    condition: 'no_matching_line',
    rule: 101,
    program: perk({ skus: ['cake'], categories: ['DRINKS'] }),
    story: [tea(MONDAY)],
    actual: 'no line of this kind',
    required: 'DRINKS, cake',
    hint: 'buy one of: DRINKS, cake',
  },
  {
    condition: 'minimum_amount',
    rule: 101,
    program: perk({ minimum_amount: 1000 }),
    story: [tea(MONDAY)],
    actual: '400',
    required: '1000',
    hint: '600 more in minor units of GBP',
  },
  {
    condition: 'once_per_day',
    rule: 101,
    program: perk({ once_per_day: true }),
    story: [tea('2024-03-04 09:00'), tea(MONDAY)],
    actual: 'given today',
    required: 'once a day',
    hint: 'tomorrow',
  },
  {
    condition: 'points',
    rule: 101,
    program: perk({}),
    story: ['2024-03-04 10:00 | buys tea 0.99 | 0'],
    actual: '99',
    required: 'enough for one point',
    hint: 'buy a little more',
  },
  {
    condition: 'points',
    rule: 201,
    program: bonus({
      type: 'DATE_RANGE',
      start: '2024-03-04',
      end: '2024-03-04',
      award: { kind: 'multiplier', percent: 20 },
    }),
    story: [tea(MONDAY)],
    actual: '4',
    required: 'enough for one point',
    hint: 'buy a little more',
  },
  {
    condition: 'qualifying_points',
    rule: 201,
    program: bonus({ type: 'DATE_RANGE', start: '2024-03-04', end: '2024-03-04' }),
    story: ['2024-03-04 10:00 | buys tea 0.99 | 0'],
    actual: '0',
    required: 'at least 1 point of a qualifying perk',
    hint: 'buy something that earns points',
  },
  {
    condition: 'schedule',
    rule: 201,
    program: bonus({ type: 'TIME', schedule: [{ days: ['MON', 'FRI'], from: '17:00', to: '19:00' }] }),
    story: [tea(MONDAY)],
    actual: 'MON 10:00',
    required: 'MON FRI 17:00-19:00',
    hint: 'at another time: MON FRI 17:00-19:00',
  },
  {
    condition: 'clock',
    rule: 201,
    program: bonus({ type: 'TIME', schedule: [{ days: ['MON'], from: '09:00', to: '12:00' }] }),
    story: [`${MONDAY} | buys tea 4.00 by an unsure clock | 0`],
    actual: "a time the store's clock could not vouch for",
    required: 'a time that is certain',
    hint: null,
  },
  {
    condition: 'from_date',
    rule: 201,
    program: often({ frequency: 'FROM_DATE', from_date: '2024-03-05' }),
    story: [tea(MONDAY)],
    actual: '2024-03-04',
    required: 'from 2024-03-05 on',
    hint: null,
  },
  {
    condition: 'frequency',
    rule: 201,
    program: often({ frequency: 'WEEKLY' }),
    story: [tea(MONDAY)],
    actual: '1',
    required: '3',
    hint: '2 more qualifying sales',
  },
  {
    condition: 'frequency',
    rule: 201,
    program: often({ frequency: 'WEEKLY', required_to_earn: 1 }),
    story: [tea('2024-03-04 09:00'), tea(MONDAY)],
    actual: '2',
    required: '1',
    hint: null,
  },
  {
    condition: 'frequency',
    rule: 201,
    program: often({ frequency: 'FROM_DATE', from_date: '2024-03-01', required_to_earn: 2 }),
    story: [tea('2024-03-04 08:00'), tea('2024-03-04 09:00'), tea(MONDAY)],
    actual: '3',
    required: '2',
    hint: '1 more qualifying sales',
  },
  {
    condition: 'attributes',
    rule: 101,
    program: perk({
      attributes: [
        { name: 'diet', value: 'vegan' },
        { name: 'club', value: 'tea' },
      ],
    }),
    story: ['2024-03-04 09:00 | tells diet=meat | 0', tea(MONDAY)],
    actual: 'diet: meat, club: not known',
    required: 'diet: vegan or club: tea',
    hint: null,
  },
  {
    condition: 'when',
    rule: 101,
    program: perk({
      when: { all: [{ kind: ['sale'] }, { basket: { categories: ['FOOD'], amount: 500 } }] },
    }),
    story: ['2024-03-04 10:00 | buys tea 4.00, cake/FOOD 3.00 | 0'],
    actual: 'basket: 300 in minor units, 1 pieces of: FOOD',
    required: 'basket: 500 in minor units of: FOOD',
    hint: 'buy more of: FOOD',
  },
  {
    condition: 'when',
    rule: 201,
    program: bonus({
      type: 'DATE_RANGE',
      start: '2024-01-01',
      end: '2024-12-31',
      when: { not: { birthday: 'month' } },
    }),
    story: ['2024-03-01 09:00 | tells birthday 1990-03-20 | 0', tea(MONDAY)],
    actual: 'birthday: born on 1990-03-20',
    required: 'birthday: not in the month of the birthday',
    hint: null,
  },
  {
    condition: 'tenders',
    rule: 101,
    program: perk({ tenders: ['card', 'gift_card'] }),
    story: ['2024-03-04 10:00 | buys tea 4.00 paid cash 4.00 | 0'],
    actual: 'nothing paid so',
    required: 'paid by card or gift_card',
    hint: 'pay by card or gift_card',
  },
  {
    condition: 'caps',
    rule: 101,
    program: perk({ caps: { per_sale: 9, per_day: 4 } }),
    story: [tea('2024-03-04 09:00'), tea(MONDAY)],
    actual: 'would give 4, nothing is left',
    required: 'at most 9 per sale, 4 per day',
    hint: 'another day',
  },
  {
    condition: 'caps',
    rule: 101,
    program: {
      ...perk({ group: 'offers' }),
      groups: [{ name: 'offers', stacking: 'all', caps: { per_member: 4 } }],
    },
    story: [tea('2024-03-04 09:00'), tea(MONDAY)],
    actual: 'would give 4, nothing is left',
    required: 'at most 4 ever in group "offers"',
    hint: null,
  },
  {
    condition: 'group',
    rule: 101,
    program: {
      earn_perks: [
        { ...POINT_PER_POUND, group: 'offers' },
        { ...POINT_PER_POUND, id: 102, group: 'offers', award: { kind: 'fixed', points: 9 } },
      ],
      groups: [{ name: 'offers', stacking: 'best' }],
    },
    story: [tea(MONDAY)],
    actual: 'would give 4',
    required: 'the most of group "offers"',
    hint: null,
  },
  {
    condition: 'required_tier',
    rule: 101,
    program: {
      ...perk({ required_tier: 2 }),
      tiers: [
        { id: 1, name: 'Bronze', point_floor: 0 },
        { id: 2, name: 'Silver', reach: { match: 'any', of: [{ metric: 0, at_least: 10 }] } },
      ],
    },
    story: [tea(MONDAY)],
    actual: 'Bronze',
    required: 'Silver',
    hint: 'reach Silver',
  },
]

test.each(ROWS)(
  'E-EXP-1 $condition of rule $rule: $actual, required $required',
  ({ condition, rule, program: parts, story, actual, required, hint }) => {
    const document = program(parts)
    const told = tell(document, story)
    const { fact, effects } = told.at(-1) ?? {}
    const before = told.at(-2)?.after ?? newState()
    const inForce = fact === undefined || fact === null ? null : programsOf(document).program(fact.at)
    if (inForce === null || fact === undefined || fact === null)
      throw new Error('a fact under a program is explained')
    const considered = explain(inForce, before, fact)
    expect(considered.map((one) => one.rule)).toEqual(
      [...document.earn_perks, ...document.bonuses].map(({ id }) => id),
    )
    const one = considered.find((candidate) => candidate.rule === rule)
    expect(one).toMatchObject({
      condition: condition === 'applies' ? null : condition,
      applied: condition === 'applies',
      actual,
      required,
      hint,
    })
    const given = effects?.find((effect) => effect.rule === rule && effect.kind !== 'counted')
    expect(one?.points).toBe(given?.amount ?? 0)
  },
)

test('E-EXP-1 there is a row for every condition there is', () => {
  const shown = new Set(ROWS.map(({ condition }) => condition))
  expect(CONDITIONS.filter((condition) => !shown.has(condition))).toEqual([])
})

test('E-EARN-8 of several conditions that fail the first in their order is told', () => {
  const failing: readonly (readonly [ConditionName, object])[] = [
    ['status', { status: 'INACTIVE' }],
    ['dates', { end: '2024-01-31' }],
    ['store', { stores: [2] }],
    ['required_tier', { required_tier: 2 }],
    ['attributes', { attributes: [{ name: 'diet', value: 'vegan' }] }],
    ['when', { when: { kind: ['checkin'] } }],
    ['no_matching_line', { categories: ['FOOD'] }],
    ['tenders', { tenders: ['card'] }],
    ['minimum_amount', { minimum_amount: 1000 }],
    ['once_per_day', { once_per_day: true }],
    ['points', { award: { kind: 'per_currency_unit', points: 1, unit: 10_000, rounding: 'floor' } }],
    ['caps', { caps: { per_day: 4 } }],
  ]
  const first = perk({ once_per_day: true, caps: { per_day: 4 } })
  const [earlier] = tell(program({ ...first, tiers: TIERS }), [tea('2024-03-04 09:00')])
  const told = failing.map((_, from) => {
    const rest = Object.assign({}, ...failing.slice(from).map(([, change]) => change)) as object
    const document = program({ ...perk(rest), tiers: TIERS })
    const [sale] = tell(document, [tea(MONDAY)])
    const fact = sale?.fact ?? null
    const found = fact === null ? null : programsOf(document).program(fact.at)
    if (found === null || fact === null || earlier === undefined) throw new Error('a sale is explained')
    return explain(found, earlier.after, fact)[0]?.condition
  })
  expect(told).toEqual(failing.map(([condition]) => condition))
})
