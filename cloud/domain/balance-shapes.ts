// What the cloud says about how a balance came to be, as shapes. Amounts are in the metric's smallest unit.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed, oneOf, orNull } from '../../protocol/shapes.ts'
import { EFFECT_KINDS } from '../evaluation/effects.ts'
import { IdTextShape, TimeTextShape } from './view-shapes.ts'

const Int = Type.Integer()

const EntryShape = Type.Object(
  {
    fact: orNull(
      Type.String({ description: 'Null: time has brought it, and no fact of the member has booked it yet' }),
    ),
    at: TimeTextShape,
    kind: oneOf(EFFECT_KINDS),
    rule: orNull(Int),
    title: orNull(Type.String({ description: 'What the rule was called at that time' })),
    amount: Type.Integer({ description: 'Of either sign' }),
    of: orNull(Type.String({ description: 'The fact it takes from or gives back to' })),
    cause: orNull(Type.String({ description: 'The fact that came late and made it what it is now' })),
    total: Type.Integer({ description: 'The sum of all entries so far, those of earlier pages too' }),
  },
  closed,
)

export const BalanceViewShape = Type.Object(
  {
    member: IdTextShape,
    merged_into: orNull(IdTextShape),
    metric: Type.Integer({ description: '0 is points' }),
    name: Type.String(),
    decimals: Int,
    as_of: TimeTextShape,
    balance: Type.Integer({ description: 'What can be spent: lots less deficit, plus goodwill' }),
    lots: Type.Array(Type.Object({ amount: Int, expires_at: orNull(TimeTextShape) }, closed), {
      description: 'What is spent first comes first; null never expires',
    }),
    deficit: Type.Integer({ description: 'Taken beyond what there was; the next earning fills it' }),
    goodwill: Type.Integer({ description: 'Kept promises, which are in no lot; points only' }),
    pending: Type.Array(
      Type.Object(
        { amount: Int, ready_at: TimeTextShape, expires_at: orNull(TimeTextShape), earned_by: IdTextShape },
        closed,
      ),
      { description: 'Earned, but to be spent later' },
    ),
    total: Type.Integer({ description: 'Balance and pending: what the entries of all pages come to' }),
    adds_up: Type.Boolean({ description: 'False is a fault of ours: the entries do not come to the total' }),
    carried: Type.Integer({ description: 'The sum of the entries before this page' }),
    entries: Type.Array(EntryShape, { description: 'In the order in which they count' }),
    next: orNull(Type.String({ description: "The next page's `after`: entries told so far" })),
  },
  closed,
)
export type BalanceView = Readonly<Static<typeof BalanceViewShape>>
