// Parts that several rules of a program document share: dates, schedules, windows, limits, amounts, and the conditions every rule may have.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { AMOUNT_MAX, POINTS_MAX, POINTS_PER_UNIT_MAX } from '../../../protocol/limits.ts'
import {
  DateShape,
  NameShape,
  RuleIdShape,
  SkuShape,
  StoreIdShape,
  closed,
  oneOf,
} from '../../../protocol/shapes.ts'
import { ConditionShape } from './conditions.ts'

export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const
export const INTERVALS = ['DAY', 'MONTH', 'YEAR', 'ALL_TIME'] as const

/** Rules of one kind, and names in one list. */
export const RULES_MAX = 10_000

export const MonthDayShape = Type.String({
  pattern: '^[0-9]{2}-[0-9]{2}$',
  description: 'A day of every year, MM-DD; 02-29 counts as 02-28 in other years',
})
export const TimeShape = Type.String({
  pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
  description: 'A local time, HH:MM',
})
export const StatusShape = oneOf(['ACTIVE', 'INACTIVE'])
export const AmountShape = Type.Integer({
  minimum: 1,
  maximum: POINTS_MAX,
  description: 'In the smallest unit of the metric',
})
export const AmountPerUnitShape = Type.Integer({
  minimum: 1,
  maximum: POINTS_PER_UNIT_MAX,
  description: 'In the smallest unit of the metric',
})
export const MoneyAtLeastShape = Type.Integer({
  minimum: 1,
  maximum: AMOUNT_MAX,
  description: 'Minor units of the currency',
})
export const RuleListShape = Type.Array(RuleIdShape, { minItems: 1, maxItems: RULES_MAX })
export const StoreListShape = Type.Array(StoreIdShape, { minItems: 1, maxItems: RULES_MAX })
export const NameListShape = Type.Array(SkuShape, { minItems: 1, maxItems: RULES_MAX })

/** A length of time in local days or calendar months. */
export const SpanShape = Type.Union([
  Type.Object({ days: Type.Integer({ minimum: 1, maximum: 36_500 }) }, closed),
  Type.Object({ months: Type.Integer({ minimum: 1, maximum: 1_200 }) }, closed),
])
export type SpanDocument = Readonly<Static<typeof SpanShape>>

export const ScheduleShape = Type.Array(
  Type.Object(
    {
      days: Type.Array(oneOf(WEEKDAYS), { minItems: 1, maxItems: 7 }),
      from: TimeShape,
      /** At or before `from`: the next day. */
      to: TimeShape,
    },
    closed,
  ),
  { minItems: 1, maxItems: 50, description: 'Local times of the week; from is included, to is not' },
)
export type ScheduleDocument = Readonly<Static<typeof ScheduleShape>>

/** At most `count` times in the `interval_count` calendar intervals that end with the current one. */
export const LimitShape = Type.Object(
  {
    count: Type.Integer({ minimum: 1, maximum: 1_000 }),
    interval: oneOf(INTERVALS),
    /** Left out for ALL_TIME. */
    interval_count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  },
  closed,
)
export type LimitDocument = Readonly<Static<typeof LimitShape>>

/** What every rule may ask for, before its own conditions. */
export const ruleConditions = {
  status: Type.Optional(StatusShape),
  start: Type.Optional(DateShape),
  end: Type.Optional(DateShape),
  stores: Type.Optional(StoreListShape),
  required_tier: Type.Optional(RuleIdShape),
  /** Anything else, as a condition tree. */
  when: Type.Optional(ConditionShape),
}

/** Name, and a value any of which the member has. */
export const AttributeShape = Type.Object({ name: NameShape, value: NameShape }, closed)
export type AttributeDocument = Readonly<Static<typeof AttributeShape>>
