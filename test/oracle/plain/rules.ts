// Rules that react to facts and to times of the week (E-RULE).
import type { RuleDocument } from '../../../cloud/evaluation/document/segments.ts'
import { earn, note } from './amounts.ts'
import type { When } from './calendar.ts'
import { DAY, addDays, dateAt, inWindow, startOf, weekdayOf } from './calendar.ts'
import { holds, inDates } from './conditions.ts'
import { cancelEntitlements, issue } from './entitlements.ts'
import type { Member } from './member.ts'
import { moveSegment } from './segments.ts'

export function reactToFact(member: Member, when: When): void {
  for (const rule of member.document?.rules ?? [])
    if (rule.match.type === 'TYPE' && rule.match.kinds.includes(when.fact.kind)) react(member, when, rule)
}

export function react(member: Member, when: When, rule: RuleDocument): void {
  const { id, occurrences } = rule
  if (rule.status === 'INACTIVE' || !inDates(rule, when.date) || !holds(member, when, rule.when)) return
  const before = member.applied.filter(
    (one) => one.rule === id && inWindow(occurrences?.window, one.day, when.date, member.enrolled),
  )
  if (occurrences !== undefined && before.length >= occurrences.count) return
  member.applied.push({ rule: id, day: when.date })
  happen(member, when, rule)
}

function happen(member: Member, when: When, { id, effect }: RuleDocument): void {
  switch (effect.kind) {
    case 'segment': {
      moveSegment(member, when, effect.segment, effect.action)
      return
    }
    case 'points':
      earn(member, when, 'reward', id, effect.metric, effect.amount, false)
      return
    case 'award':
      issue(member, when, effect.perk, when.fact.id, id)
      return
    case 'revoke':
      return cancelEntitlements(member, when, [effect.perk])
    case 'credential':
      member.learn(effect.name, effect.value)
      return
    case 'task':
      note(member, when, 'task', id, 0, 1, when.ms + (effect.delay_days ?? 0) * DAY)
  }
}

/** The latest time of the week of a TIME rule that is not after an instant, on its wall clock. */
export function lastTimeOf(rule: RuleDocument, ms: number, offset: number): number | undefined {
  const { match } = rule
  if (match.type !== 'TIME') return undefined
  const [hours = 0, minutes = 0] = match.at.split(':').map(Number)
  for (let back = 0; back <= 7; back++) {
    const date = addDays(dateAt(ms, offset), -back)
    const at = startOf(date, offset) + (hours * 60 + minutes) * 60_000
    if (at <= ms && match.days.includes(weekdayOf(date))) return at
  }
  return undefined
}
