import { Type } from 'typebox'
import type { Static } from 'typebox'
import { BUDGETS_FRAME_MAX } from '../limits.ts'
import { RuleIdShape, closed } from '../shapes.ts'

const CountShape = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** Redemptions of a perk by all members: made or allowed, and leased to stores; everywhere, and of these by the store that asks. */
export const BudgetStandingShape = Type.Object(
  {
    perk: RuleIdShape,
    redeemed: CountShape,
    redeemed_here: CountShape,
    leased: CountShape,
    leased_here: CountShape,
  },
  closed,
)
export type BudgetStanding = Readonly<Static<typeof BudgetStandingShape>>

/** The answer: of the perks with a budget in force, by id, at most so many. */
export const BudgetsShape = Type.Object(
  {
    type: Type.Literal('budgets'),
    question: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    budgets: Type.Array(BudgetStandingShape, { maxItems: BUDGETS_FRAME_MAX }),
  },
  closed,
)
export type Budgets = Readonly<Static<typeof BudgetsShape>>
