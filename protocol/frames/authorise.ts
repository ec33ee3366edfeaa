import { Type } from 'typebox'
import type { Static } from 'typebox'
import { BasketShape } from '../facts.ts'
import {
  HybridTimeShape,
  KeyShape,
  MemberIdOrNoneShape,
  PointsShape,
  RuleIdShape,
  ZoneOffsetShape,
  closed,
  orNull,
  text,
} from '../shapes.ts'

/**
 * Asks the cloud to decide a spending: points for a perk, or the use of a voucher. Spending is decided once, by whoever has the
 * authority; the key makes a repeated question get the first decision.
 */
export const AuthoriseShape = Type.Object(
  {
    type: Type.Literal('authorise'),
    question: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    key: KeyShape,
    member: MemberIdOrNoneShape,
    at: HybridTimeShape,
    offset: ZoneOffsetShape,
    /** The perk to redeem; null for a voucher. */
    perk: Type.Union([RuleIdShape, Type.Null()]),
    /** The points to take, for a perk of points as money, whose discount depends on them; else null. */
    points: orNull(PointsShape),
    /** What is about to be paid for, where the terminal said it; conditions on a basket hold of nothing else. */
    basket: orNull(BasketShape),
    /** The voucher to use; null for a perk. */
    voucher: Type.Union([text(4, 32), Type.Null()]),
  },
  closed,
)
export type Authorise = Readonly<Static<typeof AuthoriseShape>>
