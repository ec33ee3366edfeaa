// Challenges over progress, and response challenges with prizes.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import {
  DateShape,
  MetricIdShape,
  NameShape,
  RuleIdShape,
  closed,
  oneOf,
  text,
} from '../../../protocol/shapes.ts'
import { AmountShape, AttributeShape, SpanShape, StatusShape, StoreListShape } from './parts.ts'
import { ConditionShape } from './conditions.ts'

/** An entitlement of a redeem perk, or an amount of a metric. */
export const RewardShape = Type.Union([
  Type.Object({ perk: RuleIdShape }, closed),
  Type.Object({ metric: MetricIdShape, amount: AmountShape }, closed),
])
export type RewardDocument = Readonly<Static<typeof RewardShape>>

export const ChallengeShape = Type.Object(
  {
    id: RuleIdShape,
    title: NameShape,
    status: Type.Optional(StatusShape),
    start: Type.Optional(DateShape),
    end: Type.Optional(DateShape),
    /** Every member's own period: so long from the day of membership; `start` and `end` then bound it. */
    from_membership: Type.Optional(SpanShape),
    /** Where progress counts; left out: everywhere. */
    stores: Type.Optional(StoreListShape),
    home_stores: Type.Optional(StoreListShape),
    attributes: Type.Optional(Type.Array(AttributeShape, { minItems: 1, maxItems: 100 })),
    require_active_membership: Type.Optional(Type.Boolean()),
    when: Type.Optional(ConditionShape),
    /** `auto`: every eligible member takes part unless they left; `opt_in`: who joined. */
    join: oneOf(['auto', 'opt_in']),
    requirements: Type.Array(
      Type.Object(
        {
          id: RuleIdShape,
          title: NameShape,
          /** Earn perks whose giving counts; a PROGRESS_ACTIVITY perk counts by quantity. Several requirements may share one. */
          perk: RuleIdShape,
          quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 50 },
    ),
    reward: Type.Optional(RewardShape),
  },
  closed,
)
export type ChallengeDocument = Readonly<Static<typeof ChallengeShape>>

export const RESPONSE_PERIODS = ['day', 'week', 'month', 'year'] as const
export type ResponsePeriod = (typeof RESPONSE_PERIODS)[number]

/** Who wins the secondary prize. Every response has a number and the challenge's seed on its fact, so a replay finds the same winners (E-RSP). */
const PrizeShape = Type.Union([
  /** Each response wins with `per_million` in a million. */
  Type.Object(
    {
      calculation: Type.Literal('probability'),
      per_million: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
      reward: RewardShape,
    },
    closed,
  ),
  Type.Object(
    {
      calculation: Type.Literal('every_nth'),
      nth: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
      reward: RewardShape,
    },
    closed,
  ),
  /** The first `count` responses of each period. */
  Type.Object(
    {
      calculation: Type.Literal('first_n'),
      count: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
      period: oneOf([...RESPONSE_PERIODS, 'ever']),
      reward: RewardShape,
    },
    closed,
  ),
  /** `winners` of all responses, drawn after the end: HQ books the draw, whose seed is on the fact. */
  Type.Object(
    {
      calculation: Type.Literal('random'),
      winners: Type.Integer({ minimum: 1, maximum: 100_000 }),
      reward: RewardShape,
    },
    closed,
  ),
])
export type PrizeDocument = Readonly<Static<typeof PrizeShape>>

export const ResponseChallengeShape = Type.Object(
  {
    id: RuleIdShape,
    title: NameShape,
    /** What is asked for (photo, survey, check_in, …); told, not evaluated. */
    type: text(1, 64),
    status: Type.Optional(StatusShape),
    start: Type.Optional(DateShape),
    end: Type.Optional(DateShape),
    required_tier: Type.Optional(RuleIdShape),
    when: Type.Optional(ConditionShape),
    /** Responses one member may give: in all, or in each of these periods of local days. */
    per_member: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    per_member_period: Type.Optional(oneOf(RESPONSE_PERIODS)),
    /** Responses of all members together. */
    overall: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
    /** Local days between two responses of one member; 1: once a day. */
    interval_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
    /** `false`: a response counts when it was approved. */
    auto_approve: Type.Optional(Type.Boolean()),
    reward: Type.Optional(RewardShape),
    prize: Type.Optional(PrizeShape),
  },
  closed,
)
export type ResponseChallengeDocument = Readonly<Static<typeof ResponseChallengeShape>>
