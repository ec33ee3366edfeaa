// Metrics: what members collect. Metric 0 is points, always there; a program may have more (stamps, visits, a currency-like unit). Amounts are
// integers in the metric's smallest unit: with 2 decimals, 150 is 1.50.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { POINTS_MAX } from '../../../protocol/limits.ts'
import { NameShape, RuleIdShape, closed } from '../../../protocol/shapes.ts'
import { MonthDayShape, SpanShape } from './parts.ts'

/** Id of the metric every program has. */
export const POINTS = 0

/** Points earned in one moment are one lot; lots are spent and expire first in, first out (E-MET). */
export const ExpiryShape = Type.Union([
  /** So long after they were earned, at the end of that local day. */
  Type.Object({ kind: Type.Literal('rolling'), after: SpanShape }, closed),
  /** On the first of these days of the year that is at least `after` away, at its end. */
  Type.Object(
    {
      kind: Type.Literal('fixed'),
      days: Type.Array(MonthDayShape, { minItems: 1, maxItems: 12 }),
      after: Type.Optional(SpanShape),
    },
    closed,
  ),
  /** All of them, so long after the member's last earning or spending of this metric. */
  Type.Object({ kind: Type.Literal('sliding'), after: SpanShape }, closed),
])
export type ExpiryDocument = Readonly<Static<typeof ExpiryShape>>

const metric = {
  decimals: Type.Optional(Type.Integer({ minimum: 0, maximum: 4 })),
  /** Left out: they never expire. */
  expiry: Type.Optional(ExpiryShape),
  /** An effect warns the member so many days before points expire. */
  warn_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 365 })),
  /** What is earned can be spent after so many local days; 0 or left out: at once. */
  pending_days: Type.Optional(Type.Integer({ minimum: 0, maximum: 365 })),
  /** Days of earning kept by day beside what tiers and conditions need, for figures such as "last 30 days". */
  history_days: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_100 })),
}
export const PointsMetricShape = Type.Object(metric, closed)
export const MetricShape = Type.Object(
  {
    id: RuleIdShape,
    name: NameShape,
    ...metric,
    /** At most so much on one grant of staff; left out: as much as of points. */
    grant_max: Type.Optional(Type.Integer({ minimum: 0, maximum: POINTS_MAX })),
  },
  closed,
)
export type MetricDocument = Readonly<Static<typeof PointsMetricShape>>
export type NamedMetricDocument = Readonly<Static<typeof MetricShape>>
