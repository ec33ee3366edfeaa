// Generated condition trees: every leaf, over the ids that generated programs have.
// A program without what a leaf names gets it mended away (generators-program.ts).
import fc from 'fast-check'
import {
  AGGREGATES,
  CATEGORIES,
  GRANTED_PERKS,
  METRICS,
  RULES,
  SEGMENTS,
  SKUS,
  STANDARD_PERKS,
  STORE_IDS,
  TENDERS,
  TIER_IDS,
  partly,
  some,
} from './parts.ts'

const is = fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge')
const asked = (values: fc.Arbitrary<number>): fc.Arbitrary<object> => fc.record({ is, value: values })

export const window = fc.oneof(
  fc.constantFrom(
    { kind: 'lifetime' },
    { kind: 'day' },
    { kind: 'calendar_month' },
    { kind: 'calendar_year' },
    { kind: 'membership_year' },
  ),
  fc.constantFrom(1, 2, 7, 30, 365).map((days) => ({ kind: 'rolling', days })),
)
const windowed = partly<{ window: object }>({ window })

const number = fc
  .oneof(
    fc.tuple(fc.constantFrom('amount'), asked(fc.constantFrom(0, 100, 250, 500, 1000))),
    fc.tuple(fc.constantFrom('items', 'lines'), asked(fc.integer({ min: 0, max: 4 }))),
    fc.tuple(fc.constant('minute'), asked(fc.constantFrom(0, 1, 720, 1439))),
    fc.tuple(fc.constant('weekday'), asked(fc.integer({ min: 1, max: 7 }))),
    fc.tuple(fc.constant('day_of_month'), asked(fc.constantFrom(1, 28, 29, 30, 31))),
    fc.tuple(fc.constant('month'), asked(fc.constantFrom(1, 2, 3, 12))),
    fc.tuple(fc.constant('age'), asked(fc.constantFrom(23, 24, 25))),
    fc.tuple(fc.constant('membership_days'), asked(fc.constantFrom(0, 1, 2, 30, 365))),
  )
  .map(([name, rest]) => ({ number: name, ...rest }))

const metric = fc
  .tuple(fc.constantFrom(0, 0, ...METRICS), asked(fc.integer({ min: 0, max: 40 })))
  .chain(([id, rest]) =>
    fc.oneof(
      fc
        .constantFrom('balance', 'pending', 'lifetime', 'spent')
        .map((part) => ({ metric: id, part, ...rest })),
      windowed.map((own) => ({ metric: id, part: 'earned', ...own, ...rest })),
    ),
  )

const leaf: fc.Arbitrary<object> = fc.oneof(
  some(['sale', 'return', 'checkin', 'activity', 'moment', 'redemption']).map((kind) => ({ kind })),
  some(['sent', 'received', 'completed', 'void']).map((referral) => ({ referral })),
  some(STORE_IDS).map((store) => ({ store })),
  fc.boolean().map((home_store) => ({ home_store })),
  number,
  partly<object>({
    skus: some(SKUS),
    categories: some(CATEGORIES),
    amount: fc.constantFrom(1, 100, 500),
    quantity: fc.constantFrom(1, 1000, 2000),
  }).map((basket) => ({ basket })),
  fc
    .tuple(some(TENDERS), partly<object>({ amount: fc.constantFrom(100, 500) }))
    .map(([types, own]) => ({ payment: { types, ...own } })),
  fc.constantFrom(['vip'], ['vip', 'staff']).map((list) => ({ attribute: 'kind', in: list })),
  fc.constantFrom('day', 'month').map((birthday) => ({ birthday })),
  fc.constantFrom(...TIER_IDS).map((tier) => ({ tier })),
  fc.constantFrom(301, ...GRANTED_PERKS).map((perk) => ({ holds: perk })),
  metric,
  metric,
  fc
    .tuple(fc.constantFrom(...AGGREGATES), asked(fc.constantFrom(0, 1, 2, 3, 250, 500)))
    .map(([aggregate, rest]) => ({ aggregate, ...rest })),
  fc
    .tuple(
      fc.constantFrom(...STANDARD_PERKS, 201, ...RULES.slice(0, 2)),
      asked(fc.integer({ min: 0, max: 3 })),
      windowed,
    )
    .map(([applied, rest, own]) => ({ applied, ...rest, ...own })),
)

const ofSegment = fc.constantFrom(...SEGMENTS).map((segment) => ({ segment }))

function treeOf(leaves: fc.Arbitrary<object>): fc.Arbitrary<object> {
  const shallow = fc.oneof(
    { weight: 4, arbitrary: leaves },
    { weight: 1, arbitrary: leaves.map((not) => ({ not })) },
  )
  return fc.oneof(
    { weight: 4, arbitrary: shallow },
    { weight: 1, arbitrary: fc.array(shallow, { minLength: 1, maxLength: 3 }).map((all) => ({ all })) },
    { weight: 1, arbitrary: fc.array(shallow, { minLength: 1, maxLength: 3 }).map((any) => ({ any })) },
    {
      weight: 1,
      arbitrary: fc.tuple(shallow, shallow).map(([a, b]) => ({ not: { any: [a, { not: b }] } })),
    },
  )
}

/** A tree that asks for no segment, for the segments themselves. */
export const plainTree = treeOf(leaf)
export const tree = treeOf(fc.oneof({ weight: 8, arbitrary: leaf }, { weight: 1, arbitrary: ofSegment }))
