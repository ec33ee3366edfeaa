// The lives of a store's ledger. A life is (edge, epoch) and has an origin of its own; one ends whenever nobody can prove that it goes on where it
// stopped: a restored backup, a copied disk. It is closed then, never continued, and the next one begins at seq 1 under the next origin.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { OriginShape, closed } from './shapes.ts'

/** Why a life ended (P-LIFE-2). */
export const LIFE_ENDS = [
  /** The ledger is behind what the cloud has of it. */
  'rewind',
  /** It has another history than the cloud has at the same place. */
  'fork',
  /** A terminal held a receipt that the ledger does not know. */
  'witness',
  /** The sentinel beside the ledger had seen more of it. */
  'sentinel',
  /** It came out of a backup by `tillstream restore`. */
  'restore',
  /** It is a copy: another machine or directory than it was made for, or a life that goes on elsewhere. */
  'copy',
  /** The cloud does not know it: it was restored from a backup that is older. */
  'unknown',
  /** HQ retired the device. */
  'retired',
] as const
export type LifeEnd = (typeof LIFE_ENDS)[number]

/** An origin that was allocated to an edge for its life of that epoch. */
export const LifeShape = Type.Object(
  { origin: OriginShape, epoch: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }) },
  closed,
)
export type Life = Readonly<Static<typeof LifeShape>>
