import { Type } from 'typebox'
import type { Static } from 'typebox'
import { HashShape, MillisShape, SeqShape, closed } from '../shapes.ts'

/** What the cloud has of this origin, durable, and the hash there (P-SYNC-1). The edge goes on from seq + 1. */
export const WelcomeShape = Type.Object(
  {
    type: Type.Literal('welcome'),
    seq: SeqShape,
    head: HashShape,
    time: MillisShape,
    /** One life of the cloud's database; another number means it was restored from a backup. */
    cloud_epoch: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  },
  closed,
)
export type Welcome = Readonly<Static<typeof WelcomeShape>>
