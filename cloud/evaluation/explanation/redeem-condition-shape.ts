// One condition of a redemption as both APIs tell it (E-EXP-4).
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed, orNull } from '../../../protocol/shapes.ts'

export const RedeemConditionShape = Type.Object(
  {
    condition: Type.String(),
    met: Type.Boolean(),
    actual: Type.String(),
    required: Type.String(),
    hint: orNull(Type.String({ description: 'What would make it hold; null: it does, or nothing would' })),
  },
  closed,
)
export type RedeemConditionTold = Readonly<Static<typeof RedeemConditionShape>>
