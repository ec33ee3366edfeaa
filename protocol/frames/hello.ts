import { Type } from 'typebox'
import type { Static } from 'typebox'
import { LIFE_ENDS } from '../lives.ts'
import {
  BytesShape,
  HashShape,
  OriginShape,
  ProgramVersionShape,
  SeqShape,
  closed,
  oneOf,
  orNull,
} from '../shapes.ts'

const Cursor = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** First frame up: where this ledger stands, and what of the downstream logs it has (P-SYNC-1, P-ENV-2). */
export const HelloShape = Type.Object(
  {
    type: Type.Literal('hello'),
    protocol: Type.Integer({ minimum: 1, maximum: 65_535 }),
    /** The edge's own: everything down from here on is signed for it. */
    nonce: BytesShape,
    /** The nonce of the hello that this run of the software said before, on whichever connection; null: none (P-LIFE-10). */
    previous_nonce: orNull(BytesShape),
    origin: OriginShape,
    /** Of that life: the next one is a later one (P-LIFE-3). */
    epoch: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    /** Last seq in the ledger and its hash. */
    seq: SeqShape,
    head: HashShape,
    /** The cloud's last word about this life: durable there up to here, with our hash, in that life of the cloud (0: none yet). */
    base_seq: SeqShape,
    base: HashShape,
    cloud_epoch: Cursor,
    /** Why the life before this one ended; null for a ledger's first. */
    why: orNull(oneOf(LIFE_ENDS)),
    /** Says which machine and directory the ledger is in, without telling them. */
    binding: Type.String({ maxLength: 64 }),
    /** A copy's own public key: it asks to be a device of its own (P-LIFE-6). */
    applicant: orNull(Type.String({ maxLength: 200 })),
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
