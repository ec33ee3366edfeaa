// The facts there are (P-FACT-1). A fact is made once, at its origin, and its bytes never change; everything else in the system is
// derived from them. Fields are never absent, only null, so that each kind is one record structure on the wire and one hidden
// class in memory.
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import { seqOf } from './ids.ts'
import type { FactId } from './ids.ts'
import { LINES_MAX, TENDERS_MAX } from './limits.ts'
import type { HybridTime } from './time.ts'
import {
  FactIdOrNoneShape,
  FactIdShape,
  HybridTimeShape,
  KeyShape,
  MemberIdOrNoneShape,
  MillisShape,
  MoneyShape,
  NameShape,
  PointsShape,
  ProgramVersionShape,
  QuantityShape,
  RuleIdShape,
  SignedPointsShape,
  SkuShape,
  StoreIdOrHqShape,
  TextShape,
  ZoneOffsetShape,
  closed,
  oneOf,
  orNull,
  text,
} from './shapes.ts'

export const IDENTITY_KINDS = ['phone', 'email', 'card', 'external_id'] as const
export type IdentityKind = (typeof IDENTITY_KINDS)[number]
export const IdentityKindShape = oneOf(IDENTITY_KINDS)
export const IdentityValueShape = text(1, 120)
export const IdentityShape = Type.Object({ kind: IdentityKindShape, value: IdentityValueShape }, closed)
export type Identity = Readonly<Static<typeof IdentityShape>>

const header = <K extends string>(kind: K) => ({
  kind: Type.Literal(kind),
  id: FactIdShape,
  /** The time the fact counts at. */
  at: HybridTimeShape,
  /** The terminal's own time, where it was given and not accepted (P-TIME-5). */
  claimed: orNull(MillisShape),
  offset: ZoneOffsetShape,
  store: StoreIdOrHqShape,
  terminal: text(1, 64),
  key: KeyShape,
  /** The program version the origin answered with. */
  program: ProgramVersionShape,
  member: MemberIdOrNoneShape,
  /** An identity the origin could not resolve; the cloud ties the fact to its member when it can. */
  claim: orNull(IdentityShape),
  /** Points the origin promised the member in its answer, and whether it called the answer confirmed. */
  promised: SignedPointsShape,
  confirmed: Type.Boolean(),
})

export const SaleLineShape = Type.Object(
  { sku: SkuShape, category: orNull(SkuShape), quantity: QuantityShape, amount: MoneyShape },
  closed,
)
export const TenderShape = Type.Object({ type: text(1, 32), amount: MoneyShape }, closed)
export const ReturnLineShape = Type.Object(
  {
    /** The sale that is given back, 0 without a receipt. */
    sale: FactIdOrNoneShape,
    /** Index of the line in the sale, from 0. */
    line: Type.Integer({ minimum: 0, maximum: LINES_MAX - 1 }),
    sku: SkuShape,
    quantity: QuantityShape,
    amount: MoneyShape,
  },
  closed,
)

export const SaleShape = Type.Object(
  {
    ...header('sale'),
    amount: MoneyShape,
    lines: Type.Array(SaleLineShape, { minItems: 1, maxItems: LINES_MAX }),
    tenders: Type.Array(TenderShape, { maxItems: TENDERS_MAX }),
  },
  closed,
)
export const ReturnShape = Type.Object(
  {
    ...header('return'),
    amount: MoneyShape,
    lines: Type.Array(ReturnLineShape, { minItems: 1, maxItems: LINES_MAX }),
  },
  closed,
)
/** Takes back the effects of one earlier sale, check-in or grant as if it had not happened. */
export const VoidShape = Type.Object({ ...header('void'), fact: FactIdShape, reason: TextShape }, closed)
export const CheckinShape = Type.Object({ ...header('checkin') }, closed)
/** Makes a member; the member's id is this fact's id. */
export const EnrolmentShape = Type.Object(
  {
    ...header('enrolment'),
    name: orNull(NameShape),
    identities: Type.Array(IdentityShape, { minItems: 1, maxItems: 8 }),
  },
  closed,
)
/** Points given by staff, within the program's limit for one grant. */
export const GrantShape = Type.Object({ ...header('grant'), points: PointsShape, reason: TextShape }, closed)
/** Points spent on a perk. `of` is 0 on the first fact of a redemption, else the id of that first fact. */
export const RedemptionShape = Type.Object(
  {
    ...header('redemption'),
    stage: oneOf(['reserved', 'captured', 'cancelled']),
    of: FactIdOrNoneShape,
    perk: RuleIdShape,
    points: PointsShape,
    /** The cloud's decision that allowed it (its hold), 0 where the cloud made the fact itself. */
    hold: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  },
  closed,
)
export const VoucherUseShape = Type.Object(
  {
    ...header('voucher_use'),
    code: text(4, 32),
    hold: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  },
  closed,
)
/** HQ's word: points added or taken away, with a reason, outside every rule. */
export const AdjustmentShape = Type.Object(
  { ...header('adjustment'), points: SignedPointsShape, reason: TextShape, by: NameShape },
  closed,
)

export const FACT_SHAPES = {
  sale: SaleShape,
  return: ReturnShape,
  void: VoidShape,
  checkin: CheckinShape,
  enrolment: EnrolmentShape,
  grant: GrantShape,
  redemption: RedemptionShape,
  voucher_use: VoucherUseShape,
  adjustment: AdjustmentShape,
} as const satisfies Record<string, TSchema>

export type FactKind = keyof typeof FACT_SHAPES
export const FACT_KINDS = Object.keys(FACT_SHAPES) as FactKind[]

export type SaleLine = Readonly<Static<typeof SaleLineShape>>
export type Tender = Readonly<Static<typeof TenderShape>>
export type ReturnLine = Readonly<Static<typeof ReturnLineShape>>
export type Sale = Readonly<Static<typeof SaleShape>>
export type Return = Readonly<Static<typeof ReturnShape>>
export type Void = Readonly<Static<typeof VoidShape>>
export type Checkin = Readonly<Static<typeof CheckinShape>>
export type Enrolment = Readonly<Static<typeof EnrolmentShape>>
export type Grant = Readonly<Static<typeof GrantShape>>
export type Redemption = Readonly<Static<typeof RedemptionShape>>
export type VoucherUse = Readonly<Static<typeof VoucherUseShape>>
export type Adjustment = Readonly<Static<typeof AdjustmentShape>>
export type Fact = Sale | Return | Void | Checkin | Enrolment | Grant | Redemption | VoucherUse | Adjustment
/** What every kind has. */
export type FactHeader = Pick<Fact, keyof Checkin>

/** What a schema cannot say (P-ID-1, P-FACT-4); undefined when nothing is wrong. */
export function factFault(fact: Fact): string | undefined {
  if (seqOf(fact.id) === 0) return '/id names no position'
  if (fact.kind !== 'sale') return undefined
  let amount = 0
  for (const line of fact.lines) amount += line.amount
  return amount === fact.amount ? undefined : `/amount is ${fact.amount}, the lines add up to ${amount}`
}

/** A place in the canonical order (P-TIME-3). */
export interface CanonicalPlace {
  readonly at: HybridTime
  readonly id: FactId
}

export function compareCanonical(a: CanonicalPlace, b: CanonicalPlace): number {
  return a.at === b.at ? a.id - b.id : a.at - b.at
}
