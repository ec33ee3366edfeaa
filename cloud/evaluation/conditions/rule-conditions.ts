// The conditions every kind of rule may have, in the order in which the first that fails is told (E-EARN-8). A condition that fails is a number, so
// that deciding costs nothing and explaining (explain.ts) asks the very same functions.
import type { Conditions } from '../compile.ts'
import type { Situation } from './condition.ts'
import { holds } from './condition.ts'
import { attributeOf } from '../profile.ts'
import type { MemberState } from '../state.ts'
import { tierPlaceOf } from '../tiers/tier-place.ts'

/** Why a rule does not apply; 0 is "applies". Append-only; the order in which they are asked is E-EARN-8. */
export const CONDITIONS = [
  'applies',
  'status',
  'dates',
  'store',
  'required_tier',
  'no_matching_line',
  'minimum_amount',
  'once_per_day',
  'points',
  'qualifying_points',
  'schedule',
  'from_date',
  'frequency',
  'attributes',
  'when',
  'tenders',
  'caps',
  'group',
  'clock',
] as const
export type ConditionName = (typeof CONDITIONS)[number]

export const APPLIES = 0
export const STATUS = 1
export const DATES = 2
export const STORE = 3
export const TIER = 4
export const NO_LINE = 5
export const MINIMUM = 6
export const ONCE = 7
export const NO_POINTS = 8
export const NOT_QUALIFYING = 9
export const SCHEDULE = 10
export const FROM_DATE = 11
export const FREQUENCY = 12
export const ATTRIBUTES = 13
export const WHEN = 14
export const TENDERS = 15
export const CAPS = 16
export const GROUP = 17
export const CLOCK = 18

/** First failing condition of those every kind of rule has: status, dates, store, required tier, attributes, `when`. */
export function failingRule(rule: Conditions, at: Situation): number {
  if (rule.unconditional) return APPLIES
  if (!rule.active) return STATUS
  if (at.day < rule.startDay || at.day > rule.endDay) return DATES
  if (rule.stores !== null && !rule.stores.has(at.fact.store)) return STORE
  if (rule.tierPlace > 0 && tierPlaceOf(at.program, at.state) < rule.tierPlace) return TIER
  if (rule.attributes !== null && !hasAttribute(rule.attributes, at.state)) return ATTRIBUTES
  if (rule.when !== null && !holds(rule.when, at)) return WHEN
  return APPLIES
}

export function hasAttribute(asked: NonNullable<Conditions['attributes']>, state: MemberState): boolean {
  return asked.some(({ name, value }) => attributeOf(state, name) === value)
}
