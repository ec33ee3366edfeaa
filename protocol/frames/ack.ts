import { Type } from 'typebox'
import type { Static } from 'typebox'
import { HashShape, SeqShape, closed } from '../shapes.ts'

/** Everything up to seq is durable at the cloud (P-SYNC-3). */
export const AckShape = Type.Object({ type: Type.Literal('ack'), seq: SeqShape, head: HashShape }, closed)
export type Ack = Readonly<Static<typeof AckShape>>
