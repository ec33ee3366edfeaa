// What the cloud says about a segment as a whole, as shapes.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed, orNull } from '../../protocol/shapes.ts'
import { SegmentMembershipShape } from './member-extras-shapes.ts'

const Int = Type.Integer()
const Text = Type.String()
const { by, until } = SegmentMembershipShape.properties

export const SegmentMemberViewShape = Type.Object({ id: Text, name: orNull(Text), by, until }, closed)
export type SegmentMemberView = Readonly<Static<typeof SegmentMemberViewShape>>

export const SegmentMetricsViewShape = Type.Object(
  {
    segment: Type.Object({ id: Int, name: Text }, closed),
    currency: Text,
    members: Type.Integer({ description: 'In the segment now' }),
    periods: Type.Array(
      Type.Object(
        {
          period: Text,
          total_spend: Type.Integer({ description: 'Minor units' }),
          order_count: Int,
          average_transaction_value: Type.Integer({
            description: 'Minor units, rounded down; 0 without orders',
          }),
          visit_count: Int,
        },
        closed,
      ),
    ),
  },
  closed,
)
export type SegmentMetricsView = Readonly<Static<typeof SegmentMetricsViewShape>>
