// The conditions every kind of rule may have, in the order in which the first that fails is told (E-EARN-8). A condition that fails is a number, so
// that deciding costs nothing and explaining (explain.ts) asks the very same functions.
import type { Conditions } from '../compile.ts'
import { APPLIES, ATTRIBUTES, DATES, STATUS, STORE, TIER, WHEN } from './condition-numbers.ts'
import type { Situation } from './condition.ts'
import { holds } from './condition.ts'
import { hasValue } from '../profile.ts'
import type { MemberState } from '../state.ts'
import { tierPlaceOf } from '../tiers/tier-place.ts'

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
  return asked.some(({ name, value }) => hasValue(state, name, value))
}
