import { Type } from 'typebox'
import type { Static } from 'typebox'
import { BATCH_FACTS_MAX } from '../limits.ts'
import { BytesShape, HashShape, OriginShape, SeqShape, closed } from '../shapes.ts'

/** A contiguous run of an origin's facts, the bytes as they stand in the ledger (P-SYNC-2). */
export const BatchShape = Type.Object(
  {
    type: Type.Literal('batch'),
    origin: OriginShape,
    /** Seq of the first fact. */
    from: SeqShape,
    /** Chain hash before the first fact. */
    previous: HashShape,
    /** Facts of the ledger behind these: what the edge has still to send. */
    waiting: SeqShape,
    facts: Type.Array(BytesShape, { minItems: 1, maxItems: BATCH_FACTS_MAX }),
  },
  closed,
)
export type Batch = Readonly<Static<typeof BatchShape>>
