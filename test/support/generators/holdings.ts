// Generated metrics, tiers, redeem perks and stamp cards: what members collect, reach and hold.
// Ids are those of parts.ts.
import fc from 'fast-check'
import { window } from './conditions.ts'
import { attributes, conditions } from './earning.ts'
import { CARDS, GRANTED_PERKS, METRICS, TIER_IDS, day, joined, partly, some, span } from './parts.ts'

const expiry = fc.oneof(
  span.map((after) => ({ kind: 'rolling', after })),
  fc
    .tuple(some(['12-31', '02-29', '03-31', '01-01']), partly<object>({ after: span }))
    .map(([days, own]) => ({ kind: 'fixed', days, ...own })),
  span.map((after) => ({ kind: 'sliding', after })),
)
const metric = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: joined(
      fc.oneof({ weight: 1, arbitrary: fc.constant({}) }, { weight: 3, arbitrary: fc.record({ expiry }) }),
      partly<object>({
        warn_days: fc.constantFrom(1, 2, 7),
        pending_days: fc.constantFrom(0, 1, 2, 5),
      }),
    ),
  },
)

/** As long as the longest window anybody asks for, so that versions do not differ in what they keep. */
const HISTORY = { history_days: 1_100 }
export const points = metric.map((own) => ({ ...own, ...HISTORY }))
export const metrics = fc.tuple(
  ...METRICS.map((id) => metric.map((own) => ({ id, name: `Metric ${id}`, ...own, ...HISTORY }))),
)

const threshold = (least: number): fc.Arbitrary<object> =>
  fc
    .tuple(fc.constantFrom(0, 0, 501), fc.integer({ min: least, max: least + 30 }), window)
    .map(([id, at_least, own]) => ({ metric: id, at_least, window: own }))
const thresholds = (least: number): fc.Arbitrary<object> =>
  fc.record({
    match: fc.constantFrom('all', 'any'),
    of: fc.array(threshold(least), { minLength: 1, maxLength: 2 }),
  })

const entry = partly<object>({
  entry_perk: fc.constantFrom(301, 305),
  entry_points: fc.constantFrom(1, 5, 10),
  exit_cancels: some([301, 305, 306]),
})

export const tiers = fc
  .tuple(
    fc.integer({ min: 5, max: 40 }),
    fc.integer({ min: 5, max: 60 }),
    fc.tuple(...TIER_IDS.map(() => entry)),
    fc.constantFrom(false, false, true),
    thresholds(5),
    thresholds(40),
    partly<object>({ keep: thresholds(1) }),
    fc.boolean(),
  )
  .map(([silver, gold, entries, byReach, toSilver, toGold, keep, back]) =>
    [
      { point_floor: 0 },
      byReach ? { reach: toSilver } : { point_floor: silver },
      byReach ? { reach: toGold } : { point_floor: silver + gold },
    ].map((how, index) => ({
      id: index + 1,
      name: ['Bronze', 'Silver', 'Gold'][index],
      ...how,
      ...entries[index],
      ...(index > 0 ? keep : {}),
      ...(index > 0 && back && Object.keys(entries[index] ?? {}).some((name) => name.startsWith('entry'))
        ? { entry_clawback: true }
        : {}),
    })),
  )

export const tierPeriod = fc.record({
  lasts: fc.oneof(
    partly<object>({ extra_years: fc.constantFrom(0, 1) }).map((own) => ({ kind: 'calendar_year', ...own })),
    fc.constant({ kind: 'membership_year' }),
    span.map((after) => ({ kind: 'span', after })),
  ),
  downgrade: fc.constantFrom('one_step', 'recompute'),
})

const limit = fc.oneof(
  fc.record({
    count: fc.integer({ min: 1, max: 3 }),
    interval: fc.constantFrom('DAY', 'MONTH', 'YEAR'),
    interval_count: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ count: fc.integer({ min: 1, max: 3 }), interval: fc.constant('ALL_TIME') }),
)

const voucher = (initial: readonly string[]): fc.Arbitrary<object> =>
  partly<object>({
    valid_days: fc.integer({ min: 1, max: 9 }),
    uses: fc.integer({ min: 1, max: 3 }),
    per_member: fc.integer({ min: 1, max: 2 }),
    initial_status: fc.constantFrom(...initial),
    from_days: fc.integer({ min: 1, max: 2 }),
    until: day,
  })

export const redeemPerks = fc
  .tuple(
    voucher(['unused', 'issued']),
    limit,
    voucher(['pending', 'offered', 'used']),
    fc.tuple(...GRANTED_PERKS.map(() => voucher(['pending', 'offered', 'unused', 'issued']))),
    conditions,
    attributes,
  )
  .map(([treat, limits, limited, granted, when, asked]) => [
    { id: 301, title: 'Treat', points: 30, voucher: treat },
    { id: 302, title: 'Limited', points: 10, limit: limits, voucher: limited, attributes: asked, ...when },
    { id: 303, title: 'Free', points: 0 },
    { id: 304, title: 'For stamps', points: 3, metric: 501, voucher: {} },
    { id: 309, title: 'Points off', points: 0, money: { points: 3, money: 7, maximum: 150 }, method: 'AUTO' },
    { id: 310, title: 'Points off, asked for', points: 0, money: { points: 5, money: 2 } },
    {
      id: 311,
      title: 'With a drink',
      points: 5,
      method: 'AUTO',
      when: { any: [{ basket: { categories: ['DRINKS'], amount: 300 } }, { payment: { types: ['gift'] } }] },
    },
    {
      id: 312,
      title: 'At home in the morning',
      points: 1,
      home_store_only: true,
      schedule: [{ days: ['MON', 'SAT'], from: '06:00', to: '12:30' }],
    },
    ...GRANTED_PERKS.map((id, index) => ({
      id,
      title: `Granted ${id}`,
      points: 0,
      voucher: granted[index] ?? {},
      ...(index < 2 ? { membership: { template: 'LEVEL', priority: 5 - index } } : {}),
    })),
  ])

export const stampCards = fc
  .tuple(fc.integer({ min: 3, max: 12 }), fc.integer({ min: 3, max: 9 }), fc.constantFrom(...METRICS))
  .map(([first, second, metricOfSecond]) =>
    CARDS.map((id, index) => ({
      id,
      title: `Card ${id}`,
      metric: index === 0 ? 501 : metricOfSecond,
      required: index === 0 ? first : second,
      reward: index === 0 ? 307 : 301,
    })),
  )
