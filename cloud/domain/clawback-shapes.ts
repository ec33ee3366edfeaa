// What clawback answers (E-CLAW), as shapes; the words are those of view-shapes.ts.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed, orNull } from '../../protocol/shapes.ts'
import { EntitlementViewShape, IdTextShape } from './view-shapes.ts'

const HeldViewShape = Type.Object(
  {
    ...EntitlementViewShape.properties,
    points: Type.Integer({ description: 'What its perk costs' }),
    metric: Type.Integer(),
  },
  closed,
)
export type HeldView = Readonly<Static<typeof HeldViewShape>>

export const ClawbackEvaluationShape = Type.Object(
  {
    sale: IdTextShape,
    /** Null: a guest's sale, or one that does not count. */
    member: orNull(IdTextShape),
    metrics: Type.Array(
      Type.Object(
        {
          metric: Type.Integer({ description: '0 is points' }),
          amount: Type.Integer({ description: 'What the return takes' }),
          balance: Type.Integer({ description: 'What the member can spend before it' }),
          missing: Type.Integer({ description: 'The deficit it leaves' }),
        },
        closed,
      ),
    ),
    unused: Type.Array(HeldViewShape, { description: 'What could be cancelled, the newest first' }),
  },
  closed,
)
export type ClawbackEvaluation = Readonly<Static<typeof ClawbackEvaluationShape>>

export const ClawbackProcessedShape = Type.Object(
  {
    sale: IdTextShape,
    member: IdTextShape,
    cancelled: Type.Array(HeldViewShape),
    deficits: Type.Array(Type.Object({ metric: Type.Integer(), deficit: Type.Integer() }, closed)),
  },
  closed,
)
export type ClawbackProcessed = Readonly<Static<typeof ClawbackProcessedShape>>
