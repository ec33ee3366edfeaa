// What the cloud says about a member beyond accounts, as shapes: challenges, responses, segments, figures, referral.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed, oneOf, orNull } from '../../protocol/shapes.ts'
import { FREQUENCIES } from '../evaluation/document/earning.ts'
import { AGGREGATES } from '../evaluation/document/segments.ts'

const Int = Type.Integer()
const Text = Type.String()
const DayTextShape = Type.String({ description: 'A local day, YYYY-MM-DD' })

/** `not_eligible`: the conditions of an `auto` challenge do not hold now; `upcoming` and `over` go by the member's own period. */
const CHALLENGE_STATUSES = [
  'completed',
  'inactive',
  'left',
  'upcoming',
  'over',
  'not_joined',
  'not_eligible',
  'taking_part',
] as const
export type ChallengeStatus = (typeof CHALLENGE_STATUSES)[number]

export const ChallengeViewShape = Type.Object(
  {
    id: Int,
    title: Text,
    join: oneOf(['auto', 'opt_in']),
    status: oneOf(CHALLENGE_STATUSES),
    first_day: orNull(DayTextShape),
    last_day: orNull(DayTextShape),
    completed_on: orNull(DayTextShape),
    requirements: Type.Array(
      Type.Object(
        {
          id: Int,
          title: Text,
          perk: Int,
          quantity: Type.Integer({ description: 'Required' }),
          done: Int,
          completed: Type.Boolean(),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type ChallengeView = Readonly<Static<typeof ChallengeViewShape>>

/** How far a FREQUENCY bonus is in its window. */
export const FrequencyViewShape = Type.Object(
  {
    id: Int,
    title: Text,
    frequency: oneOf(FREQUENCIES),
    required: Int,
    counted: Type.Integer({ description: 'In the window that is open now' }),
    /** How many more until it pays; null: it has paid in this window, or does not count yet. */
    missing: orNull(Int),
  },
  closed,
)
export type FrequencyView = Readonly<Static<typeof FrequencyViewShape>>

/** What the limit of a redeem perk still allows the member. */
export const LimitViewShape = Type.Object(
  { perk: Int, title: Text, limit: Text, remaining: Int, again_on: orNull(DayTextShape) },
  closed,
)
export type LimitView = Readonly<Static<typeof LimitViewShape>>

export const ResponseChallengeViewShape = Type.Object(
  {
    id: Int,
    title: Text,
    type: Text,
    responses: Type.Integer({ description: 'That count' }),
    approved: Int,
    remaining: orNull(
      Type.Integer({
        description: 'Responses this member may still give, in the period that counts; null: any number',
      }),
    ),
    last_on: orNull(DayTextShape),
    next_on: orNull(
      Type.String({ description: 'First local day another may count, where that is after today' }),
    ),
  },
  closed,
)
export type ResponseChallengeView = Readonly<Static<typeof ResponseChallengeViewShape>>

export const SegmentMembershipShape = Type.Object(
  {
    id: Int,
    name: Text,
    by: oneOf(['hq', 'rule', 'condition']),
    until: orNull(Type.String({ description: 'RFC 3339; null: no end' })),
  },
  closed,
)
export type SegmentMembership = Readonly<Static<typeof SegmentMembershipShape>>

export const AggregateViewShape = Type.Object(
  { id: Int, name: Text, of: oneOf(AGGREGATES), value: orNull(Int) },
  closed,
)
export type AggregateView = Readonly<Static<typeof AggregateViewShape>>

export const memberExtras = {
  challenges: Type.Array(ChallengeViewShape),
  response_challenges: Type.Array(ResponseChallengeViewShape),
  segments: Type.Array(SegmentMembershipShape, { description: 'Those the member is in' }),
  frequencies: Type.Array(FrequencyViewShape),
  limits: Type.Array(LimitViewShape),
  aggregates: Type.Array(AggregateViewShape),
  open_referral: orNull(Type.String({ description: 'The received referral that is not completed yet' })),
}
const MemberExtrasShape = Type.Object(memberExtras, closed)
export type MemberExtras = Readonly<Static<typeof MemberExtrasShape>>
