import { Type } from 'typebox'
import type { Static } from 'typebox'
import { MillisShape, closed, orNull } from '../shapes.ts'

/** The cloud's time: the answer to an edge's question, or without one a sign of life at least every HEARTBEAT_MS. */
export const TimeShape = Type.Object(
  {
    type: Type.Literal('time'),
    time: MillisShape,
    question: orNull(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  },
  closed,
)
export type Time = Readonly<Static<typeof TimeShape>>
