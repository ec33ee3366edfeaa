// What the cloud says about a member's accounts and tier, as shapes (view-shapes.ts has the rest). Amounts are in the metric's smallest unit.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed, oneOf, orNull } from '../../protocol/shapes.ts'
import { WindowShape } from '../evaluation/document/conditions.ts'

const Int = Type.Integer()
const TimeTextShape = Type.String({ description: 'RFC 3339, UTC, milliseconds' })
const DayTextShape = Type.String({ description: 'A local day, YYYY-MM-DD' })
const Earned = orNull(
  Type.Integer({ description: 'Null: the program does not keep that many days of this metric' }),
)

export const AccountViewShape = Type.Object(
  {
    metric: Type.Integer({ description: '0 is points' }),
    name: Type.String(),
    decimals: Int,
    /** Sums over local days, the store of the enrolment telling the day. */
    balance: Type.Integer({ description: 'What can be spent; below 0 a deficit' }),
    pending: Type.Integer({ description: 'Earned, but to be spent later' }),
    life_time: Type.Integer({ description: 'Earned, less what was taken back' }),
    redeem_total: Type.Integer({ description: 'Spent' }),
    today: Earned,
    mtd: Earned,
    last_30d: Earned,
    ytd: Earned,
    last_12mo: Earned,
    lots: Type.Array(
      Type.Object(
        { amount: Int, expires_at: orNull(Type.String({ description: 'Null: it never expires' })) },
        closed,
      ),
      { description: 'What the balance without goodwill is made of; what is spent first comes first' },
    ),
    pending_lots: Type.Array(
      Type.Object(
        {
          amount: Int,
          earned_by: Type.String({ description: 'The fact that earned it' }),
          earned_on: DayTextShape,
          ready_at: TimeTextShape,
          expires_at: orNull(TimeTextShape),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type AccountView = Readonly<Static<typeof AccountViewShape>>

const thresholds = {
  tier: Type.Object({ id: Int, name: Type.String() }, closed),
  match: oneOf(['all', 'any']),
  thresholds: Type.Array(
    Type.Object({ metric: Int, window: WindowShape, at_least: Int, reached: Int, missing: Int }, closed),
  ),
}

export const TierProgressViewShape = Type.Object(
  {
    next: orNull(Type.Object(thresholds, closed)),
    keep: orNull(
      Type.Object(
        { ...thresholds, until: TimeTextShape },
        { ...closed, description: 'Null: the tier has no end' },
      ),
    ),
  },
  closed,
)
export type TierProgressView = Readonly<Static<typeof TierProgressViewShape>>
