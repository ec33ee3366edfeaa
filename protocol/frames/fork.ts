import { Type } from 'typebox'
import type { Static } from 'typebox'
import { HashShape, SeqShape, closed, oneOf } from '../shapes.ts'

/**
 * The ledger is not a continuation of the one the cloud knows (P-SYNC-4): `fork`, another hash at the same position (a cloned disk), or
 * `rewind`, an edge behind the cloud's head (a restored backup). The link closes after it.
 */
export const ForkShape = Type.Object(
  {
    type: Type.Literal('fork'),
    reason: oneOf(['fork', 'rewind']),
    seq: SeqShape,
    head: HashShape,
  },
  closed,
)
export type Fork = Readonly<Static<typeof ForkShape>>
