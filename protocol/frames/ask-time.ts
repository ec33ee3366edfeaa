import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed } from '../shapes.ts'

/** What time is it at the cloud? The number comes back with the time, so that an old answer is told from a fresh one (P-TIME-6). */
export const AskTimeShape = Type.Object(
  {
    type: Type.Literal('ask_time'),
    question: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  },
  closed,
)
export type AskTime = Readonly<Static<typeof AskTimeShape>>
