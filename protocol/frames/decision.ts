import { Type } from 'typebox'
import type { Static } from 'typebox'
import { MemberIdOrNoneShape, PointsShape, RuleIdShape, closed } from '../shapes.ts'

/** The decision: a hold to put on the fact, or the refusal's code and sentence. */
export const DecisionShape = Type.Object(
  {
    type: Type.Literal('decision'),
    question: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    /** 0 where refused. */
    hold: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    points: PointsShape,
    member: MemberIdOrNoneShape,
    perk: Type.Union([RuleIdShape, Type.Null()]),
    refused: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
    detail: Type.String({ maxLength: 400 }),
  },
  closed,
)
export type Decision = Readonly<Static<typeof DecisionShape>>
