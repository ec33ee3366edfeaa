// Why a fact earned what it earned, or would (E-EXP-1): asks the very conditions the hot path asks, over a copy of the state, so that an
// explanation can never disagree with an award and costs nothing where none is wanted.
import type { Fact, Sale } from '../../protocol/facts.ts'
import type { RuleId } from '../../protocol/ids.ts'
import { localDay, localMinuteOfWeek, millisOf } from '../../protocol/time.ts'
import type { Bonus, EarnPerk, Program } from './compile.ts'
import {
  APPLIES,
  CONDITIONS,
  FREQUENCY,
  NO_POINTS,
  bonusPoints,
  failingBonus,
  failingEvent,
  failingStandard,
  frequencyWindow,
  matchLines,
  matchedSums,
  qualifyingPoints,
} from './earning.ts'
import type { Condition } from './earning.ts'
import type { MemberState } from './state.ts'
import { countIn } from './state.ts'

export interface Considered {
  readonly rule: RuleId
  readonly title: string
  readonly type: string
  readonly applied: boolean
  readonly points: number
  /** The first condition that fails; null when it applies. */
  readonly condition: Condition | null
  readonly actual: string | null
  readonly required: string | null
  /** What would make it apply, in words; null when it applies or nothing the member does would. */
  readonly hint: string | null
}

/** Every perk and bonus looked at for a fact, on the state *before* it. Other kinds of facts have nothing to consider. */
export function explain(program: Program, state: MemberState, fact: Fact): Considered[] {
  switch (fact.kind) {
    case 'sale':
      return explainSale(program, state, fact)
    case 'checkin':
      return program.checkinPerks.map((perk) => explainEvent(program, perk, state, fact))
    case 'enrolment':
      return program.registrationPerks.map((perk) => explainEvent(program, perk, state, fact))
    default:
      return []
  }
}

interface Situation {
  readonly store: number
  readonly day: number
  readonly minute: number
  readonly lifetime: number
  readonly tierName: string
}

function situationOf(program: Program, state: MemberState, fact: Fact): Situation {
  const ms = millisOf(fact.at)
  const tier = program.tiers.find(({ id }) => id === state.tier) ?? program.tiers[0]
  return {
    store: fact.store,
    day: localDay(ms, fact.offset),
    minute: localMinuteOfWeek(ms, fact.offset),
    lifetime: state.lifetime,
    tierName: tier?.name ?? 'none',
  }
}

function explainSale(program: Program, state: MemberState, sale: Sale): Considered[] {
  const situation = situationOf(program, state, sale)
  matchLines(program, sale)
  const considered: Considered[] = []
  let total = 0
  for (const [index, perk] of program.standardPerks.entries()) {
    const failing = failingStandard(program, index, perk, state, situation.store, situation.day)
    const { amount, points } = matchedSums(program, index)
    total += points
    considered.push(told(program, perk, failing, points, situation, String(amount)))
  }
  for (const bonus of program.bonuses) {
    const base = qualifyingPoints(program, bonus, total)
    const window = frequencyWindow(bonus, situation.day)
    const count = bonus.type === 'FREQUENCY' ? countIn(state, bonus.id, window) + 1 : 0
    const found = failingBonus(
      bonus,
      base,
      situation.store,
      situation.day,
      situation.minute,
      situation.lifetime,
      count,
    )
    const points = found === APPLIES ? bonusPoints(bonus, base) : 0
    const failing = found === APPLIES && points < 1 ? NO_POINTS : found
    considered.push(
      told(program, bonus, failing, points, situation, String(failing === FREQUENCY ? count : base)),
    )
  }
  return considered
}

function explainEvent(program: Program, perk: EarnPerk, state: MemberState, fact: Fact): Considered {
  const situation = situationOf(program, state, fact)
  const failing = failingEvent(perk, state, fact.store, situation.day)
  return told(program, perk, failing, failing === APPLIES ? perk.points : 0, situation, '0')
}

function told(
  program: Program,
  rule: EarnPerk | Bonus,
  failing: number,
  points: number,
  situation: Situation,
  measured: string,
): Considered {
  const condition = CONDITIONS[failing] ?? 'applies'
  const base = {
    rule: rule.id,
    title: rule.document.title,
    type: rule.document.type,
    applied: failing === APPLIES,
    points,
  }
  if (failing === APPLIES) return { ...base, condition: null, actual: null, required: null, hint: null }
  const [actual, required, hint] = reasonOf(program, rule, condition, situation, measured)
  return { ...base, condition, actual, required, hint }
}

function dateText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}

/** Actual value, required value, what would make it apply. */
function reasonOf(
  program: Program,
  rule: EarnPerk | Bonus,
  condition: Condition,
  situation: Situation,
  measured: string,
): [string, string, string | null] {
  const { document } = rule
  switch (condition) {
    case 'status':
      return ['INACTIVE', 'ACTIVE', null]
    case 'dates':
      return [
        dateText(situation.day),
        `${document.start ?? 'any day'} to ${document.end ?? 'any day'}`,
        situation.day < rule.startDay ? `from ${document.start} on` : null,
      ]
    case 'store':
      return [String(situation.store), [...(rule.stores ?? [])].join(', '), 'in one of these stores']
    case 'required_tier': {
      const tier = program.tiers.find(({ id }) => id === document.required_tier)
      return [
        situation.tierName,
        tier?.name ?? '',
        `${rule.tierFloor - situation.lifetime} more points reach ${tier?.name}`,
      ]
    }
    case 'no_matching_line': {
      const wanted = 'skus' in rule ? [...rule.categories, ...rule.skus].slice(0, 10).join(', ') : ''
      return ['no line of this kind', wanted, `buy one of: ${wanted}`]
    }
    case 'minimum_amount': {
      const minimum = 'minimumAmount' in rule ? rule.minimumAmount : 0
      return [
        measured,
        String(minimum),
        `${minimum - Number(measured)} more in minor units of ${program.document.currency}`,
      ]
    }
    case 'once_per_day':
      return ['given today', 'once a day', 'tomorrow']
    case 'points':
      return [measured, 'enough for one point', 'buy a little more']
    case 'qualifying_points':
      return ['0', 'at least 1 point of a qualifying perk', 'buy something that earns points']
    case 'schedule':
      return [minuteText(situation.minute), scheduleText(rule), `at another time: ${scheduleText(rule)}`]
    case 'from_date':
      return [dateText(situation.day), 'fromDay' in rule ? `from ${dateText(rule.fromDay)} on` : '', null]
    case 'frequency': {
      if (!('requiredToEarn' in rule)) return [measured, '', null]
      const required = rule.requiredToEarn
      const count = Number(measured)
      // In a week or month it pays once; from a date on, every so many sales again (E-BON-4).
      const mayPay = rule.frequency === 'FROM_DATE' || count < required
      return [
        measured,
        String(required),
        mayPay ? `${required - (count % required)} more qualifying sales` : null,
      ]
    }
    case 'applies':
      return ['', '', null]
  }
}

const DAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN']

function minuteText(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${DAYS[Math.floor(minute / 1440)]} ${two(Math.floor((minute % 1440) / 60))}:${two(minute % 60)}`
}

function scheduleText(rule: EarnPerk | Bonus): string {
  const { document } = rule
  if (!('schedule' in document)) return ''
  return document.schedule.map(({ days, from, to }) => `${days.join(' ')} ${from}-${to}`).join('; ')
}
