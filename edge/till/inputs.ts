// What a terminal may send: one closed shape per kind of write, checked once at the border; after it the types are trusted. What stands in
// the path (`:id`, `:code`) is a field here that the HTTP handler fills in. `id` is the idempotency key for callers that cannot send the
// header (K-1); the till never reads it.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { IdentityShape } from '../../protocol/facts.ts'
import { LINES_MAX, POINTS_MAX, QUANTITY_MAX, TENDERS_MAX } from '../../protocol/limits.ts'
import {
  KeyShape,
  MetricIdShape,
  MoneyShape,
  NameShape,
  RuleIdShape,
  SkuShape,
  TextShape,
  closed,
  oneOf,
} from '../../protocol/shapes.ts'
import { QUANTITY_UNIT } from '../../protocol/numbers.ts'

export const IdTextShape = Type.String({
  pattern: '^[1-9][0-9]{0,15}$',
  description: 'An id, as a decimal string',
})
export const MemberReferenceShape = Type.Union([IdTextShape, IdentityShape], {
  description: 'A member id, or an identity: phone, email, card or external_id',
})
export type MemberReference = Readonly<Static<typeof MemberReferenceShape>>

const OccurredAt = Type.String({
  pattern:
    '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})$',
  description: 'RFC 3339 time at which it happened; left out: now',
})
const PieceCount = Type.Number({
  minimum: 0,
  maximum: QUANTITY_MAX / QUANTITY_UNIT,
  description: 'Pieces, kilograms, litres; at most three decimals; 1 when left out',
})
const key = { id: Type.Optional(KeyShape) }
const when = { occurred_at: Type.Optional(OccurredAt) }

const SaleLineInputShape = Type.Object(
  {
    sku: SkuShape,
    category: Type.Optional(Type.Union([SkuShape, Type.Null()])),
    quantity: Type.Optional(PieceCount),
    amount: MoneyShape,
  },
  closed,
)
const TenderInputShape = Type.Object(
  { type: Type.String({ minLength: 1, maxLength: 32 }), amount: MoneyShape },
  closed,
)
const ReturnLineInputShape = Type.Object(
  {
    sale: Type.Union([IdTextShape, Type.Null()]),
    line: Type.Optional(Type.Integer({ minimum: 0, maximum: LINES_MAX - 1 })),
    sku: Type.Optional(SkuShape),
    quantity: Type.Optional(PieceCount),
    amount: MoneyShape,
  },
  closed,
)

const goods = {
  lines: Type.Array(SaleLineInputShape, { minItems: 1, maxItems: LINES_MAX }),
  tenders: Type.Optional(Type.Array(TenderInputShape, { maxItems: TENDERS_MAX })),
}
const BasketInputShape = Type.Object(goods, closed)
export type BasketInput = Readonly<Static<typeof BasketInputShape>>
const SaleInputShape = Type.Object(
  { member: Type.Optional(MemberReferenceShape), ...when, ...goods, ...key },
  closed,
)

export const INPUT_SHAPES = {
  sale: SaleInputShape,
  return: Type.Object(
    {
      lines: Type.Array(ReturnLineInputShape, { minItems: 1, maxItems: LINES_MAX }),
      member: Type.Optional(MemberReferenceShape),
      ...when,
      ...key,
    },
    closed,
  ),
  void: Type.Object({ fact: IdTextShape, reason: Type.Optional(TextShape), ...key }, closed),
  checkin: Type.Object({ member: MemberReferenceShape, ...when, ...key }, closed),
  enrolment: Type.Object(
    {
      name: Type.Optional(Type.Union([NameShape, Type.Null()])),
      identities: Type.Array(IdentityShape, { maxItems: 8 }),
      ...when,
      ...key,
    },
    closed,
  ),
  grant: Type.Object(
    {
      member: MemberReferenceShape,
      /** Left out: points. */
      metric: Type.Optional(MetricIdShape),
      points: Type.Integer({ minimum: 1, maximum: POINTS_MAX }),
      reason: Type.Optional(TextShape),
      ...key,
    },
    closed,
  ),
  redemption: Type.Object(
    {
      member: MemberReferenceShape,
      perk: RuleIdShape,
      /** For a perk of points as money: the points to take at most. Its quote says how many the basket needs. */
      points: Type.Optional(Type.Integer({ minimum: 1, maximum: POINTS_MAX })),
      /** What is about to be paid for, for perks that ask for something in it: its lines, or a sale of this store that has them. */
      basket: Type.Optional(BasketInputShape),
      sale: Type.Optional(IdTextShape),
      capture: Type.Optional(Type.Boolean()),
      ...key,
    },
    closed,
  ),
  /** `redemption` stands in the path. */
  redemption_capture: Type.Object({ redemption: IdTextShape, ...key }, closed),
  redemption_cancel: Type.Object({ redemption: IdTextShape, ...key }, closed),
  /** The edge's own; no terminal can say it. */
  lease_return: Type.Object({ stage: oneOf(['returned', 'expired']) }, closed),
  /** `code` stands in the path. */
  voucher_use: Type.Object({ code: Type.String({ minLength: 4, maxLength: 32 }), ...key }, closed),
} as const

/** The body of a sale; a key is allowed and ignored, so that a terminal can send the same body to both addresses. */
export const QuoteInputShape = SaleInputShape

export type WriteKind = keyof typeof INPUT_SHAPES
/** What a terminal may ask for. */
export type TerminalKind = Exclude<WriteKind, 'lease_return'>
export const WRITE_KINDS = Object.keys(INPUT_SHAPES) as WriteKind[]
export type InputOf<K extends WriteKind> = Readonly<Static<(typeof INPUT_SHAPES)[K]>>
export type QuoteInput = Readonly<Static<typeof QuoteInputShape>>
export type SaleInput = InputOf<'sale'>
export type ReturnInput = InputOf<'return'>

/** Query of GET /v1/history, its numbers parsed. */
export interface HistoryQuery {
  readonly member?: string
  readonly before?: string
  readonly limit?: number
}
