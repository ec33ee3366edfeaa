// The program document: what a merchant writes. One schema gives the type, the check and the OpenAPI text; what a schema cannot say (references,
// order, uniqueness, conflicts) is in ../check/. Lists that a program does not use are left out.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { POINTS_MAX } from '../../../protocol/limits.ts'
import { NameShape, closed, oneOf, text } from '../../../protocol/shapes.ts'
import { ChallengeShape, ResponseChallengeShape } from './challenges.ts'
import { BonusShape, EarnPerkShape, GroupShape } from './earning.ts'
import { MetricShape, PointsMetricShape } from './metrics.ts'
import { OfflineShape } from './offline.ts'
import { RULES_MAX } from './parts.ts'
import { AggregateShape, RuleShape, SegmentShape } from './segments.ts'
import { RedeemPerkShape, StampCardShape } from './spending.ts'
import { TierPeriodShape, TierShape } from './tiers.ts'

export const METRICS_MAX = 20

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
    /** How points expire and count; left out: whole points that never expire. */
    points: Type.Optional(PointsMetricShape),
    metrics: Type.Optional(Type.Array(MetricShape, { maxItems: METRICS_MAX })),
    tiers: Type.Array(TierShape, { maxItems: 100 }),
    tier_period: Type.Optional(TierPeriodShape),
    earn_perks: Type.Array(EarnPerkShape, { maxItems: RULES_MAX }),
    bonuses: Type.Array(BonusShape, { maxItems: RULES_MAX }),
    groups: Type.Optional(Type.Array(GroupShape, { maxItems: 100 })),
    redeem_perks: Type.Array(RedeemPerkShape, { maxItems: RULES_MAX }),
    stamp_cards: Type.Optional(Type.Array(StampCardShape, { maxItems: 100 })),
    challenges: Type.Optional(Type.Array(ChallengeShape, { maxItems: 1_000 })),
    response_challenges: Type.Optional(Type.Array(ResponseChallengeShape, { maxItems: 1_000 })),
    segments: Type.Optional(Type.Array(SegmentShape, { maxItems: 1_000 })),
    aggregates: Type.Optional(Type.Array(AggregateShape, { maxItems: 100 })),
    rules: Type.Optional(Type.Array(RuleShape, { maxItems: 1_000 })),
    /** What may be spent while the cloud is out of reach; left out: the safe defaults of E-OFF-1. */
    offline: Type.Optional(OfflineShape),
  },
  closed,
)

export type ProgramDocument = Readonly<Static<typeof ProgramDocumentShape>>
