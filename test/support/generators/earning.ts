// Generated earn perks, bonuses and groups. Whether a rule has caps, and its group, are part of its structure, which all versions of a program share.
// Ids are those of parts.ts.
import fc from 'fast-check'
import { WEEKDAYS } from '../../../cloud/evaluation/document/parts.ts'
import { tree } from './conditions.ts'
import {
  BIRTHDAY_PERK,
  CATEGORIES,
  SKUS,
  STANDARD_PERKS,
  STORE_IDS,
  TENDERS,
  TIER_IDS,
  clock,
  day,
  joined,
  ordered,
  partly,
  some,
} from './parts.ts'

const attribute = fc.constantFrom({ name: 'kind', value: 'vip' }, { name: 'kind', value: 'staff' })
export const attributes = fc.array(attribute, { minLength: 1, maxLength: 2 })

export const conditions = fc
  .tuple(
    partly<{ start: string; end: string }>({ start: day, end: day }),
    partly<object>({
      status: fc.constantFrom('ACTIVE', 'ACTIVE', 'ACTIVE', 'INACTIVE'),
      stores: some(STORE_IDS),
      required_tier: fc.constantFrom(...TIER_IDS),
    }),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: tree.map((when) => ({ when })) },
    ),
  )
  .map(([dates, own, when]) => ({ ...rarely(dates), ...own, ...when }))

/** Dates turn most facts away: a start alone, or an end alone, is enough most of the time. */
function rarely(dates: { start?: string; end?: string }): object {
  const { start, end } = ordered(dates)
  if (start !== undefined && end !== undefined) return { start, end }
  return start === undefined
    ? end === undefined || end < '2024-06'
      ? {}
      : { end }
    : start < '2024-06'
      ? { start }
      : {}
}

const caps = partly<object>({
  per_sale: fc.integer({ min: 1, max: 12 }),
  per_day: fc.integer({ min: 1, max: 20 }),
  per_member: fc.integer({ min: 5, max: 60 }),
})

const giving = (group: string): fc.Arbitrary<object> =>
  joined(
    conditions,
    partly<object>({ attributes, caps }),
    fc.constantFrom({}, {}, { group }).map((own) => own),
  )

const perUnit = fc.record({
  kind: fc.constant('per_currency_unit'),
  points: fc.integer({ min: 1, max: 3 }),
  unit: fc.constantFrom(50, 100, 250, 333),
  rounding: fc.constantFrom('floor', 'ceil', 'half_up', 'half_even'),
})
const perItem = fc.record({ kind: fc.constant('per_item'), points: fc.integer({ min: 1, max: 4 }) })
const fixed = fc.record({ kind: fc.constant('fixed'), points: fc.integer({ min: 1, max: 20 }) })
const award = fc.oneof(
  { weight: 3, arbitrary: perUnit },
  { weight: 1, arbitrary: perItem },
  { weight: 1, arbitrary: fixed },
)

/** Few at a time; once in a while so many that one sale fills a card very often. */
const stamps = fc.oneof(
  { weight: 4, arbitrary: perItem },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('fixed'), points: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: perUnit },
)

const headOf = (id: number, type: string): fc.Arbitrary<object> =>
  fc.constant({ id, title: `${type} ${id}`, type })

const standardPerk = (id: number, group: string, metric?: number): fc.Arbitrary<object> =>
  joined(
    headOf(id, 'STANDARD'),
    (metric === undefined ? award : stamps).map((given) => ({ award: given })),
    fc.constant(metric === undefined ? {} : { metric }),
    giving(group),
    partly<object>({
      skus: some(SKUS),
      categories: some(CATEGORIES),
      tenders: some(TENDERS),
      minimum_amount: fc.constantFrom(100, 500, 1000),
      once_per_day: fc.boolean(),
      completes_referral: fc.boolean(),
    }),
  )

const eventPerk = (id: number, type: string, awards: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  joined(
    headOf(id, type),
    awards.map((given) => ({ award: given })),
    giving('perks'),
    partly<object>({ once_per_day: fc.boolean() }),
  )

export const earnPerks = fc.tuple(
  ...STANDARD_PERKS.map((id) => standardPerk(id, 'perks')),
  standardPerk(104, 'stamps', 501),
  standardPerk(105, 'stamps', 501),
  eventPerk(111, 'CHECKIN', fixed),
  eventPerk(112, 'REGISTRATION', fixed),
  eventPerk(113, 'REFERRAL', fixed),
  eventPerk(BIRTHDAY_PERK, 'BIRTHDAY', fixed),
  eventPerk(115, 'VISITOR', award),
  joined(
    headOf(116, 'PROGRESS_ACTIVITY'),
    fc.constant({ award: { kind: 'fixed', points: 1 } }),
    conditions,
    partly<object>({ once_per_day: fc.boolean() }),
  ),
  eventPerk(117, 'COUPON', perUnit),
)

const bonusAward = fc.oneof(
  fc.record({ kind: fc.constant('multiplier'), percent: fc.constantFrom(10, 33, 50, 100, 250) }),
  fixed,
)
export const schedule = fc.array(fc.record({ days: some(WEEKDAYS), from: clock, to: clock }), {
  minLength: 1,
  maxLength: 3,
})

const bonus = (
  id: number,
  fields: fc.Arbitrary<object>,
  perks = STANDARD_PERKS,
  always = false,
): fc.Arbitrary<object> =>
  joined(
    fc.constant({ id, title: `Bonus ${id}` }),
    bonusAward.map((given) => ({ award: given })),
    giving('bonuses'),
    always ? fc.record({ perks: some(perks) }) : partly<object>({ perks: some(perks) }),
    fields,
  ).map((rule) => (always ? { ...rule, group: undefined } : rule))

const frequency = (
  id: number,
  every: string,
  from_date?: string,
  perks = STANDARD_PERKS,
): fc.Arbitrary<object> =>
  bonus(
    id,
    fc
      .tuple(fc.integer({ min: 1, max: 3 }), partly<object>({ count_returned: fc.boolean() }))
      .map(([required_to_earn, own]) => ({
        type: 'FREQUENCY',
        required_to_earn,
        frequency: every,
        ...(from_date === undefined ? {} : { from_date }),
        ...own,
      })),
    perks,
  )

/** Perks of events and activities that give points. */
const EVENT_PERKS = [111, 112, 113, 115, 117]

export const bonuses = fc.tuple(
  bonus(
    201,
    schedule.map((slots) => ({ type: 'TIME', schedule: slots })),
  ),
  bonus(
    202,
    fc.tuple(day, day).map(([a, b]) => ({ type: 'DATE_RANGE', start: a < b ? a : b, end: a < b ? b : a })),
  ),
  frequency(203, 'WEEKLY'),
  frequency(204, 'MONTHLY', undefined, [...STANDARD_PERKS, ...EVENT_PERKS, BIRTHDAY_PERK]),
  frequency(205, 'FROM_DATE', '2024-03-01'),
  bonus(206, fc.constant({ type: 'DATE_RANGE', start: '2023-01-01', end: '2026-01-01' }), [104, 105], true),
  bonus(
    207,
    schedule.map((slots) => ({ type: 'TIME', schedule: slots })),
    [...EVENT_PERKS, BIRTHDAY_PERK],
    true,
  ),
  frequency(208, 'WEEKLY', undefined, [116, 115, BIRTHDAY_PERK]).map((rule) => ({
    perks: [116],
    ...rule,
    award: { kind: 'fixed', points: 4 },
  })),
)

const group = (name: string): fc.Arbitrary<object> =>
  joined(
    fc.constant({ name }),
    fc.constantFrom('all', 'best', 'first').map((stacking) => ({ stacking })),
    partly<object>({ caps }),
  )
export const groups = fc.tuple(group('perks'), group('stamps'), group('bonuses'))
