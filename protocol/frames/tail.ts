import { Type } from 'typebox'
import type { Static } from 'typebox'
import { BATCH_FACTS_MAX } from '../limits.ts'
import { BytesShape, HashShape, OriginShape, SeqShape, closed } from '../shapes.ts'

/**
 * The answer to `past`: the facts from `from` on, the bytes as they stand in the chain, at most as many as in a batch. `from` is the place after
 * the one that was asked about, or 1 where the cloud has another history there.
 */
export const TailShape = Type.Object(
  {
    type: Type.Literal('tail'),
    origin: OriginShape,
    from: SeqShape,
    facts: Type.Array(BytesShape, { maxItems: BATCH_FACTS_MAX }),
    /** The end of what the cloud has of it; 0 where it has nothing. */
    seq: SeqShape,
    head: HashShape,
  },
  closed,
)
export type Tail = Readonly<Static<typeof TailShape>>
