// Tiers: levels a member reaches and keeps by what was earned. Listed from the lowest up.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { POINTS_MAX } from '../../../protocol/limits.ts'
import { MetricIdShape, NameShape, RuleIdShape, closed, oneOf } from '../../../protocol/shapes.ts'
import { WindowShape } from './conditions.ts'
import { SpanShape } from './parts.ts'

const ThresholdShape = Type.Object(
  {
    /** 0: points. */
    metric: MetricIdShape,
    at_least: Type.Integer({ minimum: 0, maximum: POINTS_MAX }),
    /** Left out: lifetime. */
    window: Type.Optional(WindowShape),
  },
  closed,
)

/** Thresholds of which all, or any, must be reached. */
export const ThresholdsShape = Type.Object(
  {
    match: oneOf(['all', 'any']),
    of: Type.Array(ThresholdShape, { minItems: 1, maxItems: 10 }),
  },
  closed,
)
export type ThresholdsDocument = Readonly<Static<typeof ThresholdsShape>>

export const TierShape = Type.Object(
  {
    id: RuleIdShape,
    name: NameShape,
    /** Lifetime points that reach it; the usual case. Exactly one of `point_floor` and `reach`. */
    point_floor: Type.Optional(Type.Integer({ minimum: 0, maximum: POINTS_MAX })),
    reach: Type.Optional(ThresholdsShape),
    /** What keeps it at the end of its period; left out: what reaches it. */
    keep: Type.Optional(ThresholdsShape),
    /** Redeem perk whose entitlement a member gets on first entering the tier. */
    entry_perk: Type.Optional(RuleIdShape),
    /** Points on every entry after a time below it, and on the first. */
    entry_points: Type.Optional(Type.Integer({ minimum: 1, maximum: POINTS_MAX })),
    /** A return or void that makes the member fall out of it takes the entry's points and unused entitlement back; left out: they stay. */
    entry_clawback: Type.Optional(Type.Boolean()),
    /** Entitlements of these perks are cancelled when the tier is left. */
    exit_cancels: Type.Optional(Type.Array(RuleIdShape, { minItems: 1, maxItems: 100 })),
  },
  closed,
)
export type TierDocument = Readonly<Static<typeof TierShape>>

/** How long a tier is kept once reached. Without it a tier lasts exactly as long as its thresholds hold. */
export const TierPeriodShape = Type.Object(
  {
    lasts: Type.Union([
      /** Until the end of the calendar year, `extra_years` later. */
      Type.Object(
        {
          kind: Type.Literal('calendar_year'),
          extra_years: Type.Optional(Type.Integer({ minimum: 0, maximum: 5 })),
        },
        closed,
      ),
      /** Until the end of the year of membership. */
      Type.Object({ kind: Type.Literal('membership_year') }, closed),
      /** So long from the day it was reached or kept. */
      Type.Object({ kind: Type.Literal('span'), after: SpanShape }, closed),
    ]),
    /** At its end, when it is not kept: one step down, or whatever the thresholds give. */
    downgrade: oneOf(['one_step', 'recompute']),
  },
  closed,
)
export type TierPeriodDocument = Readonly<Static<typeof TierPeriodShape>>
