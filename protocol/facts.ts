// The facts there are (P-FACT-1). A fact is made once, at its origin, and its bytes never change; everything else in the system is
// derived from them. Fields are never absent, only null, so that each kind is one record structure on the wire and one hidden
// class in memory.
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import { seqOf } from './ids.ts'
import type { FactId, MemberId } from './ids.ts'
import { CONFLICT_DECISIONS, CONFLICT_KINDS } from './conflicts.ts'
import { LeaseLineShape, RightsShape } from './leases.ts'
import {
  ACTIVITY_QUANTITY_MAX,
  CONFLICT_SUBJECT_CHARS_MAX,
  LEASE_LINES_MAX,
  LINES_MAX,
  RECORD_CHARS_MAX,
  TENDERS_MAX,
} from './limits.ts'
import type { HybridTime } from './time.ts'
import {
  DateShape,
  FactIdOrNoneShape,
  FactIdShape,
  HybridTimeShape,
  KeyShape,
  MemberIdOrNoneShape,
  MetricIdShape,
  MillisShape,
  MoneyShape,
  NameShape,
  OriginShape,
  PointsShape,
  ProgramVersionShape,
  QuantityShape,
  RuleIdShape,
  SignedPointsShape,
  SkuShape,
  StoreIdOrHqShape,
  StoreIdShape,
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
  /** Its origin's clock could not be trusted when it was made: time does not act by it (P-TIME-7). */
  suspect: Type.Boolean(),
})

export const SaleLineShape = Type.Object(
  { sku: SkuShape, category: orNull(SkuShape), quantity: QuantityShape, amount: MoneyShape },
  closed,
)
export const TenderShape = Type.Object({ type: text(1, 32), amount: MoneyShape }, closed)
/** What is about to be paid for: a redemption's conditions may ask for it. */
export const BasketShape = Type.Object(
  {
    lines: Type.Array(SaleLineShape, { minItems: 1, maxItems: LINES_MAX }),
    tenders: Type.Array(TenderShape, { maxItems: TENDERS_MAX }),
  },
  closed,
)
export type Basket = Readonly<Static<typeof BasketShape>>
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
/** Takes back the effects of one earlier sale, check-in or grant as if it had not happened; gives a redemption, or the use of an entitlement, back. */
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
/** An amount of a metric (0: points) given by staff, within the program's limit for one grant. */
export const GrantShape = Type.Object(
  { ...header('grant'), metric: MetricIdShape, points: PointsShape, reason: TextShape },
  closed,
)
/** Under what a store spends (P-LEASE-2): one of them, or a lease that does not suffice and risk for the rest. */
const authority = {
  /** The cloud's decision that allowed it (its hold); 0 where there was none. */
  hold: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  /** What it takes out of leases; a cancellation: what it puts back. */
  rights: RightsShape,
  /** Points the merchant's risk covers; null: it is not at risk. */
  risk: orNull(PointsShape),
}
/** Points spent on a perk. `of` is 0 on the first fact of a redemption, else the id of that first fact. */
export const RedemptionShape = Type.Object(
  {
    ...header('redemption'),
    stage: oneOf(['reserved', 'captured', 'cancelled']),
    of: FactIdOrNoneShape,
    perk: RuleIdShape,
    points: PointsShape,
    ...authority,
  },
  closed,
)
export const VoucherUseShape = Type.Object(
  {
    ...header('voucher_use'),
    code: text(4, 32),
    ...authority,
  },
  closed,
)
/** HQ's word: an amount of a metric (0: points) added or taken away, with a reason, outside every rule. */
export const AdjustmentShape = Type.Object(
  {
    ...header('adjustment'),
    metric: MetricIdShape,
    points: SignedPointsShape,
    reason: TextShape,
    by: NameShape,
  },
  closed,
)

export const AttributeChangeShape = Type.Object(
  { name: NameShape, /** Null takes the attribute away. */ value: orNull(NameShape) },
  closed,
)
/** What is known of a member beside identities; null leaves a field as it is. */
export const ProfileShape = Type.Object(
  {
    ...header('profile'),
    home_store: orNull(StoreIdShape),
    birthday: orNull(DateShape),
    attributes: Type.Array(AttributeChangeShape, { maxItems: 100 }),
    membership: orNull(oneOf(['active', 'inactive'])),
    membership_start: orNull(DateShape),
  },
  closed,
)
/** Something a perk names that is no sale: a visit, a coupon, progress of a challenge. A negative quantity takes back. */
export const ActivityShape = Type.Object(
  {
    ...header('activity'),
    perk: RuleIdShape,
    quantity: Type.Integer({ minimum: -ACTIVITY_QUANTITY_MAX, maximum: ACTIVITY_QUANTITY_MAX }),
    amount: orNull(MoneyShape),
  },
  closed,
)
/** An entitlement given to a member: an ad hoc award, a club, a prize handed out. */
export const AwardFactShape = Type.Object(
  {
    ...header('award'),
    perk: RuleIdShape,
    /** First and last local day of this one's own window; null: the perk's. */
    from: orNull(DateShape),
    until: orNull(DateShape),
    reason: TextShape,
  },
  closed,
)
export const ENTITLEMENT_ACTIONS = [
  'approve',
  'clip',
  'unclip',
  'reserve',
  'release',
  'process',
  'ship',
  'fulfil',
  'claim',
  'cancel',
  'fail',
  'expire',
  'reinstate',
  'redate',
] as const
export type EntitlementAction = (typeof ENTITLEMENT_ACTIONS)[number]
/** A step of an entitlement's life other than its use (that is `voucher_use`). */
export const EntitlementFactShape = Type.Object(
  {
    ...header('entitlement'),
    code: text(4, 32),
    action: oneOf(ENTITLEMENT_ACTIONS),
    /** Of `redate` and `reinstate`: the last local day it can be used on; null: of `redate` none, of `reinstate` as it was. */
    until: orNull(DateShape),
    reason: TextShape,
  },
  closed,
)
export const ChallengeFactShape = Type.Object(
  { ...header('challenge'), challenge: RuleIdShape, action: oneOf(['join', 'leave']) },
  closed,
)
/** A response to a response challenge, and what became of it. */
export const ResponseShape = Type.Object(
  {
    ...header('response'),
    challenge: RuleIdShape,
    verdict: oneOf(['submitted', 'approved', 'rejected', 'drawn']),
    /** The submitted response this is about; 0 on that one itself. */
    of: FactIdOrNoneShape,
    /** Place among all responses to the challenge, from 1, and among those of the prize's period: given by the cloud, so that a replay finds the same winners. */
    number: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
    number_in_period: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
    seed: text(1, 64),
  },
  closed,
)
export const REFERRAL_STAGES = ['sent', 'received', 'completed', 'void'] as const
export type ReferralStage = (typeof REFERRAL_STAGES)[number]
/** `sent` and `completed` belong to the member who referred, `received` to the one referred, `void` to both. */
export const ReferralShape = Type.Object(
  {
    ...header('referral'),
    stage: oneOf(REFERRAL_STAGES),
    /** The `sent` fact; 0 on that one itself. */
    of: FactIdOrNoneShape,
    source: text(0, 64),
  },
  closed,
)
/** HQ's word about a segment: `include` and `exclude` are overrides, which `clear` ends; `add` and `remove` are what a rule could do. */
export const SEGMENT_ACTIONS = ['include', 'exclude', 'clear', 'add', 'remove'] as const
export const SegmentFactShape = Type.Object(
  { ...header('segment'), segment: RuleIdShape, action: oneOf(SEGMENT_ACTIONS) },
  closed,
)
/** What a fact earned and is still pending can be spent from now on. */
export const ReleaseShape = Type.Object({ ...header('release'), fact: FactIdShape }, closed)
/** Time has come to here: what was due is booked. `due` is the earliest of it. */
export const MomentShape = Type.Object({ ...header('moment'), due: MillisShape }, closed)
/** Two members are one person: all facts of `merged` belong to the member of this fact. */
export const MergeShape = Type.Object(
  { ...header('merge'), merged: Type.Unsafe<MemberId>(FactIdShape) },
  closed,
)
/** A guest sale is this member's. */
export const RetroClaimShape = Type.Object({ ...header('retro_claim'), sale: FactIdShape }, closed)

/**
 * HQ's word about a conflict, named by its kind and subject. Of a fact that was set aside `record` is what it counts with, its bytes in base64, under its
 * own identity and at its own place; `fact` is the fact of HQ that puts another conflict right.
 */
export const ResolutionShape = Type.Object(
  {
    ...header('resolution'),
    conflict: oneOf(CONFLICT_KINDS),
    subject: text(1, CONFLICT_SUBJECT_CHARS_MAX),
    decision: oneOf(CONFLICT_DECISIONS),
    fact: FactIdOrNoneShape,
    record: orNull(text(1, RECORD_CHARS_MAX)),
    reason: TextShape,
    by: NameShape,
  },
  closed,
)
export const LEASE_STAGES = ['granted', 'recalled', 'returned', 'expired', 'written_off'] as const
/** The cloud grants, asks back and writes off; the store whose ledger `origin` is gives back. It belongs to no member: it moves no balance. */
export const LeaseFactShape = Type.Object(
  {
    ...header('lease'),
    stage: oneOf(LEASE_STAGES),
    origin: OriginShape,
    lines: Type.Array(LeaseLineShape, { minItems: 1, maxItems: LEASE_LINES_MAX }),
  },
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
  profile: ProfileShape,
  activity: ActivityShape,
  award: AwardFactShape,
  entitlement: EntitlementFactShape,
  challenge: ChallengeFactShape,
  response: ResponseShape,
  referral: ReferralShape,
  segment: SegmentFactShape,
  release: ReleaseShape,
  moment: MomentShape,
  merge: MergeShape,
  retro_claim: RetroClaimShape,
  resolution: ResolutionShape,
  lease: LeaseFactShape,
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
export type Profile = Readonly<Static<typeof ProfileShape>>
export type Activity = Readonly<Static<typeof ActivityShape>>
export type AwardFact = Readonly<Static<typeof AwardFactShape>>
export type EntitlementFact = Readonly<Static<typeof EntitlementFactShape>>
export type ChallengeFact = Readonly<Static<typeof ChallengeFactShape>>
export type Response = Readonly<Static<typeof ResponseShape>>
export type Referral = Readonly<Static<typeof ReferralShape>>
export type SegmentFact = Readonly<Static<typeof SegmentFactShape>>
export type Release = Readonly<Static<typeof ReleaseShape>>
export type Moment = Readonly<Static<typeof MomentShape>>
export type Merge = Readonly<Static<typeof MergeShape>>
export type RetroClaim = Readonly<Static<typeof RetroClaimShape>>
export type Resolution = Readonly<Static<typeof ResolutionShape>>
export type LeaseFact = Readonly<Static<typeof LeaseFactShape>>
export type Fact =
  | Sale
  | Return
  | Void
  | Checkin
  | Enrolment
  | Grant
  | Redemption
  | VoucherUse
  | Adjustment
  | Profile
  | Activity
  | AwardFact
  | EntitlementFact
  | ChallengeFact
  | Response
  | Referral
  | SegmentFact
  | Release
  | Moment
  | Merge
  | RetroClaim
  | Resolution
  | LeaseFact
/** What every kind has. */
export type FactHeader = Pick<Fact, keyof Checkin>

/** What a schema cannot say (P-ID-1, P-FACT-4); undefined when nothing is wrong. */
export function factFault(fact: Fact): string | undefined {
  if (seqOf(fact.id) === 0) return '/id names no position'
  if (fact.kind === 'activity' && fact.quantity === 0) return '/quantity is 0; leave the fact out'
  if (fact.kind !== 'sale') return undefined
  let amount = 0
  for (const line of fact.lines) amount += line.amount
  return amount === fact.amount ? undefined : `/amount is ${fact.amount}, the lines add up to ${amount}`
}

/** Who decided a spending: the cloud, a lease it had given, or nobody, at the merchant's risk (P-LEASE-2). */
export const AUTHORITIES = ['cloud', 'lease', 'risk'] as const
export type AuthorityWord = (typeof AUTHORITIES)[number]

export function authorityOf({ hold, risk }: Pick<Redemption, 'hold' | 'risk'>): AuthorityWord {
  if (risk !== null) return 'risk'
  return hold > 0 ? 'cloud' : 'lease'
}

/** A place in the canonical order (P-TIME-3). */
export interface CanonicalPlace {
  readonly at: HybridTime
  readonly id: FactId
}

export function compareCanonical(a: CanonicalPlace, b: CanonicalPlace): number {
  return a.at === b.at ? a.id - b.id : a.at - b.at
}
