// Generated challenges, response challenges, segments, aggregates and rules.
// Ids are those of parts.ts; requirements are the challenge's id times ten, and up.
import fc from 'fast-check'
import { AGGREGATES as NAMES } from '../../../cloud/evaluation/document/segments.ts'
import { WEEKDAYS } from '../../../cloud/evaluation/document/parts.ts'
import { plainTree, tree, window } from './conditions.ts'
import { attributes } from './earning.ts'
import {
  ACTIVITY_PERKS,
  AGGREGATES,
  CHALLENGES,
  METRICS,
  RESPONSE_CHALLENGES,
  RULES,
  SEGMENTS,
  STORE_IDS,
  TIER_IDS,
  clock,
  day,
  joined,
  ordered,
  partly,
  some,
  span,
} from './parts.ts'

const status = fc.constantFrom('ACTIVE', 'ACTIVE', 'ACTIVE', 'INACTIVE')
const dates = partly<{ start: string; end: string }>({
  start: day.filter((date) => date < '2024-06'),
  end: day.filter((date) => date > '2024-03'),
}).map(ordered)
const reward = fc.oneof(
  fc.constantFrom(301, 307, 308).map((perk) => ({ perk })),
  fc
    .tuple(fc.constantFrom(0, ...METRICS), fc.integer({ min: 1, max: 9 }))
    .map(([metric, amount]) => ({ metric, amount })),
)

const requirement = fc.record({
  perk: fc.constantFrom(...ACTIVITY_PERKS, 111, 102),
  quantity: fc.constantFrom(1, 1, 2, 3),
})
const challenge = (id: number): fc.Arbitrary<object> =>
  joined(
    fc.constant({ id, title: `Challenge ${id}` }),
    fc.constantFrom('auto', 'opt_in').map((join) => ({ join })),
    fc.array(requirement, { minLength: 1, maxLength: 2 }).map((list) => ({
      requirements: list.map((one, index) => ({
        id: id * 10 + index,
        title: `Requirement ${index}`,
        ...one,
      })),
    })),
    dates,
    partly<object>({
      status,
      from_membership: span,
      stores: some(STORE_IDS),
      home_stores: some(STORE_IDS),
      attributes,
      require_active_membership: fc.boolean(),
      when: tree,
      reward,
    }),
  )
export const challenges = fc.tuple(...CHALLENGES.map(challenge))

const prize = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(1, 300_000, 700_000, 1_000_000).map((per_million) => ({
        calculation: 'probability',
        per_million,
      })),
      fc.integer({ min: 1, max: 3 }).map((nth) => ({ calculation: 'every_nth', nth })),
      fc
        .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom('day', 'week', 'month', 'year', 'ever'))
        .map(([count, period]) => ({ calculation: 'first_n', count, period })),
      fc.constant({ calculation: 'random', winners: 1 }),
    ),
    reward,
  )
  .map(([how, what]) => ({ ...how, reward: what }))
const responseChallenge = (id: number): fc.Arbitrary<object> =>
  joined(
    fc.constant({ id, title: `Response ${id}`, type: 'photo', end: '2025-12-31' }),
    dates,
    partly<object>({
      status,
      required_tier: fc.constantFrom(...TIER_IDS),
      when: tree,
      per_member: fc.integer({ min: 1, max: 3 }),
      per_member_period: fc.constantFrom('day', 'week', 'month', 'year'),
      overall: fc.integer({ min: 2, max: 9 }),
      auto_approve: fc.boolean(),
      reward,
    }),
    fc.oneof(fc.constant({}), fc.record({ prize })),
    fc.oneof(fc.constant({}), fc.record({ interval_days: fc.integer({ min: 1, max: 3 }) })),
  )
export const responseChallenges = fc.tuple(...RESPONSE_CHALLENGES.map(responseChallenge))

const segment = (id: number): fc.Arbitrary<object> =>
  joined(
    fc.constant({ id, name: `Segment ${id}` }),
    fc.oneof(
      fc.constant({}),
      plainTree.map((when) => ({ when })),
    ),
    fc
      .oneof(
        fc.constant({ kind: 'PERSISTENT' }),
        span.map((after) => ({ kind: 'ROLLING', after })),
        day.map((on) => ({ kind: 'SCHEDULED', on })),
        span.map((after) => ({ kind: 'SCHEDULED', after })),
      )
      .map((expiry) => ({ expiry })),
  )
export const segments = fc.tuple(...SEGMENTS.map(segment))

/** Each figure there is, over any window. One more spend, so that two windows of one figure meet. */
export const aggregates = fc.tuple(
  ...AGGREGATES.map((id, index) =>
    partly<{ window: object }>({ window }).map((own) => ({
      id,
      name: `Figure ${id}`,
      of: NAMES[index % NAMES.length],
      ...(NAMES[index % NAMES.length] === 'last_visit_days' ? {} : own),
    })),
  ),
)

const effect = fc.oneof(
  fc
    .tuple(fc.constantFrom(...SEGMENTS), fc.constantFrom('add', 'add', 'remove'))
    .map(([of, action]) => ({ kind: 'segment', segment: of, action })),
  fc
    .tuple(fc.constantFrom(0, ...METRICS), fc.integer({ min: 1, max: 9 }))
    .map(([metric, amount]) => ({ kind: 'points', metric, amount })),
  fc.constantFrom(305, 307, 308).map((perk) => ({ kind: 'award', perk })),
  fc.constantFrom(305, 301, 308).map((perk) => ({ kind: 'revoke', perk })),
  fc.constantFrom('vip', 'staff', 'none').map((value) => ({ kind: 'credential', name: 'kind', value })),
  partly<object>({ delay_days: fc.constantFrom(0, 1, 3) }).map((own) => ({
    kind: 'task',
    task: 'write',
    ...own,
  })),
)
const match = fc.oneof(
  some([
    'sale',
    'sale',
    'checkin',
    'return',
    'activity',
    'moment',
    'profile',
    'enrolment',
    'redemption',
    'referral',
  ]).map((kinds) => ({ type: 'TYPE', kinds: [...new Set(kinds)] })),
  fc.tuple(some(WEEKDAYS), clock).map(([days, at]) => ({ type: 'TIME', days, at })),
)
const rule = (id: number): fc.Arbitrary<object> =>
  joined(
    fc.constant({ id, title: `Rule ${id}` }),
    match.map((what) => ({ match: what })),
    effect.map((what) => ({ effect: what })),
    dates,
    partly<object>({
      status,
      when: tree,
      occurrences: fc
        .tuple(fc.integer({ min: 1, max: 3 }), partly<object>({ window }))
        .map(([count, own]) => ({ count, ...own })),
    }),
  )
export const rules = fc.tuple(...RULES.map(rule))
