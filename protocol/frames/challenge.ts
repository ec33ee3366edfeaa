import { Type } from 'typebox'
import type { Static } from 'typebox'
import { BytesShape, MillisShape, closed } from '../shapes.ts'

/** First frame down on every connection: the nonce that everything up is signed for, and the cloud's time (P-ENV-2). */
export const ChallengeShape = Type.Object(
  { type: Type.Literal('challenge'), nonce: BytesShape, time: MillisShape },
  closed,
)
export type Challenge = Readonly<Static<typeof ChallengeShape>>
