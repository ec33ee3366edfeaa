import { Type } from 'typebox'
import type { Static } from 'typebox'
import { HashShape, OriginShape, SeqShape, closed } from '../shapes.ts'

/** What does the cloud have of a life that is over, after a place (P-LIFE-5)? One question at a time; each page is asked for. */
export const PastShape = Type.Object(
  { type: Type.Literal('past'), origin: OriginShape, after: SeqShape, hash: HashShape },
  closed,
)
export type Past = Readonly<Static<typeof PastShape>>
