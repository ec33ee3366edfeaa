// The words for what keeps challenges, responses, prizes, rules and stamp cards from happening (E-EXP-3).
import type { Program } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import type { PrizeDocument } from '../document/challenges.ts'
import type { WindowDocument } from '../document/conditions.ts'
import type { StampCardDocument } from '../document/spending.ts'
import { timesApplied } from '../earning/applied.ts'
import type { Challenge } from '../reactions/challenges.ts'
import { ineligibility, periodOf, progressOf } from '../reactions/challenges.ts'
import type { ResponseChallenge } from '../reactions/responses.ts'
import { countedIn, responsesTo } from '../reactions/responses.ts'
import type { Rule } from '../reactions/rules.ts'
import type { ReactionCondition } from '../reactions/watch.ts'
import { DAY_AFTER_ALL, DAY_BEFORE_ALL, dateOfDay } from '../time/calendar.ts'
import type { Asking, Reasons } from './common-reasons.ts'
import { commonReason, isCommon } from './common-reasons.ts'
import { titlesOf } from './titles.ts'

interface Asked {
  readonly conditions: Omit<Asking, 'document'>
  readonly document: Asking['document']
}

function common(asked: Asked, condition: ReactionCondition, at: Situation): Reasons {
  const rule = { ...asked.conditions, document: asked.document }
  return isCommon(condition) ? commonReason(at.program, rule, condition, at) : ['', '', null]
}

export function ruleReason(rule: Rule, condition: ReactionCondition, at: Situation): Reasons {
  const { occurrences } = rule.document
  if (condition !== 'occurrences' || occurrences === undefined) return common(rule, condition, at)
  const { count, window } = occurrences
  const times = timesApplied(at.state, rule.id, window, at.day)
  return [`${times} times`, `at most ${count} times ${windowText(window)}`, null]
}

/** `before`: the member as the fact found it, on which it is decided who may take part. */
export function challengeReason(
  challenge: Challenge,
  condition: ReactionCondition,
  at: Situation,
  before: Situation,
): Reasons {
  switch (condition) {
    case 'left':
      return ['left', 'takes part', 'join it again']
    case 'not_joined':
      return ['did not join', 'joined', 'join it']
    case 'eligible':
      return eligibleReason(challenge, before)
    case 'completed':
      return ['completed', 'not completed yet', null]
    case 'membership':
      return ['no day of membership', 'a day of membership', 'enrol']
    case 'dates':
      return periodReason(challenge, at)
    case 'progress': {
      const wanted = openRequirements(challenge, at).map(({ title }) => title)
      return ['nothing that counts', wanted.join(' or '), `do: ${wanted.join(' or ')}`]
    }
    default:
      return common(challenge, condition, at)
  }
}

/** What is missing for it to be completed; null: nothing. */
export function missingText(challenge: Challenge, at: Situation): string | null {
  const open = openRequirements(challenge, at)
  const texts = open.map(
    ({ id, title, quantity }) => `${quantity - progressOf(at.state, id).quantity} more of "${title}"`,
  )
  return texts.length === 0 ? null : `${texts.join(', ')} to complete it`
}

function openRequirements({ document }: Challenge, { state }: Situation) {
  return document.requirements.filter(({ id }) => !progressOf(state, id).completed)
}

function eligibleReason(challenge: Challenge, before: Situation): Reasons {
  const { homeStores } = challenge
  const { profile } = before.state.more ?? {}
  switch (ineligibility(challenge, before)) {
    case 'home_store': {
      const home = profile?.homeStore ?? 0
      return [
        `home store ${home === 0 ? 'not told' : home}`,
        `one of ${[...(homeStores ?? [])].join(', ')}`,
        null,
      ]
    }
    case 'active_membership':
      return ['membership is inactive', 'membership is active', null]
    case 'attributes':
      return common(challenge, 'attributes', before)
    case 'when':
      return common(challenge, 'when', before)
    case null:
      return ['', '', null]
  }
}

function periodReason(challenge: Challenge, at: Situation): Reasons {
  const [first, last] = periodOf(challenge, at.state) ?? [at.day, at.day]
  const asked = `${dayText(first)} to ${dayText(last)}`
  return [dateOfDay(at.day), asked, at.day < first ? `from ${dateOfDay(first)} on` : null]
}

/** Days outside of the calendar stand for no bound. */
function dayText(day: number): string {
  return day === DAY_BEFORE_ALL || day === DAY_AFTER_ALL ? 'any day' : dateOfDay(day)
}

export function responseReason(
  challenge: ResponseChallenge,
  condition: ReactionCondition,
  at: Situation,
  number: number,
): Reasons {
  const { id, document } = challenge
  switch (condition) {
    case 'per_member': {
      const { per_member: most = 0, per_member_period: period } = document
      const each = period === undefined ? 'ever' : `a ${period}`
      const given = countedIn(document, at.state, at.day)
      return [`${given} given`, `at most ${most} ${each}`, period === undefined ? null : `another ${period}`]
    }
    case 'interval_days': {
      const { interval_days: interval = 0 } = document
      const last = responsesTo(at.state, id).at(-1)?.day ?? at.day
      return [
        `${Math.abs(at.day - last)} days after the last`,
        `${interval} days`,
        `from ${dateOfDay(last + interval)} on`,
      ]
    }
    case 'overall':
      return [`number ${number}`, `at most ${document.overall} of all members`, null]
    case 'verdict':
      return ['decided before, or not counted', 'a response that waits for its verdict', null]
    default:
      return common(challenge, condition, at)
  }
}

export function prizeReason(prize: PrizeDocument, number: number): Reasons {
  switch (prize.calculation) {
    case 'probability':
      return [`number ${number} did not win`, `${prize.per_million} in a million`, null]
    case 'every_nth':
      return [`number ${number}`, `every ${prize.nth}th`, null]
    case 'first_n':
      return [`number ${number}`, `the first ${prize.count} (${prize.period})`, null]
    case 'random':
      return ['not drawn', `${prize.winners} are drawn`, null]
  }
}

export function cardReason(
  program: Program,
  { metric, required }: StampCardDocument,
  balance: number,
): Reasons {
  const name = new Map(titlesOf(program.document)).get(metric) ?? 'points'
  return [String(balance), String(required), `${required - balance} more ${name}`]
}

function windowText(window: WindowDocument | undefined): string {
  if (window === undefined || window.kind === 'lifetime') return 'ever'
  return window.kind === 'rolling' ? `in ${window.days} days` : `in a ${window.kind.replace('_', ' ')}`
}
