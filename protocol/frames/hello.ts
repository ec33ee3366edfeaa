import { Type } from 'typebox'
import type { Static } from 'typebox'
import { BytesShape, HashShape, OriginShape, ProgramVersionShape, SeqShape, closed } from '../shapes.ts'

const Cursor = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** First frame up: where this ledger stands, and what of the downstream logs it has (P-SYNC-1, P-ENV-2). */
export const HelloShape = Type.Object(
  {
    type: Type.Literal('hello'),
    protocol: Type.Integer({ minimum: 1, maximum: 65_535 }),
    nonce: BytesShape,
    origin: OriginShape,
    /** Last seq in the ledger and its hash. */
    seq: SeqShape,
    head: HashShape,
    members_cursor: Cursor,
    corrections_cursor: Cursor,
    leases_cursor: Cursor,
    program: ProgramVersionShape,
    /** Name and version of the software, for the fleet list. */
    software: Type.String({ maxLength: 64 }),
  },
  closed,
)
export type Hello = Readonly<Static<typeof HelloShape>>
