import { Type } from 'typebox'
import type { Static } from 'typebox'
import { CORRECTIONS_FRAME_MAX } from '../limits.ts'
import { FactIdOrNoneShape, FactIdShape, SignedPointsShape, closed } from '../shapes.ts'

/** The cloud's fold gives a fact of this store other points than the store answered. */
export const CorrectionShape = Type.Object(
  {
    fact: FactIdShape,
    revision: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
    /** Points of the fact as the cloud folds it now, without goodwill. */
    points: SignedPointsShape,
    /** Points added so that a confirmed promise is kept. */
    goodwill: SignedPointsShape,
    /** The late fact that moved it, 0 where the first fold already differed from the answer. */
    cause: FactIdOrNoneShape,
  },
  closed,
)
export type Correction = Readonly<Static<typeof CorrectionShape>>

/** A conflict of this store opened or ended, in HQ's words. */
export const ConflictNewsShape = Type.Object(
  {
    code: Type.String({ maxLength: 64 }),
    fact: FactIdOrNoneShape,
    text: Type.String({ maxLength: 400 }),
  },
  closed,
)
export type ConflictNews = Readonly<Static<typeof ConflictNewsShape>>

/** What the store is told from the cloud's log, up to a position in it. */
export const CorrectionsShape = Type.Object(
  {
    type: Type.Literal('corrections'),
    cursor: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    corrections: Type.Array(CorrectionShape, { maxItems: CORRECTIONS_FRAME_MAX }),
    conflicts: Type.Array(ConflictNewsShape, { maxItems: CORRECTIONS_FRAME_MAX }),
  },
  closed,
)
export type Corrections = Readonly<Static<typeof CorrectionsShape>>
