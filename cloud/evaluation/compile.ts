// Turns a checked document into flat arrays and index maps once, so that `step` only does arithmetic (ARCHITECTURE section 7). A Program is
// immutable for its callers; its scratch arrays belong to `step`, which is synchronous, so one Program serves one thread.
import type { RuleId, StoreId } from '../../protocol/ids.ts'
import type { Rounding } from '../../protocol/numbers.ts'
import type { CountedRules } from './earning/applied.ts'
import { DAY_BEFORE_ALL } from './time/calendar.ts'
import type { RuleWithConditions } from './conditions/compile-conditions.ts'
import { compileConditions } from './conditions/compile-conditions.ts'
import { compileEarning } from './earning/compile-earning.ts'
import type { Condition } from './conditions/condition.ts'
import type { BonusDocument, CapsDocument, EarnPerkDocument, GroupDocument } from './document/earning.ts'
import { POINTS } from './document/metrics.ts'
import type { AttributeDocument } from './document/parts.ts'
import type { ProgramDocument } from './document/program.ts'
import type { RedeemPerkDocument, StampCardDocument } from './document/spending.ts'
import type { TierDocument } from './document/tiers.ts'
import { compileMetrics } from './metrics/metrics.ts'
import type { Metric } from './metrics/metrics.ts'
import { compileReactions } from './reactions/react.ts'
import type { Reactions } from './reactions/react.ts'
import type { Occasion } from './earning/occasions.ts'
import { newOccasion } from './earning/occasions.ts'
import type { Selection, Selections } from './earning/selections.ts'
import type { PerkRow } from './earning/standard-perks.ts'
import { compileOffline } from './spending/offline.ts'
import type { Offline } from './spending/offline.ts'
import { slotsOf } from './time/slots.ts'
import { tiersArePlain } from './tiers/tiers.ts'

export interface Conditions {
  /** None of the conditions below can fail. */
  readonly unconditional: boolean
  readonly active: boolean
  readonly startDay: number
  readonly endDay: number
  /** Null: every store. */
  readonly stores: ReadonlySet<StoreId> | null
  /** Lifetime points of the required tier, where they alone make the tiers (`plainTiers`); 0 without one. */
  readonly tierFloor: number
  /** Place of the required tier; 0 without one, as every member has the first. */
  readonly tierPlace: number
  /** Any of these the member must have; null: not asked for. */
  readonly attributes: readonly AttributeDocument[] | null
  readonly when: Condition | null
}

/** What perks and bonuses may have beyond that; only gifts.ts looks at it. */
export interface Giving extends Conditions {
  /** 0: points. */
  readonly metric: number
  readonly caps: CapsDocument | null
  readonly group: GroupDocument | null
}

export interface EarnPerk extends Giving {
  readonly id: RuleId
  /** Among the perks of its type, as the document lists them. */
  readonly place: number
  readonly document: EarnPerkDocument
  readonly award: 'per_currency_unit' | 'per_item' | 'fixed'
  readonly points: number
  readonly unit: number
  readonly rounding: Rounding
  readonly everyLine: boolean
  /** Of a standard perk. */
  readonly selection: Selection
  readonly skus: ReadonlySet<string>
  readonly categories: ReadonlySet<string>
  readonly minimumAmount: number
  readonly oncePerDay: boolean
  /** Null: whatever was paid with. */
  readonly tenders: ReadonlySet<string> | null
}

export interface Bonus extends Giving {
  readonly id: RuleId
  readonly document: BonusDocument
  readonly type: BonusDocument['type']
  /** Every standard perk qualifies. */
  readonly everyPerk: boolean
  /** The standard perks that qualify; none are listed where every perk does. */
  readonly rows: readonly PerkRow[]
  /** Of the qualifying points; 0 for a fixed bonus. */
  readonly percent: number
  readonly fixed: number
  /** TIME: pairs of minutes of the week, start included, end excluded. */
  readonly slots: Int32Array
  readonly requiredToEarn: number
  readonly frequency: 'WEEKLY' | 'MONTHLY' | 'FROM_DATE'
  readonly fromDay: number
  /** What is given back counts no longer. */
  readonly uncounts: boolean
}

export interface RedeemPerk extends Conditions {
  readonly id: RuleId
  readonly document: RedeemPerkDocument
  readonly points: number
  /** 0: points. */
  readonly metric: number
  /** Local minutes it can be redeemed in, and its entitlement used; null: any. */
  readonly slots: Int32Array | null
  readonly useSlots: Int32Array | null
}

/** Perks and bonuses. */
export interface Earning {
  /** In the document's order. */
  readonly standardPerks: readonly EarnPerk[]
  readonly selections: Selections
  /** Amount and quantity up to which plain rows are asked (standard-perks.ts). */
  readonly largestPlainSale: number
  readonly checkinPerks: readonly EarnPerk[]
  readonly registrationPerks: readonly EarnPerk[]
  readonly referralPerks: readonly EarnPerk[]
  readonly birthdayPerks: readonly EarnPerk[]
  /** Perks that an activity may name. */
  readonly activityPerks: ReadonlyMap<RuleId, EarnPerk>
  readonly bonuses: readonly Bonus[]
  /** Some standard perks have conditions, caps, groups or metrics beyond the plain ones: gifts.ts weighs these. */
  readonly elaboratePerks: boolean
  /** Some bonuses have: gifts.ts weighs all of a sale. */
  readonly elaborateBonuses: boolean
  /** Rules whose applying is counted. */
  readonly counted: CountedRules
  /** Some bonus asks for the time of day. */
  readonly hasSchedules: boolean
}

export interface Program extends Earning {
  readonly document: ProgramDocument
  /** By id; points (0) among them. */
  readonly metrics: ReadonlyMap<number, Metric>
  /** Points neither expire nor are pending nor kept by day: adding is all there is to them. */
  readonly plainPoints: boolean
  readonly tiers: readonly TierDocument[]
  readonly tierFloors: Float64Array
  /** And entering them gives entitlements at most, leaving them takes none. */
  readonly plainTiers: boolean
  /** It uses something that time drives, or that looks at what time did: time passes before every fact. */
  readonly timed: boolean
  /** The ids of the first n tiers, by n: shared by all members who have entered just these. */
  readonly tierLists: readonly (readonly RuleId[])[]
  readonly redeemPerks: ReadonlyMap<RuleId, RedeemPerk>
  /** Active stamp cards. */
  readonly cards: readonly StampCardDocument[]
  /** Challenges, segments, rules and the like; null: none. */
  readonly reactions: Reactions | null
  /** Spending without the cloud. */
  readonly offline: Offline
  readonly honours: boolean
  readonly goodwillMax: number
  readonly scratch: Scratch
}

/** Working memory. */
export interface Scratch {
  /** The month of the last day asked for: sales come day by day, and a month takes eight divisions. */
  day: number
  month: number
  readonly occasion: Occasion
}

export function compile(document: ProgramDocument): Program {
  const conditionsOf = (rule: RuleWithConditions): Conditions => compileConditions(rule, document)
  const earning = compileEarning(document)
  const metrics = compileMetrics(document)
  return {
    document,
    metrics,
    plainPoints: metrics.get(POINTS)?.plain === true,
    tiers: document.tiers,
    tierFloors: Float64Array.from(document.tiers, (tier) => tier.point_floor ?? 0),
    plainTiers: tiersArePlain(document),
    timed: isTimed(document),
    tierLists: [[], ...document.tiers.map((_, at) => document.tiers.slice(0, at + 1).map(({ id }) => id))],
    ...earning,
    redeemPerks: new Map(
      document.redeem_perks.map((perk) => [
        perk.id,
        {
          ...conditionsOf(perk),
          id: perk.id,
          document: perk,
          points: perk.points,
          metric: perk.metric ?? POINTS,
          slots: perk.schedule === undefined ? null : slotsOf(perk.schedule),
          useSlots: perk.voucher?.schedule === undefined ? null : slotsOf(perk.voucher.schedule),
        },
      ]),
    ),
    cards: (document.stamp_cards ?? []).filter(({ status }) => status !== 'INACTIVE'),
    reactions: compileReactions(document, conditionsOf),
    offline: compileOffline(document.offline),
    honours: document.lateness === 'honour',
    goodwillMax: document.goodwill_points_max,
    scratch: { day: DAY_BEFORE_ALL, month: 0, occasion: newOccasion() },
  }
}

const TIMED_LISTS = [
  'metrics',
  'groups',
  'stamp_cards',
  'challenges',
  'response_challenges',
  'segments',
  'aggregates',
  'rules',
] as const

function isTimed(document: ProgramDocument): boolean {
  const { earn_perks, bonuses, redeem_perks } = document
  return (
    document.points !== undefined ||
    !tiersArePlain(document) ||
    TIMED_LISTS.some((list) => (document[list] ?? []).length > 0) ||
    earn_perks.some(({ type }) => type === 'BIRTHDAY') ||
    [...earn_perks, ...bonuses, ...redeem_perks].some(({ when }) => when !== undefined)
  )
}
