import { Type } from 'typebox'
import type { Static } from 'typebox'
import { OriginShape, SeqShape, closed } from '../shapes.ts'

/** Terminals of this store hold receipts of a ledger life up to here (P-LIFE-7); what the cloud does not have of it may be lost. */
export const WitnessShape = Type.Object(
  { type: Type.Literal('witness'), origin: OriginShape, seq: SeqShape },
  closed,
)
export type Witness = Readonly<Static<typeof WitnessShape>>
