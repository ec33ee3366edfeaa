// What the cloud says about its rows, as shapes: the source of the views' types, of /openapi.json and of the tests' checks of every answer.
// Ids of facts and members are decimal strings, because clients round numbers of 53 bits; ids of stores, devices and rules are small
// integers. Times are RFC 3339 in UTC with milliseconds, amounts integers of minor units, quantities pieces with at most three decimals.
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import { AUTHORITIES, FACT_KINDS, IdentityShape, LEASE_STAGES } from '../../protocol/facts.ts'
import { LEASE_SUBJECTS } from '../../protocol/leases.ts'
import { closed, oneOf, orNull } from '../../protocol/shapes.ts'
import { AccountViewShape, TierProgressViewShape } from './account-shapes.ts'
import { memberExtras } from './member-extras-shapes.ts'
import { EFFECT_KINDS } from '../evaluation/effects.ts'
import { RedeemConditionShape } from '../evaluation/explanation/redeem-condition-shape.ts'
import { STATUS_WORDS } from '../evaluation/spending/entitlement-statuses.ts'

const FACT_STATUSES = ['counted', 'duplicate', 'unclaimed', 'merged'] as const

const Int = Type.Integer()
const Text = Type.String()
export const TimeTextShape = Type.String({ description: 'RFC 3339, UTC, milliseconds' })
export const IdTextShape = Type.String({
  pattern: '^[1-9][0-9]{0,15}$',
  description: 'An id, as a decimal string',
})
const Points = Type.Integer({ description: 'Points, of either sign' })
const Amount = Type.Integer({ description: "Minor units of the program's currency" })
const Pieces = Type.Number({ description: 'Pieces, at most three decimals' })

/** A page of a list: `next` is the `after` of the next page, null on the last. */
export function pageOf(item: TSchema): TSchema {
  return Type.Object({ items: Type.Array(item), next: orNull(Text) }, closed)
}

export const TierViewShape = Type.Object({ id: Int, name: Text }, closed)

export const EntitlementViewShape = Type.Object(
  {
    code: Text,
    perk: Int,
    title: Text,
    status: oneOf(STATUS_WORDS),
    uses_left: Int,
    issued_by: IdTextShape,
    used_by: orNull(IdTextShape),
    usable_from: orNull(TimeTextShape),
    expires_at: orNull(TimeTextShape),
    /** The business's own code, shown instead of this one; and where an external reward is fetched. */
    external_code: orNull(Text),
    external_url: orNull(Text),
  },
  closed,
)
export type EntitlementView = Readonly<Static<typeof EntitlementViewShape>>

export const MemberViewShape = Type.Object(
  {
    id: IdTextShape,
    name: orNull(Text),
    identities: Type.Array(IdentityShape),
    /** The store of the enrolment. */
    store: Int,
    merged_into: orNull(
      Type.String({ description: 'The member this one is now; all that was its own is there' }),
    ),
    enrolled_at: TimeTextShape,
    tier: orNull(TierViewShape),
    next_tier: orNull(Type.Object({ id: Int, name: Text, point_floor: Int, missing: Int }, closed)),
    balance: Type.Integer({ description: 'Points that can be spent: fold + goodwill' }),
    available: Type.Integer({
      description: 'Of the balance: neither leased to stores nor held by open decisions',
    }),
    leased: Type.Integer({ description: 'Stores may spend it without asking' }),
    held: Type.Integer({ description: 'Allowed, and not known to be spent yet' }),
    at_risk: Type.Integer({
      description: 'Ever spent beyond leases and decisions, at the risk of the merchant',
    }),
    fold: Points,
    goodwill: Points,
    lifetime: Points,
    spent: Points,
    accounts: Type.Array(AccountViewShape, { description: 'Points first, then every other metric' }),
    tier_progress: TierProgressViewShape,
    vouchers: Type.Array(EntitlementViewShape),
    ...memberExtras,
    facts: Type.Integer({ description: 'Facts folded' }),
    last_fact_at: orNull(TimeTextShape),
  },
  closed,
)
export type MemberView = Readonly<Static<typeof MemberViewShape>>

const factSummary = {
  id: IdTextShape,
  origin: Int,
  seq: Int,
  kind: oneOf(FACT_KINDS),
  store: Type.Integer({ description: '0: made by HQ' }),
  terminal: Text,
  key: Text,
  member: orNull(IdTextShape),
  at: TimeTextShape,
  received_at: TimeTextShape,
  status: oneOf(FACT_STATUSES),
  amount: orNull(Amount),
  points: Type.Integer({ description: 'Points the fact comes to now, without goodwill' }),
  goodwill: Points,
}
export const FactSummaryShape = Type.Object(factSummary, closed)
export type FactSummary = Readonly<Static<typeof FactSummaryShape>>

export const EffectViewShape = Type.Object(
  {
    id: Text,
    fact: IdTextShape,
    revision: Int,
    cause: orNull(IdTextShape),
    kind: oneOf(EFFECT_KINDS),
    rule: orNull(Int),
    title: orNull(Text),
    index: Int,
    amount: Type.Integer({
      description:
        "Points; for `tier` the new tier's id; for vouchers 1; for `entitlement` the place of its new status in the list of statuses, from 1",
    }),
    of: orNull(
      Type.String({
        description: 'The sale a reversal takes from, the tier left, or the fact of the voucher',
      }),
    ),
    at: TimeTextShape,
    position: Type.Integer({ description: 'Where it stands in the live feed' }),
  },
  closed,
)
export type EffectView = Readonly<Static<typeof EffectViewShape>>

/** What the kinds of facts say beyond the summary. */
const FactDataShape = Type.Object(
  {
    lines: Type.Optional(
      Type.Array(
        Type.Object(
          {
            line: Int,
            sku: Text,
            category: Type.Optional(orNull(Text)),
            sale: Type.Optional(orNull(IdTextShape)),
            quantity: Pieces,
            amount: Amount,
          },
          closed,
        ),
      ),
    ),
    tenders: Type.Optional(Type.Array(Type.Object({ type: Text, amount: Amount }, closed))),
    fact: Type.Optional(orNull(IdTextShape)),
    conflict: Type.Optional(Text),
    subject: Type.Optional(Text),
    decision: Type.Optional(Text),
    reason: Type.Optional(Text),
    by: Type.Optional(Text),
    name: Type.Optional(orNull(Text)),
    identities: Type.Optional(Type.Array(IdentityShape)),
    metric: Type.Optional(Int),
    points: Type.Optional(Points),
    stage: Type.Optional(
      oneOf(['reserved', 'captured', 'cancelled', 'sent', 'received', 'completed', 'void', ...LEASE_STAGES]),
    ),
    authority: Type.Optional(oneOf(AUTHORITIES)),
    rights: Type.Optional(Type.Array(Type.Object({ lease: Int, amount: Int }, closed))),
    at_risk: Type.Optional(Points),
    origin: Type.Optional(Int),
    leases: Type.Optional(
      Type.Array(
        Type.Object(
          {
            lease: Int,
            subject: oneOf(LEASE_SUBJECTS),
            member: orNull(IdTextShape),
            item: Int,
            code: orNull(Text),
            amount: Int,
            cap: Int,
            expires_at: TimeTextShape,
          },
          closed,
        ),
      ),
    ),
    redemption: Type.Optional(orNull(IdTextShape)),
    perk: Type.Optional(Int),
    from: Type.Optional(orNull(Text)),
    until: Type.Optional(orNull(Text)),
    code: Type.Optional(Text),
    home_store: Type.Optional(orNull(Int)),
    birthday: Type.Optional(orNull(Text)),
    attributes: Type.Optional(Type.Array(Type.Object({ name: Text, value: orNull(Text) }, closed))),
    membership: Type.Optional(orNull(oneOf(['active', 'inactive']))),
    membership_start: Type.Optional(orNull(Text)),
    quantity: Type.Optional(Int),
    amount: Type.Optional(orNull(Amount)),
    action: Type.Optional(Text),
    challenge: Type.Optional(Int),
    verdict: Type.Optional(Text),
    response: Type.Optional(orNull(IdTextShape)),
    number: Type.Optional(Int),
    number_in_period: Type.Optional(Int),
    seed: Type.Optional(Text),
    referral: Type.Optional(orNull(IdTextShape)),
    source: Type.Optional(Text),
    segment: Type.Optional(Int),
    due: Type.Optional(TimeTextShape),
    merged: Type.Optional(IdTextShape),
    sale: Type.Optional(IdTextShape),
  },
  closed,
)
export type FactData = Readonly<Static<typeof FactDataShape>>

export const FactViewShape = Type.Object(
  {
    ...factSummary,
    hash: Text,
    claimed_at: orNull(TimeTextShape),
    offset_minutes: Int,
    program: Type.Integer({ description: 'The program version its store answered with' }),
    promised: Points,
    confirmed: Type.Boolean(),
    claim: orNull(IdentityShape),
    data: FactDataShape,
    effects: Type.Array(EffectViewShape, { description: 'Of all revisions, oldest first' }),
  },
  closed,
)
export type FactView = Readonly<Static<typeof FactViewShape>>

const ConsideredShape = Type.Object(
  {
    rule: Int,
    title: Text,
    type: Text,
    applied: Type.Boolean(),
    points: Type.Integer({ description: "In the smallest unit of the rule's metric" }),
    metric: Type.Optional(Type.Integer({ description: 'Left out where it is points' })),
    condition: orNull(Text),
    actual: orNull(Text),
    required: orNull(Text),
    hint: orNull(Text),
    conditions: Type.Optional(
      Type.Array(RedeemConditionShape, {
        description: 'Of a redemption: what it was asked, in order, to the first that did not hold',
      }),
    ),
    birthday: Type.Optional(
      Type.String({
        description: 'Local date of a birthday that the fact brought; then it was considered for that',
      }),
    ),
  },
  closed,
)

const ReactionShape = Type.Object(
  {
    rule: Int,
    title: Text,
    type: oneOf(['STAMP_CARD', 'CHALLENGE', 'RESPONSE', 'PRIZE', 'RULE']),
    applied: Type.Boolean(),
    points: Type.Integer({ description: 'What it gave, in the smallest unit of its metric' }),
    metric: Type.Optional(Type.Integer({ description: 'Left out where it is points' })),
    time: Type.Optional(Type.String({ description: 'Local time of a TIME rule that the fact brought' })),
    condition: orNull(Text),
    actual: orNull(Text),
    required: orNull(Text),
    hint: orNull(Text),
  },
  closed,
)

export const ExplanationShape = Type.Object(
  {
    fact: IdTextShape,
    kind: oneOf(FACT_KINDS),
    at: TimeTextShape,
    status: oneOf(FACT_STATUSES),
    member: orNull(IdTextShape),
    program: orNull(Type.Object({ version: Int, name: Text, effective_from: TimeTextShape }, closed)),
    before: orNull(
      Type.Object(
        { tier: orNull(TierViewShape), fold: Points, goodwill: Points, lifetime: Points, facts: Int },
        closed,
      ),
    ),
    considered: Type.Array(ConsideredShape),
    reactions: Type.Array(ReactionShape, {
      description: 'Stamp cards, challenges, responses and rules that the fact met',
    }),
    points: Points,
    goodwill: Points,
    effects: Type.Array(EffectViewShape),
    text: Text,
  },
  closed,
)
export type Explanation = Readonly<Static<typeof ExplanationShape>>

export const ACTIVITY_VIEW_KINDS = [...FACT_KINDS, 'correction', 'notice', 'conflict'] as const
export const ActivityViewShape = Type.Object(
  {
    position: Int,
    time: TimeTextShape,
    kind: oneOf(ACTIVITY_VIEW_KINDS),
    fact: orNull(IdTextShape),
    revision: Int,
    cause: orNull(IdTextShape),
    store: Type.Object({ id: Int, name: Text }, closed),
    member: orNull(Type.String({ description: 'Initials and the last two characters of an identity' })),
    amount: orNull(Amount),
    points: Type.Integer({ description: 'What this activity adds, without goodwill' }),
    goodwill: Points,
    points_total: Type.Integer({ description: 'What the fact comes to with it' }),
    tier: orNull(Type.String({ description: 'The tier it led to, where it changed' })),
    vouchers: Type.Integer({ description: 'Vouchers issued' }),
    code: orNull(Text),
    text: Text,
  },
  closed,
)
export type ActivityView = Readonly<Static<typeof ActivityViewShape>>

export const LeaseViewShape = Type.Object(
  {
    lease: Int,
    store: Int,
    origin: Int,
    subject: oneOf(LEASE_SUBJECTS),
    member: orNull(IdTextShape),
    item: Type.Integer({ description: 'The metric, or the perk' }),
    code: orNull(Text),
    granted: Int,
    spent: Int,
    returned: Int,
    written_off: Int,
    left: Type.Integer({
      description: 'What the store may still spend, or may have spent without having told it yet',
    }),
    cap: Type.Integer({ description: 'At most so much in one redemption' }),
    expires_at: TimeTextShape,
    recalled: Type.Boolean({ description: 'Asked back, and not answered yet' }),
  },
  closed,
)
export type LeaseView = Readonly<Static<typeof LeaseViewShape>>

export const NoticeViewShape = Type.Object(
  {
    position: Int,
    time: TimeTextShape,
    code: Text,
    text: Text,
    store: Int,
    fact: orNull(IdTextShape),
  },
  closed,
)
export type NoticeView = Readonly<Static<typeof NoticeViewShape>>

export const QuarantineViewShape = Type.Object(
  {
    id: IdTextShape,
    origin: Int,
    seq: Int,
    store: Int,
    reason: Text,
    received_at: TimeTextShape,
    size_bytes: Int,
    hash: Text,
  },
  closed,
)
export type QuarantineView = Readonly<Static<typeof QuarantineViewShape>>

const receipt = {
  receipt: Type.Object({ id: IdTextShape, epoch: Int, seq: Int, hash: Text }, closed),
  at: TimeTextShape,
  member: Type.Object({ id: IdTextShape }, closed),
}
export const FactReceiptShape = Type.Object(
  { ...receipt, kind: oneOf(FACT_KINDS), store: Int, data: FactDataShape },
  closed,
)
export type FactReceipt = Readonly<Static<typeof FactReceiptShape>>

export const AdjustmentReceiptShape = Type.Object(
  { ...receipt, kind: Type.Literal('adjustment'), metric: Int, points: Points, reason: Text, by: Text },
  closed,
)

export const DrawViewShape = Type.Object(
  {
    challenge: Int,
    seed: Text,
    winners: Type.Array(
      Type.Object(
        {
          rank: Int,
          response: IdTextShape,
          number: Type.Integer({ description: 'Of the response, among all' }),
          member: IdTextShape,
          fact: Type.String({ description: 'The fact that says it was drawn' }),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type DrawView = Readonly<Static<typeof DrawViewShape>>

export const TotalsShape = Type.Object(
  {
    members: Type.Integer({ description: 'Enrolled here' }),
    orphans: Type.Integer({
      description: 'Not enrolled here, though their facts are: in all sums beside the members',
    }),
    balance: Type.Integer({ description: 'fold + goodwill of all of them' }),
    fold: Points,
    goodwill: Points,
    lifetime: Points,
    spent: Points,
    by_tier: Type.Record(Type.String(), Int),
    vouchers: Type.Object({ issued: Int, used: Int, open: Int }, closed),
    points_earned: Points,
    points_reversed: Type.Integer({
      description: 'Points taken back by returns and voids, as a positive number',
    }),
    facts: Type.Object(
      { counted: Int, duplicate: Int, unclaimed: Int, merged: Int, quarantined: Int },
      closed,
    ),
    position: Type.Integer({ description: 'The live feed stood here when the totals were taken' }),
  },
  closed,
)
export type Totals = Readonly<Static<typeof TotalsShape>>
