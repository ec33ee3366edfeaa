import { Type } from 'typebox'
import type { Static } from 'typebox'
import { ATTESTATION_CHARS_MAX } from '../limits.ts'
import { LIFE_ENDS, LifeShape } from '../lives.ts'
import { HashShape, SeqShape, closed, oneOf, orNull } from '../shapes.ts'

/** `pending`: the device itself waits for HQ's word. */
export const ENDED_REASONS = [...LIFE_ENDS, 'pending'] as const
export type EndedReason = (typeof ENDED_REASONS)[number]

/** This life is over (P-SYNC-4, P-LIFE-4): the cloud's word about it, and how to go on. The link closes after it. */
export const EndedShape = Type.Object(
  {
    type: Type.Literal('ended'),
    reason: oneOf(ENDED_REASONS),
    /** What the cloud has of the life, and keeps. */
    seq: SeqShape,
    head: HashShape,
    /** The life to open next; null where there is none to open. */
    next: orNull(LifeShape),
    /** The device an applicant is from now on; 0 where that does not change. */
    edge: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    /** Our signature that it is that device (P-ATT-1); null where that does not change. */
    attestation: orNull(Type.String({ maxLength: ATTESTATION_CHARS_MAX })),
  },
  closed,
)
export type Ended = Readonly<Static<typeof EndedShape>>
