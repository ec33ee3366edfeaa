// The program document: what a merchant writes. One schema gives the type, the check and the OpenAPI text; what a schema cannot
// say (references, order, uniqueness) is in check.ts.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { AMOUNT_MAX, POINTS_MAX, POINTS_PER_UNIT_MAX } from '../../protocol/limits.ts'
import { ROUNDINGS } from '../../protocol/numbers.ts'
import { NameShape, RuleIdShape, SkuShape, StoreIdShape, closed, oneOf, text } from '../../protocol/shapes.ts'

export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const
export const INTERVALS = ['DAY', 'MONTH', 'YEAR', 'ALL_TIME'] as const
export const FREQUENCIES = ['WEEKLY', 'MONTHLY', 'FROM_DATE'] as const

const RULES_MAX = 10_000
const DateShape = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
  description: 'A local date, YYYY-MM-DD',
})
const TimeShape = Type.String({
  pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
  description: 'A local time, HH:MM',
})
const Status = oneOf(['ACTIVE', 'INACTIVE'])
const PointsPerUnit = Type.Integer({ minimum: 1, maximum: POINTS_PER_UNIT_MAX })

const conditions = {
  status: Type.Optional(Status),
  start: Type.Optional(DateShape),
  end: Type.Optional(DateShape),
  stores: Type.Optional(Type.Array(StoreIdShape, { minItems: 1, maxItems: RULES_MAX })),
  required_tier: Type.Optional(RuleIdShape),
}

export const TierShape = Type.Object(
  {
    id: RuleIdShape,
    name: NameShape,
    point_floor: Type.Integer({ minimum: 0, maximum: POINTS_MAX }),
    /** Redeem perk whose voucher a member gets on first entering the tier. */
    entry_perk: Type.Optional(RuleIdShape),
  },
  closed,
)

export const AwardShape = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('per_currency_unit'),
      points: PointsPerUnit,
      unit: Type.Integer({
        minimum: 1,
        maximum: AMOUNT_MAX,
        description: 'Minor units of the currency that earn `points`',
      }),
      rounding: oneOf(ROUNDINGS),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal('per_item'), points: PointsPerUnit }, closed),
  Type.Object({ kind: Type.Literal('fixed'), points: PointsPerUnit }, closed),
])

export const EarnPerkShape = Type.Object(
  {
    id: RuleIdShape,
    title: NameShape,
    type: oneOf(['STANDARD', 'CHECKIN', 'REGISTRATION']),
    award: AwardShape,
    ...conditions,
    skus: Type.Optional(Type.Array(SkuShape, { minItems: 1, maxItems: RULES_MAX })),
    categories: Type.Optional(Type.Array(SkuShape, { minItems: 1, maxItems: RULES_MAX })),
    minimum_amount: Type.Optional(Type.Integer({ minimum: 1, maximum: AMOUNT_MAX })),
    once_per_day: Type.Optional(Type.Boolean()),
  },
  closed,
)

const ScheduleSlotShape = Type.Object(
  {
    days: Type.Array(oneOf(WEEKDAYS), { minItems: 1, maxItems: 7 }),
    from: TimeShape,
    to: TimeShape,
  },
  closed,
)

const BonusAwardShape = Type.Union([
  Type.Object(
    { kind: Type.Literal('multiplier'), percent: Type.Integer({ minimum: 1, maximum: 10_000 }) },
    closed,
  ),
  Type.Object({ kind: Type.Literal('fixed'), points: PointsPerUnit }, closed),
])

const bonus = {
  id: RuleIdShape,
  title: NameShape,
  award: BonusAwardShape,
  ...conditions,
  /** Qualifying earn perks; left out: every STANDARD perk. */
  perks: Type.Optional(Type.Array(RuleIdShape, { minItems: 1, maxItems: RULES_MAX })),
}

export const BonusShape = Type.Union([
  Type.Object(
    {
      type: Type.Literal('TIME'),
      ...bonus,
      schedule: Type.Array(ScheduleSlotShape, { minItems: 1, maxItems: 50 }),
    },
    closed,
  ),
  Type.Object({ type: Type.Literal('DATE_RANGE'), ...bonus, start: DateShape, end: DateShape }, closed),
  Type.Object(
    {
      type: Type.Literal('FREQUENCY'),
      ...bonus,
      required_to_earn: Type.Integer({ minimum: 1, maximum: 10_000 }),
      frequency: oneOf(FREQUENCIES),
      /** FROM_DATE only: sales before it do not count. */
      from_date: Type.Optional(DateShape),
    },
    closed,
  ),
])

export const RedeemPerkShape = Type.Object(
  {
    id: RuleIdShape,
    title: NameShape,
    points: Type.Integer({ minimum: 0, maximum: POINTS_MAX, description: 'What it costs' }),
    ...conditions,
    limit: Type.Optional(
      Type.Object(
        {
          count: Type.Integer({ minimum: 1, maximum: 1_000 }),
          interval: oneOf(INTERVALS),
          interval_count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
        },
        closed,
      ),
    ),
    voucher: Type.Optional(
      Type.Object({ valid_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 36_500 })) }, closed),
    ),
  },
  closed,
)

export const ProgramDocumentShape = Type.Object(
  {
    name: NameShape,
    currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217' }),
    currency_digits: Type.Integer({ minimum: 0, maximum: 4 }),
    lateness: oneOf(['honour', 'rewrite']),
    goodwill_points_max: Type.Integer({ minimum: 0, maximum: POINTS_MAX }),
    grant_points_max: Type.Integer({ minimum: 0, maximum: POINTS_MAX }),
    /** Seeds the voucher codes; whoever knows it can guess codes. */
    voucher_secret: text(16, 128),
    tiers: Type.Array(TierShape, { maxItems: 100 }),
    earn_perks: Type.Array(EarnPerkShape, { maxItems: RULES_MAX }),
    bonuses: Type.Array(BonusShape, { maxItems: RULES_MAX }),
    redeem_perks: Type.Array(RedeemPerkShape, { maxItems: RULES_MAX }),
  },
  closed,
)

export type ProgramDocument = Readonly<Static<typeof ProgramDocumentShape>>
export type TierDocument = Readonly<Static<typeof TierShape>>
export type EarnPerkDocument = Readonly<Static<typeof EarnPerkShape>>
export type BonusDocument = Readonly<Static<typeof BonusShape>>
export type RedeemPerkDocument = Readonly<Static<typeof RedeemPerkShape>>
