// The words for the conditions that every kind of rule may have (rule-conditions.ts): what was found, what was asked for, what would help (E-EXP-1).
import type { Conditions, Program } from '../compile.ts'
import type { ConditionName } from '../conditions/condition-numbers.ts'
import type { Situation } from '../conditions/condition.ts'
import { firstFailing } from '../conditions/condition.ts'
import { attributeOf } from '../profile.ts'
import { tierPlaceOf } from '../tiers/tier-place.ts'
import { dateOfDay } from '../time/calendar.ts'

/** Actual value, required value, what would make it apply (null: nothing the member does). */
export type Reasons = readonly [actual: string, required: string, hint: string | null]

/** A rule of any kind, with the dates as they were written. */
export type Asking = Conditions & { readonly document: { readonly start?: string; readonly end?: string } }

export const COMMON = ['status', 'dates', 'store', 'required_tier', 'attributes', 'when'] as const
export type CommonCondition = Extract<ConditionName, (typeof COMMON)[number]>

export function isCommon(condition: string): condition is CommonCondition {
  return (COMMON as readonly string[]).includes(condition)
}

export function commonReason(
  program: Program,
  rule: Asking,
  condition: CommonCondition,
  at: Situation,
): Reasons {
  switch (condition) {
    case 'status':
      return ['INACTIVE', 'ACTIVE', null]
    case 'dates':
      return datesReason(rule, at)
    case 'store':
      return [String(at.fact.store), [...(rule.stores ?? [])].join(', '), 'in one of these stores']
    case 'required_tier':
      return tierReason(program, rule, at)
    case 'attributes':
      return attributesReason(rule, at)
    case 'when':
      return whenReason(rule, at)
  }
}

function datesReason({ document, startDay }: Asking, { day }: Situation): Reasons {
  return [
    dateOfDay(day),
    `${document.start ?? 'any day'} to ${document.end ?? 'any day'}`,
    day < startDay ? `from ${document.start} on` : null,
  ]
}

function tierReason(program: Program, rule: Asking, { state }: Situation): Reasons {
  const actual = program.tiers[tierPlaceOf(program, state)]?.name ?? 'none'
  const required = program.tiers[rule.tierPlace]?.name ?? ''
  return [
    actual,
    required,
    rule.tierFloor > 0
      ? `${rule.tierFloor - state.lifetime} more points reach ${required}`
      : `reach ${required}`,
  ]
}

function attributesReason({ attributes }: Asking, { state }: Situation): Reasons {
  const asked = attributes ?? []
  const names = [...new Set(asked.map(({ name }) => name))]
  return [
    names.map((name) => `${name}: ${attributeOf(state, name) ?? 'not known'}`).join(', '),
    asked.map(({ name, value }) => `${name}: ${value}`).join(' or '),
    null,
  ]
}

/** Names the leaf that fails first (E-COND-3). */
function whenReason({ when }: Asking, at: Situation): Reasons {
  const reason = when === null ? null : firstFailing(when, at)
  if (reason === null) return ['', '', null]
  const { leaf, actual, required, hint } = reason
  return [`${leaf}: ${actual}`, `${leaf}: ${required}`, hint]
}
