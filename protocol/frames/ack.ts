import { Type } from 'typebox'
import type { Static } from 'typebox'
import { HashShape, SeqShape, closed, oneOf } from '../shapes.ts'

/** Everything up to seq is durable at the cloud (P-SYNC-3). */
export const AckShape = Type.Object({ type: Type.Literal('ack'), seq: SeqShape, head: HashShape }, closed)
export type Ack = Readonly<Static<typeof AckShape>>

/** The batch did not continue what the cloud has: send from `expected` (P-SYNC-2). */
export const GapShape = Type.Object({ type: Type.Literal('gap'), expected: SeqShape }, closed)
export type Gap = Readonly<Static<typeof GapShape>>

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
