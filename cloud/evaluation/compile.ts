// Turns a checked document into flat arrays and index maps once, so that `step` only does arithmetic (ARCHITECTURE section 7). A Program is
// immutable for its callers; its scratch arrays belong to `step`, which is synchronous, so one Program serves one thread.
import type { RuleId, StoreId } from '../../protocol/ids.ts'
import type { Rounding } from '../../protocol/numbers.ts'
import { assert } from '../../protocol/result.ts'
import { dayOfDate } from './check.ts'
import type {
  BonusDocument,
  EarnPerkDocument,
  ProgramDocument,
  RedeemPerkDocument,
  TierDocument,
} from './document.ts'
import { WEEKDAYS } from './document.ts'

export const DAY_BEFORE_ALL = -1_000_000_000
export const DAY_AFTER_ALL = 1_000_000_000

export interface Conditions {
  /** None of the conditions below can fail. */
  readonly unconditional: boolean
  readonly active: boolean
  readonly startDay: number
  readonly endDay: number
  /** Null: every store. */
  readonly stores: ReadonlySet<StoreId> | null
  /** Lifetime points of the required tier; 0 without one. */
  readonly tierFloor: number
}

export interface EarnPerk extends Conditions {
  readonly id: RuleId
  readonly document: EarnPerkDocument
  readonly award: 'per_currency_unit' | 'per_item' | 'fixed'
  readonly points: number
  readonly unit: number
  readonly rounding: Rounding
  readonly everyLine: boolean
  readonly skus: ReadonlySet<string>
  readonly categories: ReadonlySet<string>
  readonly minimumAmount: number
  readonly oncePerDay: boolean
}

export interface Bonus extends Conditions {
  readonly id: RuleId
  readonly document: BonusDocument
  readonly type: BonusDocument['type']
  /** Every standard perk qualifies. */
  readonly everyPerk: boolean
  /** Indexes into `standardPerks`. */
  readonly perks: Int32Array
  /** Of the qualifying points; 0 for a fixed bonus. */
  readonly percent: number
  readonly fixed: number
  /** TIME: pairs of minutes of the week, start included, end excluded. */
  readonly slots: Int32Array
  readonly requiredToEarn: number
  readonly frequency: 'WEEKLY' | 'MONTHLY' | 'FROM_DATE'
  readonly fromDay: number
}

export interface RedeemPerk extends Conditions {
  readonly id: RuleId
  readonly document: RedeemPerkDocument
  readonly points: number
}

export interface Program {
  readonly document: ProgramDocument
  readonly tiers: readonly TierDocument[]
  readonly standardPerks: readonly EarnPerk[]
  readonly checkinPerks: readonly EarnPerk[]
  readonly registrationPerks: readonly EarnPerk[]
  /** Indexes of standard perks without skus and categories. */
  readonly everyLinePerks: Int32Array
  /** Indexes of standard perks by sku and by category. */
  readonly bySku: ReadonlyMap<string, Int32Array>
  readonly byCategory: ReadonlyMap<string, Int32Array>
  readonly bonuses: readonly Bonus[]
  readonly redeemPerks: ReadonlyMap<RuleId, RedeemPerk>
  readonly honours: boolean
  readonly goodwillMax: number
  readonly grantMax: number
  readonly scratch: Scratch
}

/**
 * Working memory of one sale. `sums` holds SUM_STRIDE numbers per standard perk, side by side so that one perk is one cache line: the sale and the line
 * they belong to (so nothing is cleared between sales), amount and quantity of the matching lines, points.
 */
export interface Scratch {
  sale: number
  line: number
  touched: number
  readonly touchedPerks: Int32Array
  readonly sums: Float64Array
}

export const SUM_STRIDE = 5
export const SUM_LINE = 1
export const SUM_AMOUNT = 2
export const SUM_QUANTITY = 3
export const SUM_POINTS = 4

export function compile(document: ProgramDocument): Program {
  const conditionsOf = (
    rule: Pick<EarnPerkDocument, 'status' | 'start' | 'end' | 'stores' | 'required_tier'>,
  ): Conditions => ({
    unconditional:
      [rule.start, rule.end, rule.stores, rule.required_tier].every((value) => value === undefined) &&
      rule.status !== 'INACTIVE',
    active: rule.status !== 'INACTIVE',
    startDay: rule.start === undefined ? DAY_BEFORE_ALL : dayOf(rule.start),
    endDay: rule.end === undefined ? DAY_AFTER_ALL : dayOf(rule.end),
    stores: rule.stores === undefined ? null : new Set(rule.stores),
    tierFloor: document.tiers.find(({ id }) => id === rule.required_tier)?.point_floor ?? 0,
  })
  const perks = document.earn_perks.map((perk): EarnPerk => ({
    ...conditionsOf(perk),
    id: perk.id,
    document: perk,
    award: perk.award.kind,
    points: perk.award.points,
    unit: perk.award.kind === 'per_currency_unit' ? perk.award.unit : 1,
    rounding: perk.award.kind === 'per_currency_unit' ? perk.award.rounding : 'floor',
    everyLine: perk.skus === undefined && perk.categories === undefined,
    skus: new Set(perk.skus),
    categories: new Set(perk.categories),
    minimumAmount: perk.minimum_amount ?? 0,
    oncePerDay: perk.once_per_day ?? false,
  }))
  const standardPerks = perks.filter(({ document: { type } }) => type === 'STANDARD')
  const bonuses = document.bonuses.map((bonus): Bonus => ({
    ...conditionsOf(bonus),
    id: bonus.id,
    document: bonus,
    type: bonus.type,
    everyPerk: bonus.perks === undefined,
    perks: indexesWhere(standardPerks, (perk) => bonus.perks === undefined || bonus.perks.includes(perk.id)),
    percent: bonus.award.kind === 'multiplier' ? bonus.award.percent : 0,
    fixed: bonus.award.kind === 'fixed' ? bonus.award.points : 0,
    slots: bonus.type === 'TIME' ? slotsOf(bonus.schedule) : new Int32Array(0),
    requiredToEarn: bonus.type === 'FREQUENCY' ? bonus.required_to_earn : 0,
    frequency: bonus.type === 'FREQUENCY' ? bonus.frequency : 'WEEKLY',
    fromDay:
      bonus.type === 'FREQUENCY' && bonus.from_date !== undefined ? dayOf(bonus.from_date) : DAY_BEFORE_ALL,
  }))
  return {
    document,
    tiers: document.tiers,
    standardPerks,
    checkinPerks: perks.filter((perk) => perk.document.type === 'CHECKIN'),
    registrationPerks: perks.filter((perk) => perk.document.type === 'REGISTRATION'),
    everyLinePerks: indexesWhere(standardPerks, (perk) => perk.everyLine),
    bySku: indexBy(standardPerks, (perk) => perk.skus),
    byCategory: indexBy(standardPerks, (perk) => perk.categories),
    bonuses,
    redeemPerks: new Map(
      document.redeem_perks.map((perk) => [
        perk.id,
        { ...conditionsOf(perk), id: perk.id, document: perk, points: perk.points },
      ]),
    ),
    honours: document.lateness === 'honour',
    goodwillMax: document.goodwill_points_max,
    grantMax: document.grant_points_max,
    scratch: {
      sale: 0,
      line: 0,
      touched: 0,
      touchedPerks: new Int32Array(standardPerks.length),
      sums: new Float64Array(standardPerks.length * SUM_STRIDE),
    },
  }
}

function dayOf(date: string): number {
  const day = dayOfDate(date)
  assert(day !== undefined, `checked document has the date ${date}`)
  return day
}

function indexesWhere<T>(list: readonly T[], holds: (item: T) => boolean): Int32Array {
  return Int32Array.from(list.flatMap((item, index) => (holds(item) ? [index] : [])))
}

function indexBy(
  perks: readonly EarnPerk[],
  namesOf: (perk: EarnPerk) => ReadonlySet<string>,
): Map<string, Int32Array> {
  const lists = new Map<string, number[]>()
  for (const [index, perk] of perks.entries()) {
    for (const name of namesOf(perk)) {
      const list = lists.get(name)
      if (list === undefined) lists.set(name, [index])
      else list.push(index)
    }
  }
  return new Map([...lists].map(([name, list]) => [name, Int32Array.from(list)]))
}

const DAY_MINUTES = 1440
const WEEK_MINUTES = 7 * DAY_MINUTES

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

/** Pairs of minutes of the week; a slot over midnight on Sunday is two pairs (E-BON-2). */
function slotsOf(schedule: Extract<BonusDocument, { type: 'TIME' }>['schedule']): Int32Array {
  const pairs: number[] = []
  for (const { days, from, to } of schedule) {
    const length = (minutesOf(to) - minutesOf(from) + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES
    for (const day of days) {
      const start = WEEKDAYS.indexOf(day) * DAY_MINUTES + minutesOf(from)
      pairs.push(start, Math.min(start + length, WEEK_MINUTES))
      if (start + length > WEEK_MINUTES) pairs.push(0, start + length - WEEK_MINUTES)
    }
  }
  return Int32Array.from(pairs)
}
