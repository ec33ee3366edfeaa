// What is known of a member beside points: home store, birthday, attributes, membership (`profile` facts and the credentials that rules give).
import type { Profile as ProfileFact } from '../../protocol/facts.ts'
import { ATTRIBUTES_MAX, TEXT_CHARS_MAX } from '../../protocol/limits.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import { dayOfDate } from './check/dates.ts'
import type { MemberState } from './state.ts'
import { moreOf } from './state.ts'
import { dayOfYear } from './time/windows.ts'

/** E-PROF-1. */
export function learnProfile(state: MemberState, fact: ProfileFact): void {
  const more = moreOf(state)
  const { profile } = more
  more.profile = {
    homeStore: fact.home_store ?? profile.homeStore,
    birthday: fact.birthday ?? profile.birthday,
    attributes: profile.attributes,
    active: fact.membership === null ? profile.active : fact.membership === 'active',
    since: fact.membership_start === null ? profile.since : (dayOfDate(fact.membership_start) ?? null),
  }
  if (fact.birthday !== null) {
    // A birthday that was not known yet is not given afterwards (E-EARN-15).
    more.birthdayDone = Math.max(more.birthdayDone ?? -Infinity, localDay(millisOf(fact.at), fact.offset))
  }
  for (const { name, value } of fact.attributes) setAttribute(state, name, value)
}

/** Null takes the attribute away. Attributes are kept by name, so that the order of learning does not show. One name too many is not learned (E-PROF-2). */
export function setAttribute(state: MemberState, name: string, value: string | null): void {
  const more = moreOf(state)
  const { profile } = more
  const others = profile.attributes.filter(([known]) => known !== name)
  if (value !== null && others.length >= ATTRIBUTES_MAX) return
  const attributes =
    value === null
      ? others
      : [...others, [name, value] as [string, string]].sort(([a], [b]) => (a < b ? -1 : 1))
  more.profile = { ...profile, attributes }
}

/** Undefined: the member has no such attribute. */
export function attributeOf(state: MemberState, name: string): string | undefined {
  const attributes = state.more?.profile.attributes ?? []
  for (const [known, value] of attributes) if (known === name) return value
  return undefined
}

/** The attribute that says that the member has this value among several of the attribute (E-EARN-9); what it says beside that is the teller's. */
export function oneOfSeveral(name: string, value: string): string {
  return `${name}=${value}`.slice(0, TEXT_CHARS_MAX)
}

export function hasValue(state: MemberState, name: string, value: string): boolean {
  return attributeOf(state, name) === value || attributeOf(state, oneOfSeveral(name, value)) !== undefined
}

/** Local day of a YYYY-MM-DD birthday in a year. */
export function birthdayIn(birthday: string, year: number): number {
  return dayOfYear(year, Number(birthday.slice(5, 7)), Number(birthday.slice(8, 10)))
}
