import { Type } from 'typebox'
import type { Static } from 'typebox'
import { MemberIdOrNoneShape, closed } from '../shapes.ts'

/** The answer. The member's state comes before it in a `members` frame. `member` is 0 where there is none. */
export const FoundMemberShape = Type.Object(
  {
    type: Type.Literal('found_member'),
    question: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    member: MemberIdOrNoneShape,
  },
  closed,
)
export type FoundMember = Readonly<Static<typeof FoundMemberShape>>
