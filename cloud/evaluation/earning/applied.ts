// How often perks, bonuses and rules applied to a member, on how many facts: kept only for those that a condition, or a rule's `occurrences`, asks
// for (E-COND-2).
import type { RuleId } from '../../../protocol/ids.ts'
import { conditionsOf, nodesOf } from '../check/places.ts'
import type { Program } from '../compile.ts'
import type { WindowDocument } from '../document/conditions.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { MemberState } from '../state.ts'
import { moreOf } from '../state.ts'
import { EVER, countBetween, countEver, countOn } from './tallies.ts'
import { windowDays, windowStart } from '../time/windows.ts'

/** Rules whose applying is counted, with the days of the longest window somebody asks for. */
export type CountedRules = ReadonlyMap<RuleId, number>

export function countedRules(document: ProgramDocument): CountedRules {
  const counted = new Map<RuleId, number>()
  const ask = (rule: RuleId, window: WindowDocument | undefined): void => {
    counted.set(rule, Math.max(counted.get(rule) ?? 0, window === undefined ? 0 : windowDays(window)))
  }
  for (const { condition, path } of conditionsOf(document)) {
    for (const { node } of nodesOf(condition, path)) if ('applied' in node) ask(node.applied, node.window)
  }
  for (const { id, occurrences } of document.rules ?? [])
    if (occurrences !== undefined) ask(id, occurrences.window)
  return counted
}

/** Remembers that a rule gave something on a fact of this local day. */
export function noteApplied(program: Program, state: MemberState, rule: RuleId, day: number): void {
  const days = program.counted.get(rule)
  if (days === undefined) return
  const more = moreOf(state)
  more.applied = countOn(more.applied, rule, EVER, 1, 0)
  if (days > 0) more.applied = countOn(more.applied, rule, day, 1, days)
}

/** Left out: ever. */
export function timesApplied(
  state: MemberState,
  rule: RuleId,
  window: WindowDocument | undefined,
  day: number,
): number {
  const { more } = state
  if (more === null) return 0
  if (window === undefined || window.kind === 'lifetime') return countEver(more.applied, rule)
  return countBetween(more.applied, rule, windowStart(window, day, state.enrolledDay), day)
}
