// The words of an explanation of perks and bonuses: for each condition that fails what was found, what was asked for, and what would help (E-EXP-1).
import type { Bonus, EarnPerk, Program } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import type { CapsDocument } from '../document/earning.ts'
import type { ConditionName } from '../conditions/condition-numbers.ts'
import { dateOfDay } from '../time/calendar.ts'
import type { Reasons } from './common-reasons.ts'
import { commonReason } from './common-reasons.ts'
import { minuteText, scheduleText } from './schedule-words.ts'

type Explained = EarnPerk | Bonus

/** `measured`: what the condition was measured by, an amount or a count. */
export function reasonOf(
  program: Program,
  rule: Explained,
  condition: ConditionName,
  at: Situation,
  measured: number,
): Reasons {
  switch (condition) {
    case 'applies':
      return ['', '', null]
    case 'status':
    case 'dates':
    case 'store':
    case 'required_tier':
    case 'attributes':
    case 'when':
      return commonReason(program, rule, condition, at)
    case 'no_matching_line': {
      const wanted = 'skus' in rule ? [...rule.categories, ...rule.skus].slice(0, 10).join(', ') : ''
      return ['no line of this kind', wanted, `buy one of: ${wanted}`]
    }
    case 'tenders': {
      const tenders = 'tenders' in rule ? [...(rule.tenders ?? [])].join(' or ') : ''
      return ['nothing paid so', `paid by ${tenders}`, `pay by ${tenders}`]
    }
    case 'minimum_amount': {
      const minimum = 'minimumAmount' in rule ? rule.minimumAmount : 0
      return [
        String(measured),
        String(minimum),
        `${minimum - measured} more in minor units of ${program.document.currency}`,
      ]
    }
    case 'once_per_day':
      return ['given today', 'once a day', 'tomorrow']
    case 'points':
      return [String(measured), 'enough for one point', 'buy a little more']
    default:
      return givingReason(rule, condition, at, measured)
  }
}

/** Reasons of bonuses, caps and groups. */
function givingReason(
  rule: Explained,
  condition: Extract<
    ConditionName,
    'qualifying_points' | 'schedule' | 'from_date' | 'frequency' | 'caps' | 'group' | 'clock'
  >,
  at: Situation,
  measured: number,
): Reasons {
  switch (condition) {
    case 'qualifying_points':
      return ['0', 'at least 1 point of a qualifying perk', 'buy something that earns points']
    case 'schedule':
      return [minuteText(at.minute), timesOf(rule), `at another time: ${timesOf(rule)}`]
    case 'from_date':
      return [dateOfDay(at.day), 'fromDay' in rule ? `from ${dateOfDay(rule.fromDay)} on` : '', null]
    case 'frequency':
      return frequencyReason(rule, measured)
    case 'clock':
      return ["a time the store's clock could not vouch for", 'a time that is certain', null]
    case 'caps':
      return capsReason(rule, measured)
    default:
      return [
        `would give ${measured}`,
        rule.group?.stacking === 'best'
          ? `the most of group "${rule.group.name}"`
          : `the first of group "${rule.group?.name}" that applies`,
        null,
      ]
  }
}

function frequencyReason(rule: Explained, count: number): Reasons {
  if (!('requiredToEarn' in rule)) return [String(count), '', null]
  const required = rule.requiredToEarn
  // In a week or month it pays once; from a date on, every so many sales again (E-BON-4).
  const mayPay = rule.frequency === 'FROM_DATE' || count < required
  return [
    String(count),
    String(required),
    mayPay ? `${required - (count % required)} more qualifying sales` : null,
  ]
}

function capsReason({ caps, group }: Explained, measured: number): Reasons {
  const own = capsText(caps)
  const shared = group === null ? [] : capsText(group.caps).map((text) => `${text} in group "${group.name}"`)
  const daily = caps?.per_day !== undefined || group?.caps?.per_day !== undefined
  return [
    `would give ${measured}, nothing is left`,
    `at most ${[...own, ...shared].join(', ')}`,
    daily ? 'another day' : null,
  ]
}

function capsText(caps: CapsDocument | null | undefined): string[] {
  const { per_sale, per_day, per_member } = caps ?? {}
  return [
    ...(per_sale === undefined ? [] : [`${per_sale} per sale`]),
    ...(per_day === undefined ? [] : [`${per_day} per day`]),
    ...(per_member === undefined ? [] : [`${per_member} ever`]),
  ]
}

function timesOf({ document }: Explained): string {
  return 'schedule' in document ? scheduleText(document.schedule) : ''
}
