// Condition trees, and the conditions that every rule shares, read as they are written (E-COND, E-EARN-8).
import type {
  Comparison,
  ConditionDocument,
  NumberName,
} from '../../../cloud/evaluation/document/conditions.ts'
import type { RuleId } from '../../../protocol/ids.ts'
import { aggregateOf } from './aggregates.ts'
import type { When } from './calendar.ts'
import { daysBetween, inWindow, inYear, timeAt, weekdayOf, yearOf } from './calendar.ts'
import { amountOf, basketHolds, basketOf, paidWith } from './basket.ts'
import type { Member } from './member.ts'

export function holds(member: Member, when: When, condition: ConditionDocument | undefined): boolean {
  if (condition === undefined) return true
  if ('all' in condition) return condition.all.every((one) => holds(member, when, one))
  if ('any' in condition) return condition.any.some((one) => holds(member, when, one))
  if ('not' in condition) return !holds(member, when, condition.not)
  return leafHolds(member, when, condition)
}

type Leaf = Exclude<ConditionDocument, { all: unknown } | { any: unknown } | { not: unknown }>

function leafHolds(member: Member, when: When, leaf: Leaf): boolean {
  const { fact } = when
  if ('kind' in leaf) return leaf.kind.includes(fact.kind)
  if ('referral' in leaf) return fact.kind === 'referral' && leaf.referral.includes(fact.stage)
  if ('store' in leaf) return leaf.store.includes(fact.store)
  if ('home_store' in leaf)
    return member.homeStore !== undefined && (member.homeStore === fact.store) === leaf.home_store
  if ('number' in leaf) return compare(numberOf(member, when, leaf.number), leaf.is, leaf.value)
  if ('basket' in leaf) return basketHolds(fact, leaf.basket)
  if ('payment' in leaf) {
    const basket = basketOf(fact)
    return basket !== undefined && paidWith(basket.tenders, leaf.payment.types) >= (leaf.payment.amount ?? 1)
  }
  if ('attribute' in leaf) {
    const value = member.attributes.get(leaf.attribute)
    return value !== undefined && leaf.in.includes(value)
  }
  if ('birthday' in leaf) {
    if (member.birthday === undefined) return false
    const birthday = inYear(member.birthday.slice(5), yearOf(when.date))
    return leaf.birthday === 'day' ? birthday === when.date : birthday.slice(0, 7) === when.date.slice(0, 7)
  }
  return memberLeafHolds(member, when, leaf)
}

function memberLeafHolds(
  member: Member,
  when: When,
  leaf: Extract<
    Leaf,
    | { segment: unknown }
    | { tier: unknown }
    | { holds: unknown }
    | { metric: unknown }
    | { aggregate: unknown }
    | { applied: unknown }
  >,
): boolean {
  if ('segment' in leaf) return insideSegment(member, leaf.segment, when.ms)
  if ('tier' in leaf) return hasTier(member, leaf.tier)
  if ('holds' in leaf) return isHeld(member, leaf.holds, when.ms)
  if ('aggregate' in leaf) return compare(aggregateOf(member, leaf.aggregate, when.date), leaf.is, leaf.value)
  if ('applied' in leaf) {
    const times = member.applied.filter(
      ({ rule, day }) => rule === leaf.applied && inWindow(leaf.window, day, when.date, member.enrolled),
    )
    return compare(times.length, leaf.is, leaf.value)
  }
  return compare(metricPart(member, when, leaf), leaf.is, leaf.value)
}

function metricPart(
  member: Member,
  when: When,
  { metric, part, window }: Extract<ConditionDocument, { part: unknown }>,
): number {
  switch (part) {
    case 'balance':
      return member.balance(metric) + (metric === 0 ? member.goodwill() : 0)
    case 'pending':
      return member.pendingOf(metric)
    case 'lifetime':
      return member.lifetime(metric)
    case 'spent':
      return member.spent(metric)
    case 'earned':
      return member.earned(metric, window, when.date)
  }
}

/** Undefined: the fact has no such number. */
function numberOf(member: Member, { fact, ms, offset, date }: When, name: NumberName): number | undefined {
  const basket = basketOf(fact)
  const goods = fact.kind === 'return' ? fact : basket
  switch (name) {
    case 'amount':
      return fact.kind === 'return' ? fact.amount : basket === undefined ? undefined : amountOf(basket)
    case 'items':
      return goods === undefined
        ? undefined
        : Math.floor([...goods.lines].reduce((sum, { quantity }) => sum + quantity, 0) / 1000)
    case 'lines':
      return goods?.lines.length
    case 'minute': {
      const [hours = 0, minutes = 0] = timeAt(ms, offset).split(':').map(Number)
      return hours * 60 + minutes
    }
    case 'weekday':
      return ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'].indexOf(weekdayOf(date)) + 1
    case 'day_of_month':
      return Number(date.slice(8))
    case 'month':
      return Number(date.slice(5, 7))
    case 'age':
      return member.birthday === undefined ? undefined : ageOn(member.birthday, date)
    case 'membership_days':
      return member.enrolled === undefined ? undefined : daysBetween(member.enrolled, date)
  }
}

function ageOn(birthday: string, date: string): number {
  const years = yearOf(date) - yearOf(birthday)
  return inYear(birthday.slice(5), yearOf(date)) <= date ? years : years - 1
}

export function compare(actual: number | undefined, is: Comparison, value: number): boolean {
  if (actual === undefined) return false
  switch (is) {
    case 'eq':
      return actual === value
    case 'ne':
      return actual !== value
    case 'lt':
      return actual < value
    case 'le':
      return actual <= value
    case 'gt':
      return actual > value
    case 'ge':
      return actual >= value
  }
}

export function insideSegment(member: Member, segment: number, ms: number): boolean {
  const override = member.overrides.get(segment)
  if (override !== undefined) return override
  return (member.explicit.get(segment) ?? 0) > ms || member.byCondition.has(segment)
}

/** At least this tier. */
export function hasTier(member: Member, tier: RuleId): boolean {
  const { document } = member
  return document !== undefined && member.tierPlace(document) >= member.tierPlace(document, tier)
}

/** E-COND-2: of LEVEL memberships only the highest counts. */
function isHeld(member: Member, perk: number, ms: number): boolean {
  const held = new Set(
    member.entitlements
      .filter(
        ({ status, expires }) => ['unused', 'issued', 'offered', 'clipped'].includes(status) && ms < expires,
      )
      .map((one) => one.perk),
  )
  if (!held.has(perk)) return false
  const priorityOf = (id: number): number | undefined => {
    const membership = member.document?.redeem_perks.find((one) => one.id === id)?.membership
    return membership?.template === 'LEVEL' ? membership.priority : undefined
  }
  const own = priorityOf(perk)
  if (own === undefined) return true
  return ![...held].some((other) => {
    const its = priorityOf(other)
    return its !== undefined && (its > own || (its === own && other < perk))
  })
}

interface Shared {
  readonly status?: string
  readonly start?: string
  readonly end?: string
  readonly stores?: readonly number[]
  readonly required_tier?: RuleId
  readonly attributes?: readonly { readonly name: string; readonly value: string }[]
  readonly when?: ConditionDocument
}

export function inDates({ start, end }: Pick<Shared, 'start' | 'end'>, date: string): boolean {
  return (start === undefined || start <= date) && (end === undefined || date <= end)
}

export function hasAnyAttribute(member: Member, asked: Shared['attributes']): boolean {
  const has = (name: string, value: string): boolean =>
    member.attributes.get(name) === value || member.attributes.has(`${name}=${value}`.substring(0, 200))
  return asked === undefined || asked.some(({ name, value }) => has(name, value))
}

/** Status, dates, store, tier, attributes and the rule's own tree. */
export function allows(member: Member, when: When, rule: Shared): boolean {
  return (
    rule.status !== 'INACTIVE' &&
    inDates(rule, when.date) &&
    (rule.stores === undefined || rule.stores.includes(when.fact.store)) &&
    (rule.required_tier === undefined || hasTier(member, rule.required_tier)) &&
    hasAnyAttribute(member, rule.attributes) &&
    holds(member, when, rule.when)
  )
}
