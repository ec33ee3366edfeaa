import { Type } from 'typebox'
import type { Static } from 'typebox'
import { IdentityShape } from '../facts.ts'
import { MemberIdOrNoneShape, closed } from '../shapes.ts'

/** A terminal named a member this store has not met: by identity, or by id where `identity` is null. */
export const FindMemberShape = Type.Object(
  {
    type: Type.Literal('find_member'),
    question: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    identity: Type.Union([IdentityShape, Type.Null()]),
    member: MemberIdOrNoneShape,
  },
  closed,
)
export type FindMember = Readonly<Static<typeof FindMemberShape>>
