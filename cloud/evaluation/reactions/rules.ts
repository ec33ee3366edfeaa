// Rules that react to facts and to times of the week (E-RULE), in the document's order, each seeing what the earlier ones did. A TIME rule happens with
// the first fact after its time, at most once: the latest time that passed counts, as it would have been then.
import type { Fact, FactKind } from '../../../protocol/facts.ts'
import type { RuleId } from '../../../protocol/ids.ts'
import { DAY_MS, MINUTE_MS, hybridTime, localDay, localMinuteOfWeek } from '../../../protocol/time.ts'
import { noteApplied, timesApplied } from '../earning/applied.ts'
import type { Conditions, Program } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import { situationOf } from '../conditions/condition.ts'
import { WEEKDAYS } from '../document/parts.ts'
import type { RuleDocument } from '../document/segments.ts'
import type { EffectBuffer } from '../effects.ts'
import { CREDENTIAL, RULE, TASK } from '../effects.ts'
import type { Occasion } from '../metrics/metrics.ts'
import { setAttribute } from '../profile.ts'
import { cancelEntitlementsOf } from '../spending/entitlements.ts'
import { giveReward } from './rewards.ts'
import { APPLIES, CONDITIONS } from '../conditions/condition-numbers.ts'
import { failingRule } from '../conditions/rule-conditions.ts'
import type { Watch } from './watch.ts'
import { putInSegment, takeOutOfSegment } from './segments.ts'
import type { MemberState } from '../state.ts'
import type { TimeDriven } from '../time/time-driven.ts'
import { startOfDay } from '../time/windows.ts'

export interface Rule {
  readonly id: RuleId
  readonly document: RuleDocument
  readonly conditions: Conditions
  /** TYPE: the kinds of facts it reacts to. */
  readonly kinds: ReadonlySet<FactKind>
  /** TIME: minutes of the week, rising. */
  readonly minutes: readonly number[]
}

const DAY_MINUTES = 1440
const WEEK_MINUTES = 7 * DAY_MINUTES

export function compileRule(document: RuleDocument, conditions: Conditions): Rule {
  const { id, match } = document
  const kinds = new Set(match.type === 'TYPE' ? match.kinds : [])
  if (match.type === 'TYPE') return { id, document, conditions, kinds, minutes: [] }
  const [hours = 0, minutes = 0] = match.at.split(':').map(Number)
  const ofWeek = match.days.map((day) => WEEKDAYS.indexOf(day) * DAY_MINUTES + hours * 60 + minutes)
  return { id, document, conditions, kinds, minutes: ofWeek.toSorted((a, b) => a - b) }
}

/** After the fact: the rules for its kind (E-RULE-1). */
export function applyTypeRules(
  program: Program,
  state: MemberState,
  fact: Fact,
  effects: EffectBuffer,
  watch?: Watch,
): void {
  const rules = program.reactions?.typeRules.get(fact.kind)
  if (rules === undefined) return
  const situation = situationOf(program, state, fact)
  for (const rule of rules) apply(rule, situation, fact, effects, watch)
}

function apply(
  rule: Rule,
  at: Situation,
  occasion: Occasion,
  effects: EffectBuffer,
  watch: Watch | undefined,
): void {
  const { id, document } = rule
  const { program, state, day } = at
  const failing = failingRule(rule.conditions, at)
  const isUsedUp = failing === APPLIES && exhausted(rule, state, day)
  watch?.rule(rule, isUsedUp ? 'occurrences' : (CONDITIONS[failing] ?? 'applies'), at)
  if (failing !== APPLIES || isUsedUp) return
  noteApplied(program, state, id, day)
  effects.push(RULE, id, 0, 1, 0)
  const { effect } = document
  switch (effect.kind) {
    case 'segment':
      if (effect.action === 'add') putInSegment(program, state, effect.segment, at.ms, occasion.offset)
      else takeOutOfSegment(state, effect.segment)
      break
    case 'points':
    case 'award':
      giveReward(program, state, effect, id, id, 0, occasion, effects)
      break
    case 'revoke':
      cancelEntitlementsOf(state, [effect.perk], at.ms, effects)
      break
    case 'credential':
      setAttribute(state, effect.name, effect.value)
      effects.push(CREDENTIAL, id, 0, 1, 0)
      break
    case 'task':
      effects.push(TASK, id, 0, 1, at.ms + (effect.delay_days ?? 0) * DAY_MS)
  }
}

function exhausted({ id, document: { occurrences } }: Rule, state: MemberState, day: number): boolean {
  return occurrences !== undefined && timesApplied(state, id, occurrences.window, day) >= occurrences.count
}

/** The latest instant at or before `ms` at which the rule's time of the week was. */
function latestTime({ minutes }: Rule, ms: number, offset: number): number {
  const now = localMinuteOfWeek(ms, offset)
  const passed = minutes.findLast((minute) => minute <= now) ?? (minutes.at(-1) ?? 0) - WEEK_MINUTES
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS - (now - passed) * MINUTE_MS
}

/** The earliest instant after `ms` at which the rule's time of the week is. */
function nextTime({ minutes }: Rule, ms: number, offset: number): number {
  const now = localMinuteOfWeek(ms, offset)
  const coming = minutes.find((minute) => minute > now) ?? (minutes[0] ?? 0) + WEEK_MINUTES
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS + (coming - now) * MINUTE_MS
}

/** The next instant after `ms` at which the rule may still do something; Infinity: never. */
function nextChance(rule: Rule, state: MemberState, ms: number, offset: number): number {
  const { active, startDay, endDay } = rule.conditions
  const { occurrences } = rule.document
  const forEver = occurrences !== undefined && (occurrences.window ?? EVER).kind === 'lifetime'
  if (!active || (forEver && exhausted(rule, state, localDay(ms, offset)))) return Infinity
  const at = nextTime(rule, Math.max(ms, startOfDay(startDay, offset) - 1), offset)
  return localDay(at, offset) > endDay ? Infinity : at
}

const EVER = { kind: 'lifetime' } as const

export const timeRulesDue: TimeDriven = {
  next(program, state, { from, after, to, offset }) {
    let earliest = Infinity
    if (program === null || from === -Infinity) return earliest
    for (const rule of program.reactions?.timeRules ?? []) {
      const latest = to === Infinity ? -Infinity : latestTime(rule, to, offset)
      const at = latest > after ? latest : nextChance(rule, state, Math.max(after, from), offset)
      if (at < earliest) earliest = at
    }
    return earliest
  },
  happen(program, state, at, effects, fact, { to, offset, watch }) {
    if (program === null) return
    const situation = situationOf(program, state, fact, at)
    const occasion = { id: fact.id, at: hybridTime(at), offset: fact.offset }
    for (const rule of program.reactions?.timeRules ?? [])
      if (latestTime(rule, to, offset) === at) apply(rule, situation, occasion, effects, watch)
  },
}
