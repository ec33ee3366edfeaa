// What the cloud says about a member beyond accounts, as shapes: challenges, responses, segments, figures, referral.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed, oneOf, orNull } from '../../protocol/shapes.ts'
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

export const ResponseChallengeViewShape = Type.Object(
  {
    id: Int,
    title: Text,
    type: Text,
    responses: Type.Integer({ description: 'That count' }),
    approved: Int,
    remaining: orNull(
      Type.Integer({ description: 'Responses this member may still give; null: any number' }),
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
  aggregates: Type.Array(AggregateViewShape),
  open_referral: orNull(Type.String({ description: 'The received referral that is not completed yet' })),
}
const MemberExtrasShape = Type.Object(memberExtras, closed)
export type MemberExtras = Readonly<Static<typeof MemberExtrasShape>>
