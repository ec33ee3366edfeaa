// Segments, aggregates of members, and rules that react to facts and to time.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { FACT_KINDS } from '../../../protocol/facts.ts'
import {
  DateShape,
  MetricIdShape,
  NameShape,
  RuleIdShape,
  closed,
  oneOf,
  text,
} from '../../../protocol/shapes.ts'
import { AmountShape, SpanShape, StatusShape, TimeShape, WEEKDAYS } from './parts.ts'
import { ConditionShape, WindowShape } from './conditions.ts'

/**
 * A member is in a segment by a rule's effect, by its condition (looked at after every fact), or by an override of HQ, which wins. PERSISTENT: until
 * taken out. ROLLING: so long after the last time put in. SCHEDULED: until a date, or so long
 * after the first time.
 */
export const SegmentShape = Type.Object(
  {
    id: RuleIdShape,
    name: NameShape,
    when: Type.Optional(ConditionShape),
    expiry: Type.Union([
      Type.Object({ kind: Type.Literal('PERSISTENT') }, closed),
      Type.Object({ kind: Type.Literal('ROLLING'), after: SpanShape }, closed),
      Type.Object({ kind: Type.Literal('SCHEDULED'), on: DateShape }, closed),
      Type.Object({ kind: Type.Literal('SCHEDULED'), after: SpanShape }, closed),
    ]),
  },
  closed,
)
export type SegmentDocument = Readonly<Static<typeof SegmentShape>>

export const AGGREGATES = [
  'total_spend',
  'order_count',
  'average_transaction_value',
  'visit_count',
  'points_earned',
  'last_visit_days',
] as const
export type AggregateName = (typeof AGGREGATES)[number]

/** A member's figure over a window, recomputed with every fact; conditions ask for it by id. Returns lower spend and, given back whole, count. */
export const AggregateShape = Type.Object(
  {
    id: RuleIdShape,
    name: NameShape,
    of: oneOf(AGGREGATES),
    /** Of `points_earned`: which metric's; left out: points. */
    metric: Type.Optional(MetricIdShape),
    /** Left out: ever. */
    window: Type.Optional(WindowShape),
  },
  closed,
)
export type AggregateDocument = Readonly<Static<typeof AggregateShape>>

const RuleEffectShape = Type.Union([
  Type.Object(
    { kind: Type.Literal('segment'), segment: RuleIdShape, action: oneOf(['add', 'remove']) },
    closed,
  ),
  Type.Object(
    { kind: Type.Literal('points'), metric: Type.Integer({ minimum: 0 }), amount: AmountShape },
    closed,
  ),
  /** Issues the entitlement of a redeem perk. */
  Type.Object({ kind: Type.Literal('award'), perk: RuleIdShape }, closed),
  /** Cancels the live entitlements of a redeem perk. */
  Type.Object({ kind: Type.Literal('revoke'), perk: RuleIdShape }, closed),
  /** Sets an attribute of the member. */
  Type.Object({ kind: Type.Literal('credential'), name: NameShape, value: NameShape }, closed),
  /** Told to whoever runs tasks (a message to send); `task` is theirs. */
  Type.Object(
    {
      kind: Type.Literal('task'),
      task: text(1, 64),
      delay_days: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_650 })),
    },
    closed,
  ),
])

/** When its condition holds on a matching fact (TYPE) or at a local time of the week (TIME, looked at with the member's next fact or moment), its effect happens. */
export const RuleShape = Type.Object(
  {
    id: RuleIdShape,
    title: NameShape,
    status: Type.Optional(StatusShape),
    start: Type.Optional(DateShape),
    end: Type.Optional(DateShape),
    match: Type.Union([
      Type.Object(
        {
          type: Type.Literal('TYPE'),
          kinds: Type.Array(oneOf(FACT_KINDS), { minItems: 1, maxItems: FACT_KINDS.length }),
        },
        closed,
      ),
      Type.Object(
        {
          type: Type.Literal('TIME'),
          days: Type.Array(oneOf(WEEKDAYS), { minItems: 1, maxItems: 7 }),
          at: TimeShape,
        },
        closed,
      ),
    ]),
    when: Type.Optional(ConditionShape),
    /** At most so often for one member: in the window, left out ever. */
    occurrences: Type.Optional(
      Type.Object(
        { count: Type.Integer({ minimum: 1, maximum: 1_000 }), window: Type.Optional(WindowShape) },
        closed,
      ),
    ),
    effect: RuleEffectShape,
  },
  closed,
)
export type RuleDocument = Readonly<Static<typeof RuleShape>>
