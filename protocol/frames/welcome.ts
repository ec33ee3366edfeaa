import { Type } from 'typebox'
import type { Static } from 'typebox'
import { ATTESTATION_CHARS_MAX, RETURN_SPREAD_MS_MAX, SPARES_MAX } from '../limits.ts'
import { LifeShape } from '../lives.ts'
import { HashShape, MillisShape, ProgramVersionShape, SeqShape, closed } from '../shapes.ts'
import { CREDIT } from './ack.ts'

/** What the cloud has of this origin, durable, and the hash there (P-SYNC-1). The edge goes on from seq + 1. */
export const WelcomeShape = Type.Object(
  {
    type: Type.Literal('welcome'),
    seq: SeqShape,
    head: HashShape,
    time: MillisShape,
    /** One life of the cloud's database; another number means it was restored from a backup. */
    cloud_epoch: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    ...CREDIT,
    /** After a loss of this connection, the first attempt comes at a random moment within this: a fleet does not return at once. */
    return_ms: Type.Integer({ minimum: 0, maximum: RETURN_SPREAD_MS_MAX }),
    /** The latest program version there is. */
    program: ProgramVersionShape,
    /** To be kept and shown with every connection (P-ATT-1). */
    attestation: Type.String({ maxLength: ATTESTATION_CHARS_MAX }),
    /** Lives this edge may open by itself, lowest epoch first (P-LIFE-3). */
    spares: Type.Array(LifeShape, { maxItems: SPARES_MAX }),
  },
  closed,
)
export type Welcome = Readonly<Static<typeof WelcomeShape>>
