import { Type } from 'typebox'
import type { Static } from 'typebox'
import { HashShape, SeqShape, closed } from '../shapes.ts'

/** What the cloud takes beyond seq before it acknowledges again, in facts and in bytes (P-SYNC-7); 0 facts: wait for the next ack. */
export const CREDIT = {
  credit_facts: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  credit_bytes: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
} as const

/** Everything up to seq is durable at the cloud (P-SYNC-3). */
export const AckShape = Type.Object(
  { type: Type.Literal('ack'), seq: SeqShape, head: HashShape, ...CREDIT },
  closed,
)
export type Ack = Readonly<Static<typeof AckShape>>
