// What a what-if says: the same facts folded under the program as it is and under the draft, side by side. Shapes first, because the API, the
// command and the worker all speak them.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed, oneOf, orNull } from '../../protocol/shapes.ts'

/** Members told by name in each list; all of them are counted. */
export const NAMED_MAX = 20

const Count = Type.Integer({ minimum: 0 })
const Points = Type.Integer()
const both = <T extends Type.TSchema>(shape: T) => Type.Object({ now: shape, draft: shape }, closed)

export const ChangedMemberShape = Type.Object(
  {
    member: Type.String({ description: "The member's id" }),
    tier_now: orNull(Type.String()),
    tier_draft: orNull(Type.String()),
    balance_now: Points,
    balance_draft: Points,
  },
  closed,
)
export type ChangedMember = Readonly<Static<typeof ChangedMemberShape>>

const Moved = both(Type.Integer())
const voucherFigures = {
  issued: Moved,
  used: Moved,
  expired: Moved,
  cancelled: Moved,
  outstanding: both(Type.Integer({ description: 'Issued, and not over; of a month: at its end' })),
  value: both(
    Type.Integer({
      description: 'Minor units that those outstanding are worth, where the perk has a `value`',
    }),
  ),
}
export type VoucherFigures = Readonly<
  Record<keyof typeof voucherFigures, { readonly now: number; readonly draft: number }>
>

const amountFigures = {
  issued: both(Points),
  liability: both(Points),
  months: Type.Array(
    Type.Object(
      { month: Type.String({ description: 'YYYY-MM' }), issued: both(Points), liability: both(Points) },
      closed,
    ),
  ),
}

export const WhatIfResultShape = Type.Object(
  {
    members: Count,
    facts: Count,
    seconds: Type.Number(),
    tiers: Type.Object(
      {
        moved: Count,
        moves: Type.Array(
          Type.Object({ from: orNull(Type.String()), to: orNull(Type.String()), members: Count }, closed),
        ),
        named: Type.Array(ChangedMemberShape, { maxItems: NAMED_MAX }),
      },
      closed,
    ),
    balances: Type.Object(
      {
        winners: Count,
        losers: Count,
        unchanged: Count,
        /** Points more, and points fewer, of all winners and all losers. */
        gained: Count,
        lost: Count,
        most_gained: Type.Array(ChangedMemberShape, { maxItems: NAMED_MAX }),
        most_lost: Type.Array(ChangedMemberShape, { maxItems: NAMED_MAX }),
      },
      closed,
    ),
    points: Type.Object(amountFigures, closed),
    metrics: Type.Array(Type.Object({ metric: Count, name: Type.String(), ...amountFigures }, closed), {
      description: 'The same of every other metric that moved, in its smallest unit',
    }),
    vouchers: Type.Object(
      {
        ...voucherFigures,
        perks: Type.Array(
          Type.Object({ perk: Type.Integer(), title: Type.String(), ...voucherFigures }, closed),
        ),
        months: Type.Array(
          Type.Object({ month: Type.String({ description: 'YYYY-MM' }), ...voucherFigures }, closed),
        ),
      },
      closed,
    ),
  },
  closed,
)
export type WhatIfResult = Readonly<Static<typeof WhatIfResultShape>>

export const WHAT_IF_STATUSES = ['waiting', 'running', 'done', 'cancelled', 'failed'] as const

export const WhatIfShape = Type.Object(
  {
    id: Type.String(),
    status: oneOf(WHAT_IF_STATUSES),
    /** Facts folded so far, and facts there are. */
    done: Count,
    total: Count,
    error: orNull(Type.String()),
    result: orNull(WhatIfResultShape),
  },
  closed,
)
export type WhatIf = Readonly<Static<typeof WhatIfShape>>
