// Earn perks, bonuses, and the groups that say which of them may be given together.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { AMOUNT_MAX, POINTS_MAX } from '../../../protocol/limits.ts'
import { ROUNDINGS } from '../../../protocol/numbers.ts'
import {
  DateShape,
  MetricIdShape,
  NameShape,
  RuleIdShape,
  closed,
  oneOf,
  text,
} from '../../../protocol/shapes.ts'
import {
  AmountPerUnitShape,
  AttributeShape,
  MoneyAtLeastShape,
  NameListShape,
  RuleListShape,
  ScheduleShape,
  ruleConditions,
} from './parts.ts'

export const FREQUENCIES = ['WEEKLY', 'MONTHLY', 'FROM_DATE'] as const

/**
 * What a perk is given for. STANDARD: sales, and activities that name it. CHECKIN, REGISTRATION, REFERRAL (to the member who referred), BIRTHDAY: by the
 * event. VISITOR, COUPON, SOCIAL_POST, POINT_ADJUSTMENT: activities that name it. PROGRESS_ACTIVITY: as those, but moves no metric, only challenges.
 */
export const EARN_TYPES = [
  'STANDARD',
  'CHECKIN',
  'REGISTRATION',
  'REFERRAL',
  'BIRTHDAY',
  'VISITOR',
  'COUPON',
  'SOCIAL_POST',
  'POINT_ADJUSTMENT',
  'PROGRESS_ACTIVITY',
] as const
export type EarnType = (typeof EARN_TYPES)[number]
/** Perks that a fact of the kind `activity` may name (E-EARN-14). */
export const ACTIVITY_TYPES: readonly EarnType[] = [
  'STANDARD',
  'VISITOR',
  'COUPON',
  'SOCIAL_POST',
  'POINT_ADJUSTMENT',
  'PROGRESS_ACTIVITY',
]

export const AwardShape = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('per_currency_unit'),
      points: AmountPerUnitShape,
      unit: Type.Integer({
        minimum: 1,
        maximum: AMOUNT_MAX,
        description: 'Minor units of the currency that earn `points`',
      }),
      rounding: oneOf(ROUNDINGS),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal('per_item'), points: AmountPerUnitShape }, closed),
  Type.Object({ kind: Type.Literal('fixed'), points: AmountPerUnitShape }, closed),
])

/** At most so much, in the metric's smallest unit: on one sale, in one local day, ever. What is above is not given. */
const CapsShape = Type.Object(
  {
    per_sale: Type.Optional(Type.Integer({ minimum: 1, maximum: POINTS_MAX })),
    per_day: Type.Optional(Type.Integer({ minimum: 1, maximum: POINTS_MAX })),
    per_member: Type.Optional(Type.Integer({ minimum: 1, maximum: POINTS_MAX })),
  },
  closed,
)
export type CapsDocument = Readonly<Static<typeof CapsShape>>

const giving = {
  ...ruleConditions,
  /** The member has any of these; customers' attributes of a business. */
  attributes: Type.Optional(Type.Array(AttributeShape, { minItems: 1, maxItems: 100 })),
  caps: Type.Optional(CapsShape),
  /** Name of the stacking group it belongs to. */
  group: Type.Optional(text(1, 64)),
}

export const EarnPerkShape = Type.Object(
  {
    id: RuleIdShape,
    title: NameShape,
    type: oneOf(EARN_TYPES),
    award: AwardShape,
    /** 0 or left out: points. */
    metric: Type.Optional(MetricIdShape),
    ...giving,
    skus: Type.Optional(NameListShape),
    categories: Type.Optional(NameListShape),
    /** Only what was paid with these counts: the matching lines' amount, at most what these tenders paid. */
    tenders: Type.Optional(Type.Array(text(1, 32), { minItems: 1, maxItems: 100 })),
    minimum_amount: Type.Optional(MoneyAtLeastShape),
    once_per_day: Type.Optional(Type.Boolean()),
    /** STANDARD only; earning it completes the member's open referral. */
    completes_referral: Type.Optional(Type.Boolean()),
  },
  closed,
)
export type EarnPerkDocument = Readonly<Static<typeof EarnPerkShape>>

const BonusAwardShape = Type.Union([
  Type.Object(
    { kind: Type.Literal('multiplier'), percent: Type.Integer({ minimum: 1, maximum: 10_000 }) },
    closed,
  ),
  Type.Object({ kind: Type.Literal('fixed'), points: AmountPerUnitShape }, closed),
])

const bonus = {
  id: RuleIdShape,
  title: NameShape,
  award: BonusAwardShape,
  ...giving,
  /** Qualifying earn perks, all of one metric; those of PROGRESS_ACTIVITY for fixed bonuses only; left out: every STANDARD perk that gives points. */
  perks: Type.Optional(RuleListShape),
}

export const BonusShape = Type.Union([
  Type.Object({ type: Type.Literal('TIME'), ...bonus, schedule: ScheduleShape }, closed),
  Type.Object({ type: Type.Literal('DATE_RANGE'), ...bonus, start: DateShape, end: DateShape }, closed),
  Type.Object(
    {
      type: Type.Literal('FREQUENCY'),
      ...bonus,
      required_to_earn: Type.Integer({ minimum: 1, maximum: 10_000 }),
      frequency: oneOf(FREQUENCIES),
      /** FROM_DATE only: what is before it does not count. */
      from_date: Type.Optional(DateShape),
      /** What is given back whole, or voided, counts all the same; left out: no longer. */
      count_returned: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
])
export type BonusDocument = Readonly<Static<typeof BonusShape>>

/** What of a group's perks and bonuses is given on one fact: all, only the one that gives most, or only the first listed that applies; and at most how much. */
export const GroupShape = Type.Object(
  {
    name: text(1, 64),
    stacking: oneOf(['all', 'best', 'first']),
    caps: Type.Optional(CapsShape),
  },
  closed,
)
export type GroupDocument = Readonly<Static<typeof GroupShape>>
