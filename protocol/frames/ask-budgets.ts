import { Type } from 'typebox'
import type { Static } from 'typebox'
import { closed } from '../shapes.ts'

/** How far are the budgets of the program's perks used up? A terminal asked what can be redeemed. */
export const AskBudgetsShape = Type.Object(
  {
    type: Type.Literal('ask_budgets'),
    /** The question's number; of another name than in ask_time, for fields of the same names are one structure (P-COD-1). */
    budgets_question: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  },
  closed,
)
export type AskBudgets = Readonly<Static<typeof AskBudgetsShape>>
