// What the till answers, as shapes: the source of the types, of /openapi.json and of the tests' checks. Ids are decimal strings, times RFC
// 3339 in UTC with milliseconds, amounts integers of minor units.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { AUTHORITIES, FACT_KINDS, IdentityShape } from '../../protocol/facts.ts'
import { LIFE_ENDS } from '../../protocol/lives.ts'
import { closed, oneOf, orNull } from '../../protocol/shapes.ts'
import { EFFECT_KINDS } from '../../cloud/evaluation/effects.ts'
import { RedeemConditionShape } from '../../cloud/evaluation/explanation/redeem-condition-shape.ts'
import { STATUS_WORDS } from '../../cloud/evaluation/spending/entitlement-statuses.ts'
import { IdTextShape } from './inputs.ts'

const Int = Type.Integer()
const Text = Type.String()
const TimeText = Type.String({ description: 'RFC 3339, UTC, milliseconds' })

export const StatusWordShape = oneOf(['confirmed', 'provisional'])
export type StatusWord = 'confirmed' | 'provisional'

/** What the caller should know besides the numbers. */
export const NOTES = ['member_unknown', 'sale_elsewhere', 'clock_suspect'] as const
export type Note = (typeof NOTES)[number]

export const TierAnswerShape = Type.Object({ id: Int, name: Text }, closed)
export const EntryAnswerShape = Type.Object(
  {
    kind: oneOf(EFFECT_KINDS),
    rule: Int,
    title: Text,
    points: Int,
    /** The metric `points` are of, where it is not points. */
    metric: Type.Optional(Int),
  },
  closed,
)
export const VoucherIssuedShape = Type.Object(
  { code: Text, perk: Int, title: Text, expires_at: orNull(TimeText) },
  closed,
)

export const ReceiptShape = Type.Object(
  {
    receipt: Type.Object({ id: IdTextShape, epoch: Int, seq: Int, hash: Text }, closed),
    kind: oneOf(FACT_KINDS),
    at: TimeText,
    status: StatusWordShape,
    as_of: orNull(TimeText),
    member: orNull(
      Type.Object({ id: IdTextShape, tier: orNull(TierAnswerShape), balance: Int, lifetime: Int }, closed),
    ),
    points: Int,
    entries: Type.Array(EntryAnswerShape),
    tier_change: orNull(Type.Object({ from: orNull(Text), to: Text }, closed)),
    vouchers: Type.Array(VoucherIssuedShape),
    redemption: Type.Optional(
      Type.Object(
        {
          id: IdTextShape,
          stage: oneOf(['reserved', 'captured', 'cancelled']),
          perk: Int,
          points: Int,
          /** Minor units off the basket, for points as money. */
          discount: orNull(Int),
          /** Who decided: the cloud, a lease of this store, or nobody, at the merchant's risk. */
          authority: oneOf(AUTHORITIES),
        },
        closed,
      ),
    ),
    voucher: Type.Optional(
      Type.Object(
        { code: Text, perk: orNull(Int), title: orNull(Text), authority: oneOf(AUTHORITIES) },
        closed,
      ),
    ),
    notes: Type.Array(oneOf(NOTES)),
  },
  closed,
)
export type Receipt = Readonly<Static<typeof ReceiptShape>>

/** What can be spent in this store without the cloud. */
const OfflineAnswerShape = Type.Object(
  {
    points: Int,
    /** At most so many of them in one redemption. */
    redemption_max: Int,
    /** Codes of the vouchers that can be used. */
    vouchers: Type.Array(Text),
    /** Null: nothing can be. */
    until: orNull(TimeText),
  },
  closed,
)
export type OfflineAnswer = Readonly<Static<typeof OfflineAnswerShape>>

export const MemberAnswerShape = Type.Object(
  {
    id: IdTextShape,
    name: orNull(Text),
    identities: Type.Array(IdentityShape),
    tier: orNull(TierAnswerShape),
    balance: Int,
    lifetime: Int,
    spent: Int,
    goodwill: Int,
    next_tier: orNull(Type.Object({ id: Int, name: Text, point_floor: Int, missing: Int }, closed)),
    vouchers: Type.Array(
      Type.Object(
        {
          code: Text,
          perk: Int,
          title: Text,
          status: oneOf(STATUS_WORDS),
          uses_left: Int,
          usable_from: orNull(TimeText),
          expires_at: orNull(TimeText),
          /** The business's own code, shown instead of this one; and where an external reward is fetched. */
          external_code: orNull(Text),
          external_url: orNull(Text),
        },
        closed,
      ),
    ),
    offline: OfflineAnswerShape,
    status: StatusWordShape,
    as_of: orNull(TimeText),
  },
  closed,
)
export type MemberView = Readonly<Static<typeof MemberAnswerShape>>

/** A perk or bonus that was looked at, and why it gave nothing. */
const ConsideredAnswerShape = Type.Object(
  {
    rule: Int,
    title: Text,
    type: Text,
    applied: Type.Boolean(),
    points: Int,
    /** Left out where it is points. */
    metric: Type.Optional(Int),
    condition: orNull(Text),
    actual: orNull(Text),
    required: orNull(Text),
    hint: orNull(Text),
    /** Of a redemption: what it was asked, in order, to the first that did not hold. */
    conditions: Type.Optional(Type.Array(RedeemConditionShape)),
    /** Local date of a birthday that the record brought, where it was considered for that. */
    birthday: Type.Optional(Text),
  },
  closed,
)
/** A stamp card, challenge, response or rule that the record met, in the same form. */
const ReactionAnswerShape = Type.Object(
  {
    rule: Int,
    title: Text,
    type: oneOf(['STAMP_CARD', 'CHALLENGE', 'RESPONSE', 'PRIZE', 'RULE']),
    applied: Type.Boolean(),
    points: Int,
    metric: Type.Optional(Int),
    /** Local time of a TIME rule that the record brought. */
    time: Type.Optional(Text),
    condition: orNull(Text),
    actual: orNull(Text),
    required: orNull(Text),
    hint: orNull(Text),
  },
  closed,
)
/** The version the rules are of; null: none is in force. */
const ProgramAnswerShape = orNull(Type.Object({ version: Int, name: Text }, closed))

export const QuoteAnswerShape = Type.Object(
  {
    points: Int,
    entries: Type.Array(EntryAnswerShape),
    program: ProgramAnswerShape,
    considered: Type.Array(ConsideredAnswerShape),
    /** Of a member's basket. */
    reactions: Type.Array(ReactionAnswerShape),
    tier: orNull(TierAnswerShape),
    tier_after: orNull(TierAnswerShape),
    /** Their codes come with the sale. */
    vouchers: Type.Array(Type.Object({ perk: Int, title: Text }, closed)),
    /** What the member could redeem on this basket: points as money, and what the terminal should redeem by itself (`auto`). */
    offers: Type.Array(
      Type.Object(
        { perk: Int, title: Text, points: Int, metric: Int, discount: orNull(Int), auto: Type.Boolean() },
        closed,
      ),
    ),
    status: StatusWordShape,
    as_of: orNull(TimeText),
  },
  closed,
)
export type Quote = Readonly<Static<typeof QuoteAnswerShape>>

export const ExplanationAnswerShape = Type.Object(
  {
    fact: IdTextShape,
    as_it_was: Type.Boolean({
      description:
        'False: the cloud has counted it into what this store knows of the member, who is looked at as of now',
    }),
    program: ProgramAnswerShape,
    considered: Type.Array(ConsideredAnswerShape),
    /** Of a member's record. */
    reactions: Type.Array(ReactionAnswerShape),
    /** What the member lacks for the next tier, and for the perks that are nearest. */
    near: Type.Array(
      Type.Object({ what: oneOf(['tier', 'perk']), id: Int, title: Text, missing: Int, unit: Text }, closed),
    ),
  },
  closed,
)
export type Explanation = Readonly<Static<typeof ExplanationAnswerShape>>

const PerkRowShape = Type.Object(
  {
    id: Int,
    title: Text,
    /** For points as money the fewest that are worth anything. */
    points: Int,
    available: Type.Boolean(),
    /** Redemptions the member's limit still allows; null without a limit. */
    remaining: orNull(Int),
    /** Local date from which the limit allows another, when none remains. */
    again_from: orNull(Text),
    /** How many more of its vouchers the member may hold at a time; null without such a bound, or without a member. */
    may_hold: orNull(Int),
    /** Redemptions of all members together there may be, everywhere and in this store, and how many of them are left; null: the cloud did not say. */
    budget: orNull(
      Type.Object(
        {
          total: orNull(Int),
          left: orNull(Int),
          per_store: orNull(Int),
          left_here: orNull(Int),
          /** As many as are leased to this store, to be redeemed without the cloud. */
          offline: Int,
        },
        closed,
      ),
    ),
    /** Refusal code and sentence; null when available. */
    refused: orNull(Text),
    detail: orNull(Text),
    /** What a redemption now is asked, in order, to the first that does not hold. */
    conditions: Type.Array(RedeemConditionShape),
    /** Until when it could be redeemed here without the cloud; null: it could not. */
    offline_until: orNull(TimeText),
  },
  closed,
)
export type PerkRow = Readonly<Static<typeof PerkRowShape>>
export const PerksAnswerShape = Type.Object(
  { perks: Type.Array(PerkRowShape), status: StatusWordShape, as_of: orNull(TimeText) },
  closed,
)
export type PerksAnswer = Readonly<Static<typeof PerksAnswerShape>>

export const HistoryAnswerShape = Type.Object(
  {
    facts: Type.Array(
      Type.Object(
        {
          id: IdTextShape,
          kind: oneOf(FACT_KINDS),
          at: TimeText,
          terminal: Text,
          member: orNull(IdTextShape),
          amount: orNull(Int),
          points: Int,
          status: StatusWordShape,
        },
        closed,
      ),
    ),
    /** Value for `before` that gives the next page; null at the end. */
    next: orNull(IdTextShape),
  },
  closed,
)
export type HistoryPage = Readonly<Static<typeof HistoryAnswerShape>>

export const StatusAnswerShape = Type.Object(
  {
    store: Type.Object({ id: Int, name: Text, zone: Text }, closed),
    origin: Int,
    epoch: Int,
    seq: Int,
    synced_seq: Int,
    /** Lives of the ledger that are over, newest first, and why. */
    lives: Type.Array(
      Type.Object({ origin: Int, epoch: Int, ended: oneOf(LIFE_ENDS), ended_at: TimeText }, closed),
    ),
    unsynced: Int,
    oldest_unsynced_at: orNull(TimeText),
    link: Type.Object(
      {
        state: Text,
        since: TimeText,
        last_word_at: orNull(TimeText),
        via: oneOf(['socket', 'post']),
        /** What stands between this store and the cloud, in plain words. */
        obstacle: orNull(Text),
      },
      closed,
    ),
    /** What was leased to this store to be spent without the cloud, and until when the first of it. */
    leases: Type.Object(
      { count: Int, points: Int, vouchers: Int, until: orNull(TimeText), clock_trusted: Type.Boolean() },
      closed,
    ),
    program: orNull(
      /** Amounts are whole minor units, of which the currency has so many digits. */
      Type.Object({ version: Int, name: Text, currency: Text, currency_digits: Int }, closed),
    ),
    time: TimeText,
    software: Text,
    uptime_s: Int,
    /** Whether the ledger takes records, the room on its disk, below which it takes none, and how long a flush takes and whether to believe it. */
    storage: Type.Object(
      {
        state: oneOf(['writable', 'read_only', 'failed']),
        free_bytes: orNull(Int),
        low_bytes: orNull(Int),
        flush_ms: orNull(Type.Number()),
        flush: orNull(oneOf(['honest', 'too_fast', 'memory'])),
      },
      closed,
    ),
    /** Whether the store's time can be trusted, why not, by how much it may be off, and how far the machine's clock is ahead of it. */
    clock: Type.Object(
      {
        state: oneOf(['trusted', 'suspect']),
        reason: orNull(Text),
        error_ms: orNull(Int),
        machine_ahead_ms: Int,
      },
      closed,
    ),
  },
  closed,
)
export type Status = Readonly<Static<typeof StatusAnswerShape>>

const FiguresShape = Type.Object(
  {
    sales: Int,
    amount: Int,
    returns: Int,
    points_given: Int,
    points_redeemed: Int,
    members_joined: Int,
    vouchers_used: Int,
    members_served: Int,
  },
  closed,
)
export const TodayAnswerShape = Type.Object(
  {
    /** The store's local date. */
    date: Text,
    figures: FiguresShape,
    /** By local hour, 0 to 23; a member is in the first hour of the day's. */
    hours: Type.Array(FiguresShape),
    /** The median of the same weekdays before, up to the same minute of the day; null without any. */
    usual: orNull(FiguresShape),
    usual_days: Int,
  },
  closed,
)
export type Today = Readonly<Static<typeof TodayAnswerShape>>

export const ACTIVITY_KINDS = [
  ...FACT_KINDS,
  'correction',
  'synced',
  'link',
  'terminal',
  'program',
  'notice',
  'conflict',
] as const
export type ActivityKind = (typeof ACTIVITY_KINDS)[number]

export const ActivityShape = Type.Object(
  {
    position: Int,
    epoch: Int,
    time: TimeText,
    kind: oneOf(ACTIVITY_KINDS),
    fact: orNull(IdTextShape),
    terminal: orNull(Text),
    /** Initials and the last two characters of an identity (F-4). */
    member: orNull(Text),
    amount: orNull(Int),
    points: Int,
    status: orNull(StatusWordShape),
    tier: orNull(Text),
    vouchers: Int,
    text: Text,
  },
  closed,
)
export type Activity = Readonly<Static<typeof ActivityShape>>
