import { Type } from 'typebox'
import type { Static } from 'typebox'
import { IdentityShape } from '../facts.ts'
import { MEMBERS_FRAME_MAX } from '../limits.ts'
import { BytesShape, FactIdShape, SeqShape, closed, orNull } from '../shapes.ts'
import type { MemberId } from '../ids.ts'

/** A member as the cloud folds it: who it is, and the encoded state. */
export const MemberSnapshotShape = Type.Object(
  {
    member: Type.Unsafe<MemberId>(FactIdShape),
    name: orNull(Type.String({ maxLength: 200 })),
    identities: Type.Array(IdentityShape, { maxItems: 32 }),
    /** Encoded by the evaluation; the protocol only carries it. */
    state: BytesShape,
    /** The receiving edge's facts up to this seq are inside the state; later ones the edge folds on top. */
    covers: SeqShape,
  },
  closed,
)
export type MemberSnapshot = Readonly<Static<typeof MemberSnapshotShape>>

/** Latest states of members this store has met, up to `cursor` of the change log. */
export const MembersShape = Type.Object(
  {
    type: Type.Literal('members'),
    cursor: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    members: Type.Array(MemberSnapshotShape, { maxItems: MEMBERS_FRAME_MAX }),
    /** The change log goes on: states that the edge holds may be behind it (P-SYNC-12). */
    more: Type.Boolean(),
  },
  closed,
)
export type Members = Readonly<Static<typeof MembersShape>>
