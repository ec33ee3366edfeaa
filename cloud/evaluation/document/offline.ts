// What may be spent in a store that the cloud cannot be reached from: leases, inside which nothing is ever overspent, and the risk the merchant takes
// beyond them. What is left out is safe: a modest share is leased, and nothing is risked.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { POINTS_MAX } from '../../../protocol/limits.ts'
import { closed } from '../../../protocol/shapes.ts'
import { AmountShape } from './parts.ts'

const RiskedShape = Type.Optional(Type.Integer({ minimum: 0, maximum: POINTS_MAX }))

/** Points that may be spent without any right to them, and so perhaps twice. An outage lasts from the last word of the cloud to the next. */
export const RiskShape = Type.Object(
  {
    /** By one member in one outage of one store. */
    per_member: RiskedShape,
    /** By all members in one store on one local day. */
    per_store: RiskedShape,
    /** By all members in one outage of one store. */
    per_outage: RiskedShape,
    /** Redemptions and uses of vouchers at risk in one outage of one store. */
    uses_per_outage: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
  },
  closed,
)

export const OfflineShape = Type.Object(
  {
    /** Of what a member has of a metric, in all stores together; 0: nothing is leased. */
    share_percent: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    /** Of a metric: at most so much in one redemption, and so much leased to one store for one member. */
    redemption_max: Type.Optional(AmountShape),
    total_max: Type.Optional(AmountShape),
    /** How long a lease lasts; it is renewed while the store is in reach. */
    hours: Type.Optional(Type.Integer({ minimum: 1, maximum: 720 })),
    /** Stores that hold leases of one member: the home store, then those visited last. */
    stores_max: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
    /** A member is likely in a store for so many days after a visit. */
    recent_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90 })),
    /** Whether entitlements and the uses of limited perks are leased, to one store at a time. */
    entitlements: Type.Optional(Type.Boolean()),
    /** What a store that is never heard of again had left comes back to the member so long after it expired. */
    write_off_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 365 })),
    risk: Type.Optional(RiskShape),
  },
  closed,
)
export type OfflineDocument = Readonly<Static<typeof OfflineShape>>
