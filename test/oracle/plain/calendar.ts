// Local days as the dates people write, YYYY-MM-DD, which sort as they follow each other; instants as milliseconds. Everything is asked of Date in UTC, with
// the wall clock shifted into it, so that no arithmetic of the evaluation is used.
import type { WindowDocument } from '../../../cloud/evaluation/document/conditions.ts'
import type { ScheduleDocument, SpanDocument } from '../../../cloud/evaluation/document/parts.ts'
import type { Fact } from '../../../protocol/facts.ts'

export const DAY = 86_400_000
const MS_2020 = Date.parse('2020-01-01T00:00:00Z')
const WEEK = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const

/** An instant on somebody's wall clock, and the fact that brought it. */
export interface When {
  readonly fact: Fact
  readonly ms: number
  readonly offset: number
  readonly date: string
}

export const msOf = (fact: Fact): number => MS_2020 + Math.floor(fact.at / 4096)

export function whenAt(fact: Fact, ms: number): When {
  return { fact, ms, offset: fact.offset, date: dateAt(ms, fact.offset) }
}

const midnight = (date: string): number => Date.parse(`${date}T00:00:00Z`)
const iso = (ms: number): string => new Date(ms).toISOString()

export const dateAt = (ms: number, offset: number): string => iso(ms + offset * 60_000).slice(0, 10)
/** HH:MM */
export const timeAt = (ms: number, offset: number): string => iso(ms + offset * 60_000).slice(11, 16)
export const startOf = (date: string, offset: number): number => midnight(date) - offset * 60_000
export const endOf = (date: string, offset: number): number => startOf(addDays(date, 1), offset)

export const addDays = (date: string, days: number): string => iso(midnight(date) + days * DAY).slice(0, 10)
export const daysBetween = (from: string, to: string): number => (midnight(to) - midnight(from)) / DAY
/** E-MEM-1: what is of that day can still be given back on the other. */
export const isNear = (day: string, today: string): boolean => daysBetween(day, today) <= 1100
export const isTooOld = (about: Fact, now: When): boolean =>
  !isNear(whenAt(about, msOf(about)).date, now.date)
export const yearOf = (date: string): number => Number(date.slice(0, 4))

/** The same day so many months later, or that month's last. */
export function addMonths(date: string, months: number): string {
  const first = new Date(`${date.slice(0, 7)}-01T00:00:00Z`)
  first.setUTCMonth(first.getUTCMonth() + months)
  const month = first.toISOString().slice(0, 7)
  let day = date.slice(8)
  while (!isDate(`${month}-${day}`)) day = String(Number(day) - 1).padStart(2, '0')
  return `${month}-${day}`
}

function isDate(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(ms) && iso(ms).slice(0, 10) === date
}

export function addSpan(date: string, span: SpanDocument): string {
  return 'days' in span ? addDays(date, span.days) : addMonths(date, span.months)
}

/** MM-DD of a year; the leap day is 28 February in other years. */
export function inYear(monthDay: string, year: number): string {
  const date = `${String(year).padStart(4, '0')}-${monthDay}`
  return isDate(date) ? date : `${String(year).padStart(4, '0')}-02-28`
}

/** The last anniversary of a date that is not after another. */
export function lastAnniversary(of: string, notAfter: string): string {
  const thisYear = inYear(of.slice(5), yearOf(notAfter))
  return thisYear <= notAfter ? thisYear : inYear(of.slice(5), yearOf(notAfter) - 1)
}

export function nextAnniversary(of: string, after: string): string {
  const thisYear = inYear(of.slice(5), yearOf(after))
  return thisYear > after ? thisYear : inYear(of.slice(5), yearOf(after) + 1)
}

export const weekdayOf = (date: string): (typeof WEEK)[number] =>
  WEEK[new Date(midnight(date)).getUTCDay()] ?? 'SUN'

export function mondayOf(date: string): string {
  let monday = date
  while (weekdayOf(monday) !== 'MON') monday = addDays(monday, -1)
  return monday
}

/** Whether a day lies in the window that ends with `today` (E-MET-10). */
export function inWindow(
  window: WindowDocument | undefined,
  day: string,
  today: string,
  enrolled: string | undefined,
): boolean {
  if (window === undefined || window.kind === 'lifetime') return true
  return day <= today && day >= windowStart(window, today, enrolled)
}

function windowStart(window: WindowDocument, today: string, enrolled: string | undefined): string {
  switch (window.kind) {
    case 'lifetime':
      return '0000-01-01'
    case 'day':
      return today
    case 'rolling':
      return addDays(today, 1 - window.days)
    case 'calendar_month':
      return `${today.slice(0, 7)}-01`
    case 'calendar_year':
      return `${today.slice(0, 4)}-01-01`
    case 'membership_year':
      return lastAnniversary(enrolled ?? '1970-01-01', today)
  }
}

export function inSchedule(schedule: ScheduleDocument, ms: number, offset: number): boolean {
  const date = dateAt(ms, offset)
  const time = timeAt(ms, offset)
  return schedule.some(({ days, from, to }) => {
    const named = (of: string): boolean => days.some((day) => day === weekdayOf(of))
    if (from < to) return named(date) && time >= from && time < to
    return (named(date) && time >= from) || (named(addDays(date, -1)) && time < to)
  })
}
