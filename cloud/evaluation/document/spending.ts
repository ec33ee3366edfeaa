// What points buy and what members hold: redeem perks, the entitlement they issue (voucher, certificate, offer, award), stamp cards and points as money.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { AMOUNT_MAX, POINTS_MAX } from '../../../protocol/limits.ts'
import {
  DateShape,
  MetricIdShape,
  NameShape,
  RuleIdShape,
  closed,
  oneOf,
  text,
} from '../../../protocol/shapes.ts'
import { AttributeShape, LimitShape, MoneyAtLeastShape, ScheduleShape, ruleConditions } from './parts.ts'

/** The status an entitlement starts with: `used` is spent in the moment it is issued, `offered` must be clipped first, `pending` must be approved. */
export const INITIAL_STATUSES = ['pending', 'offered', 'unused', 'issued', 'used'] as const

export const ENTITLEMENT_KINDS = ['voucher', 'certificate', 'offer', 'award'] as const

export const EntitlementShape = Type.Object(
  {
    kind: Type.Optional(oneOf(ENTITLEMENT_KINDS)),
    initial_status: Type.Optional(oneOf(INITIAL_STATUSES)),
    /** Can be used for so many local days after the one of issue; left out: for ever. */
    valid_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 36_500 })),
    /** Can first be used so many local days after issue. */
    from_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
    /** First and last local day on which any of them can be used, whenever it was issued. */
    from: Type.Optional(DateShape),
    until: Type.Optional(DateShape),
    /** Uses it has; left out: 1. */
    uses: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    /** Local times it can be used at. */
    schedule: Type.Optional(ScheduleShape),
    /** What it is worth to who uses it; told, and added up in what-ifs. */
    value: Type.Optional(MoneyAtLeastShape),
    /** Live ones of this perk one member may hold; more are not issued. */
    per_member: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    /** The business's own code, shown instead of the entitlement's. */
    external_code: Type.Optional(text(1, 64)),
    /** Where an external reward is fetched. */
    external_url: Type.Optional(text(1, 200)),
  },
  closed,
)
export type EntitlementDocument = Readonly<Static<typeof EntitlementShape>>

/** Points as money: `points` are worth `money` of discount; the cashier's basket says how much is used (E-SPEND). */
const PseudoCurrencyShape = Type.Object(
  {
    points: Type.Integer({ minimum: 1, maximum: POINTS_MAX }),
    money: Type.Integer({ minimum: 1, maximum: AMOUNT_MAX, description: 'Minor units `points` are worth' }),
    /** At most this discount on one basket. */
    maximum: Type.Optional(MoneyAtLeastShape),
  },
  closed,
)
export type PseudoCurrencyDocument = Readonly<Static<typeof PseudoCurrencyShape>>

export const REDEMPTION_METHODS = ['AUTO', 'CODE_PDF417', 'CODE_QR', 'VOUCHER'] as const

export const RedeemPerkShape = Type.Object(
  {
    id: RuleIdShape,
    title: NameShape,
    points: Type.Integer({
      minimum: 0,
      maximum: POINTS_MAX,
      description: 'What it costs, in the smallest unit of the metric; 0 for what is only granted',
    }),
    /** 0 or left out: points. */
    metric: Type.Optional(MetricIdShape),
    ...ruleConditions,
    attributes: Type.Optional(Type.Array(AttributeShape, { minItems: 1, maxItems: 100 })),
    home_store_only: Type.Optional(Type.Boolean()),
    /** Local times it can be redeemed at. */
    schedule: Type.Optional(ScheduleShape),
    limit: Type.Optional(LimitShape),
    /** Redemptions of all members together. */
    budget: Type.Optional(
      Type.Object(
        {
          total: Type.Optional(Type.Integer({ minimum: 1, maximum: POINTS_MAX })),
          per_store: Type.Optional(Type.Integer({ minimum: 1, maximum: POINTS_MAX })),
        },
        closed,
      ),
    ),
    voucher: Type.Optional(EntitlementShape),
    money: Type.Optional(PseudoCurrencyShape),
    method: Type.Optional(oneOf(REDEMPTION_METHODS)),
    /** LEVEL: of several held only the highest priority counts. CLUB: membership by grant. Both are held as entitlements. */
    membership: Type.Optional(
      Type.Object(
        { template: oneOf(['LEVEL', 'CLUB']), priority: Type.Integer({ minimum: 0, maximum: 1_000_000 }) },
        closed,
      ),
    ),
  },
  closed,
)
export type RedeemPerkDocument = Readonly<Static<typeof RedeemPerkShape>>

/** A card is full at `required` of its metric: they are taken and the reward's entitlement is issued, as often as it is filled. */
export const StampCardShape = Type.Object(
  {
    id: RuleIdShape,
    title: NameShape,
    metric: RuleIdShape,
    required: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    reward: RuleIdShape,
    status: Type.Optional(oneOf(['ACTIVE', 'INACTIVE'])),
  },
  closed,
)
export type StampCardDocument = Readonly<Static<typeof StampCardShape>>
