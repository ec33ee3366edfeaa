// Condition trees: what perks, rules, segments and challenges may ask about the fact, the basket, the payments and the member. One tree language
// for all of them, so that it is compiled, explained and checked in one place (condition.ts, check/).
import { Type } from 'typebox'
import { FACT_KINDS, REFERRAL_STAGES } from '../../../protocol/facts.ts'
import type { FactKind, ReferralStage } from '../../../protocol/facts.ts'
import type { RuleId, StoreId } from '../../../protocol/ids.ts'
import { AMOUNT_MAX, POINTS_MAX, QUANTITY_MAX } from '../../../protocol/limits.ts'
import {
  MetricIdShape,
  NameShape,
  RuleIdShape,
  SkuShape,
  StoreIdShape,
  closed,
  oneOf,
  text,
} from '../../../protocol/shapes.ts'

/** Alternatives of one tree, and its nesting. */
export const CONDITIONS_MAX = 200
export const CONDITION_DEPTH_MAX = 8

export const COMPARISONS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const
export type Comparison = (typeof COMPARISONS)[number]

/**
 * Numbers a fact has: `amount` money of a sale or return, `items` whole pieces, `lines`, `minute` of the local day (0 to 1439), `weekday` 1 (Monday)
 * to 7, `day_of_month`, `month` 1 to 12, `age` whole years on the local day (no birthday known: the condition fails), `membership_days` since enrolment.
 */
export const NUMBERS = [
  'amount',
  'items',
  'lines',
  'minute',
  'weekday',
  'day_of_month',
  'month',
  'age',
  'membership_days',
] as const
export type NumberName = (typeof NUMBERS)[number]

/** Which part of a metric; `earned` is what was earned in `window` (left out: ever). */
export const METRIC_PARTS = ['balance', 'pending', 'lifetime', 'spent', 'earned'] as const
export type MetricPart = (typeof METRIC_PARTS)[number]

export type WindowDocument =
  | { readonly kind: 'lifetime' }
  | { readonly kind: 'rolling'; readonly days: number }
  | { readonly kind: 'day' }
  | { readonly kind: 'calendar_month' }
  | { readonly kind: 'calendar_year' }
  | { readonly kind: 'membership_year' }

export const WindowShape = Type.Unsafe<WindowDocument>(
  Type.Union([
    Type.Object(
      { kind: oneOf(['lifetime', 'day', 'calendar_month', 'calendar_year', 'membership_year']) },
      closed,
    ),
    /** The last so many local days, today included. */
    Type.Object(
      { kind: Type.Literal('rolling'), days: Type.Integer({ minimum: 1, maximum: 1_100 }) },
      closed,
    ),
  ]),
)

export type ConditionDocument =
  | { readonly all: readonly ConditionDocument[] }
  | { readonly any: readonly ConditionDocument[] }
  | { readonly not: ConditionDocument }
  | { readonly kind: readonly FactKind[] }
  /** A referral at one of these stages: `received` by the member, `completed` of one that the member sent. */
  | { readonly referral: readonly ReferralStage[] }
  | { readonly store: readonly StoreId[] }
  | { readonly home_store: boolean }
  | { readonly number: NumberName; readonly is: Comparison; readonly value: number }
  | {
      /** Matching lines together reach what is asked for; no skus and no categories: the whole basket. */
      readonly basket: {
        readonly skus?: readonly string[]
        readonly categories?: readonly string[]
        readonly amount?: number
        /** Thousandths. */
        readonly quantity?: number
      }
    }
  | {
      /** Paid with one of these tenders, at least `amount` in all. */
      readonly payment: { readonly types: readonly string[]; readonly amount?: number }
    }
  | { readonly attribute: string; readonly in: readonly string[] }
  | { readonly birthday: 'day' | 'month' }
  | { readonly segment: RuleId }
  /** At least this tier. */
  | { readonly tier: RuleId }
  /** Has a live entitlement of this perk. */
  | { readonly holds: RuleId }
  | {
      /** 0: points. */
      readonly metric: number
      readonly part: MetricPart
      readonly window?: WindowDocument
      readonly is: Comparison
      readonly value: number
    }
  | { readonly aggregate: RuleId; readonly is: Comparison; readonly value: number }
  /** How often a perk, bonus or rule applied in the window, before this fact. */
  | {
      readonly applied: RuleId
      readonly window?: WindowDocument
      readonly is: Comparison
      readonly value: number
    }

const value = Type.Integer({ minimum: -POINTS_MAX, maximum: AMOUNT_MAX })
const is = oneOf(COMPARISONS)
const names = Type.Array(SkuShape, { minItems: 1, maxItems: CONDITIONS_MAX })

const leaves = [
  Type.Object({ kind: Type.Array(oneOf(FACT_KINDS), { minItems: 1, maxItems: FACT_KINDS.length }) }, closed),
  Type.Object(
    { referral: Type.Array(oneOf(REFERRAL_STAGES), { minItems: 1, maxItems: REFERRAL_STAGES.length }) },
    closed,
  ),
  Type.Object({ store: Type.Array(StoreIdShape, { minItems: 1, maxItems: CONDITIONS_MAX }) }, closed),
  Type.Object({ home_store: Type.Boolean() }, closed),
  Type.Object({ number: oneOf(NUMBERS), is, value }, closed),
  Type.Object(
    {
      basket: Type.Object(
        {
          skus: Type.Optional(names),
          categories: Type.Optional(names),
          amount: Type.Optional(Type.Integer({ minimum: 1, maximum: AMOUNT_MAX })),
          quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: QUANTITY_MAX })),
        },
        closed,
      ),
    },
    closed,
  ),
  Type.Object(
    {
      payment: Type.Object(
        {
          types: Type.Array(text(1, 32), { minItems: 1, maxItems: CONDITIONS_MAX }),
          amount: Type.Optional(Type.Integer({ minimum: 1, maximum: AMOUNT_MAX })),
        },
        closed,
      ),
    },
    closed,
  ),
  Type.Object(
    { attribute: NameShape, in: Type.Array(NameShape, { minItems: 1, maxItems: CONDITIONS_MAX }) },
    closed,
  ),
  Type.Object({ birthday: oneOf(['day', 'month']) }, closed),
  Type.Object({ segment: RuleIdShape }, closed),
  Type.Object({ tier: RuleIdShape }, closed),
  Type.Object({ holds: RuleIdShape }, closed),
  Type.Object(
    { metric: MetricIdShape, part: oneOf(METRIC_PARTS), window: Type.Optional(WindowShape), is, value },
    closed,
  ),
  Type.Object({ aggregate: RuleIdShape, is, value }, closed),
  Type.Object({ applied: RuleIdShape, window: Type.Optional(WindowShape), is, value }, closed),
]

const children = Type.Array(Type.Ref('condition'), { minItems: 1, maxItems: CONDITIONS_MAX })

export const ConditionShape = Type.Unsafe<ConditionDocument>(
  Type.Cyclic(
    {
      condition: Type.Union([
        Type.Object({ all: children }, closed),
        Type.Object({ any: children }, closed),
        Type.Object({ not: Type.Ref('condition') }, closed),
        ...leaves,
      ]),
    },
    'condition',
  ),
)
