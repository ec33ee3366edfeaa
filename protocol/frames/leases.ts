import { Type } from 'typebox'
import type { Static } from 'typebox'
import { LeaseTermShape } from '../leases.ts'
import { LEASES_FRAME_MAX } from '../limits.ts'
import { closed } from '../shapes.ts'

/** What this ledger may spend without asking, and what of it is asked back: latest words, up to `cursor` of the log of leases. */
export const LeasesShape = Type.Object(
  {
    type: Type.Literal('leases'),
    cursor: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    leases: Type.Array(LeaseTermShape, { maxItems: LEASES_FRAME_MAX }),
  },
  closed,
)
export type Leases = Readonly<Static<typeof LeasesShape>>
