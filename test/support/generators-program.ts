// Generated programs: every feature of the document, on few skus, few categories and round floors, so that conditions meet often. The rule
// ids and the kind of each bonus stay the same over versions, because an id keeps its meaning (E-FOLD-3).
import fc from 'fast-check'
import { checkDocument } from '../../cloud/evaluation/check.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document.ts'
import { WEEKDAYS } from '../../cloud/evaluation/document.ts'
import type { ProgramRecord } from '../../cloud/evaluation/programs.ts'
import type { ProgramVersion } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import { DAY_MS, MINUTE_MS, hybridTime } from '../../protocol/time.ts'

/** The days histories play in: New York's clock is set on the first weekend, Europe's on the last. */
export const FIRST_DAY_MS = Date.UTC(2024, 2, 8)
export const DAYS = 26
export const SKUS = ['tea', 'coffee', 'cake', 'soap']
export const CATEGORIES = ['DRINKS', 'FOOD']
export const STORE_IDS = [1, 2, 3, 4]
export const SECRET = 'the secret of the generators'

export const STANDARD_PERKS = [101, 102, 103]
export const REDEEM_PERKS = [301, 302, 303]
export const TIER_IDS = [1, 2, 3]

const day = fc
  .integer({ min: 0, max: DAYS })
  .map((index) => new Date(FIRST_DAY_MS + index * DAY_MS).toISOString().slice(0, 10))
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '30', '59'))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${minute}`)
const some = <T>(list: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...list], { minLength: 1 })

/** Fields that are there now and then. */
function partly<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  const often = Object.entries<fc.Arbitrary<unknown>>(fields).map(([name, values]) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: values.map((value) => ({ [name]: value })) },
    ),
  )
  return fc.tuple(...often).map((parts) => Object.assign({}, ...parts) as Partial<T>)
}

const conditions = partly<{
  status: string
  start: string
  end: string
  stores: number[]
  required_tier: number
}>({
  status: fc.constantFrom('ACTIVE', 'ACTIVE', 'ACTIVE', 'INACTIVE'),
  start: day,
  end: day,
  stores: some(STORE_IDS),
  required_tier: fc.constantFrom(...TIER_IDS),
}).map((found) => {
  const { start, end } = found
  return start !== undefined && end !== undefined && end < start
    ? { ...found, start: end, end: start }
    : found
})

const award = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('per_currency_unit'),
      points: fc.integer({ min: 1, max: 3 }),
      unit: fc.constantFrom(50, 100, 250, 333),
      rounding: fc.constantFrom('floor', 'ceil', 'half_up', 'half_even'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('per_item'), points: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fixed'), points: fc.integer({ min: 1, max: 20 }) }),
  },
)

const fixed = fc.record({ kind: fc.constant('fixed'), points: fc.integer({ min: 1, max: 20 }) })

const standardPerk = (id: number): fc.Arbitrary<object> =>
  fc
    .tuple(
      award,
      conditions,
      partly<{ skus: string[]; categories: string[]; minimum_amount: number; once_per_day: boolean }>({
        skus: some(SKUS),
        categories: some(CATEGORIES),
        minimum_amount: fc.constantFrom(100, 500, 1000),
        once_per_day: fc.boolean(),
      }),
    )
    .map(([given, when, which]) => ({
      id,
      title: `Perk ${id}`,
      type: 'STANDARD',
      award: given,
      ...when,
      ...which,
    }))

const eventPerk = (id: number, type: string): fc.Arbitrary<object> =>
  fc
    .tuple(fixed, conditions, partly<{ once_per_day: boolean }>({ once_per_day: fc.boolean() }))
    .map(([given, when, which]) => ({ id, title: type, type, award: given, ...when, ...which }))

const bonusAward = fc.oneof(
  fc.record({ kind: fc.constant('multiplier'), percent: fc.constantFrom(10, 33, 50, 100, 250) }),
  fixed,
)
const slot = fc.record({ days: some(WEEKDAYS), from: clock, to: clock })

const bonus = (id: number, fields: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc
    .tuple(bonusAward, conditions, partly<{ perks: number[] }>({ perks: some(STANDARD_PERKS) }), fields)
    .map(([given, when, which, own]) => ({
      id,
      title: `Bonus ${id}`,
      award: given,
      ...when,
      ...which,
      ...own,
    }))

const frequency = (id: number, every: string, from_date?: string): fc.Arbitrary<object> =>
  bonus(
    id,
    fc.integer({ min: 1, max: 3 }).map((required_to_earn) => ({
      type: 'FREQUENCY',
      required_to_earn,
      frequency: every,
      ...(from_date === undefined ? {} : { from_date }),
    })),
  )

const bonuses = fc
  .tuple(
    bonus(
      201,
      fc.array(slot, { minLength: 1, maxLength: 3 }).map((schedule) => ({ type: 'TIME', schedule })),
    ),
    bonus(
      202,
      fc.tuple(day, day).map(([a, b]) => ({ type: 'DATE_RANGE', start: a < b ? a : b, end: a < b ? b : a })),
    ),
    frequency(203, 'WEEKLY'),
    frequency(204, 'MONTHLY'),
    frequency(205, 'FROM_DATE', '2024-03-12'),
  )
  .chain((all) => fc.subarray(all))

const tiers = fc
  .tuple(fc.integer({ min: 5, max: 60 }), fc.integer({ min: 5, max: 100 }), fc.subarray(TIER_IDS))
  .map(([silver, gold, withVoucher]) =>
    [0, silver, silver + gold].map((point_floor, index) => ({
      id: index + 1,
      name: ['Bronze', 'Silver', 'Gold'][index],
      point_floor,
      ...(withVoucher.includes(index + 1) ? { entry_perk: 301 } : {}),
    })),
  )

const limit = fc.oneof(
  fc.record({
    count: fc.integer({ min: 1, max: 3 }),
    interval: fc.constantFrom('DAY', 'MONTH', 'YEAR'),
    interval_count: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ count: fc.integer({ min: 1, max: 3 }), interval: fc.constant('ALL_TIME') }),
)

export const anyDocument: fc.Arbitrary<ProgramDocument> = fc
  .record({
    lateness: fc.constantFrom('honour', 'rewrite'),
    goodwill_points_max: fc.constantFrom(0, 5, 1000),
    grant_points_max: fc.constantFrom(30, 1000),
    tiers,
    perks: fc.tuple(
      ...STANDARD_PERKS.map(standardPerk),
      eventPerk(111, 'CHECKIN'),
      eventPerk(112, 'REGISTRATION'),
    ),
    bonuses,
    valid_days: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    limit,
  })
  .map(({ perks, valid_days, limit: limits, ...document }) => {
    const checked = checkDocument({
      name: 'Generated',
      currency: 'GBP',
      currency_digits: 2,
      voucher_secret: SECRET,
      ...document,
      earn_perks: perks,
      redeem_perks: [
        { id: 301, title: 'Treat', points: 30, voucher: valid_days === undefined ? {} : { valid_days } },
        { id: 302, title: 'Limited', points: 10, limit: limits, voucher: {} },
        { id: 303, title: 'Free', points: 0 },
      ],
    })
    assert(checked.ok, `generated documents are sound: ${JSON.stringify(checked.ok ? '' : checked.issues)}`)
    return checked.document
  })

/** One to three versions; the first is in force from the beginning or only after some days. */
export const anyVersions: fc.Arbitrary<ProgramRecord[]> = fc
  .tuple(
    fc.array(anyDocument, { minLength: 1, maxLength: 3 }),
    fc.constantFrom(0, 0, 0, 3 * 1440),
    fc.array(fc.integer({ min: 0, max: DAYS * 1440 }), { minLength: 3, maxLength: 3 }),
  )
  .map(([documents, first, later]) => versionsOf(documents, [first, ...later]))

/** Records of documents, each in force from so many minutes after the first day's midnight. */
export function versionsOf(
  documents: readonly ProgramDocument[],
  minutes: readonly number[],
): ProgramRecord[] {
  return documents.map((document, index) => ({
    version: (index + 1) as ProgramVersion,
    effectiveFrom: hybridTime(FIRST_DAY_MS + (minutes[index] ?? 0) * MINUTE_MS),
    document: JSON.stringify(document),
  }))
}
