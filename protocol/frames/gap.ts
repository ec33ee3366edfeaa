import { Type } from 'typebox'
import type { Static } from 'typebox'
import { SeqShape, closed } from '../shapes.ts'

/** The batch did not continue what the cloud has: send from `expected` (P-SYNC-2). */
export const GapShape = Type.Object({ type: Type.Literal('gap'), expected: SeqShape }, closed)
export type Gap = Readonly<Static<typeof GapShape>>
