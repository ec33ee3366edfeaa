// Compiles the conditions that every kind of rule may have.
import { assert } from '../../../protocol/result.ts'
import { DAY_AFTER_ALL, DAY_BEFORE_ALL } from '../time/calendar.ts'
import { dayOfDate } from '../check/dates.ts'
import type { Conditions } from '../compile.ts'
import { compileCondition } from './condition.ts'
import type { EarnPerkDocument } from '../document/earning.ts'
import type { ProgramDocument } from '../document/program.ts'
import { tiersArePlain } from '../tiers/tiers.ts'

export type RuleWithConditions = Pick<
  EarnPerkDocument,
  'status' | 'start' | 'end' | 'stores' | 'required_tier' | 'attributes' | 'when'
>

export function compileConditions(rule: RuleWithConditions, document: ProgramDocument): Conditions {
  const { tiers } = document
  const floor = tiers.find(({ id }) => id === rule.required_tier)?.point_floor ?? 0
  const asked = [rule.start, rule.end, rule.stores, rule.required_tier, rule.attributes, rule.when]
  return {
    unconditional: asked.every((value) => value === undefined) && rule.status !== 'INACTIVE',
    active: rule.status !== 'INACTIVE',
    startDay: rule.start === undefined ? DAY_BEFORE_ALL : dayOf(rule.start),
    endDay: rule.end === undefined ? DAY_AFTER_ALL : dayOf(rule.end),
    stores: rule.stores === undefined ? null : new Set(rule.stores),
    tierFloor: tiersArePlain(document) ? floor : 0,
    tierPlace: Math.max(
      0,
      tiers.findIndex(({ id }) => id === rule.required_tier),
    ),
    attributes: rule.attributes ?? null,
    when: rule.when === undefined ? null : compileCondition(rule.when, document),
  }
}

/** Of a date that was checked. */
export function dayOf(date: string): number {
  const day = dayOfDate(date)
  assert(day !== undefined, `checked document has the date ${date}`)
  return day
}
