// Spans and windows of local days (E-MET-3, E-MET-10): whole numbers of days since 1970, so that no rule about days ever sees a time zone. Only
// `startOfDay` and `endOfDay` turn a day into an instant, by the offset of the fact that asks.
import { DAY_MS, MINUTE_MS, firstDayOfMonth, monthOfDay } from '../../../protocol/time.ts'
import type { WindowDocument } from '../document/conditions.ts'
import type { SpanDocument } from '../document/parts.ts'

/** The instant a local day starts at. */
export function startOfDay(day: number, offset: number): number {
  return day * DAY_MS - offset * MINUTE_MS
}

/** The instant the day after starts at. */
export function endOfDay(day: number, offset: number): number {
  return startOfDay(day + 1, offset)
}

export function yearOfDay(day: number): number {
  return Math.floor(monthOfDay(day) / 12)
}

/** A day of a month (`year * 12 + month`), or the month's last where it has no such day. */
function dayOfMonth(month: number, day: number): number {
  const first = firstDayOfMonth(month)
  return first + Math.min(day, firstDayOfMonth(month + 1) - first) - 1
}

/** A month (from 1) and day of a year; the leap day is 28 February in other years. */
export function dayOfYear(year: number, month: number, day: number): number {
  return dayOfMonth(year * 12 + month - 1, day)
}

/** The day a span later; of months the same day of the month, or the month's last where it has no such day. */
export function addSpan(day: number, span: SpanDocument): number {
  if ('days' in span) return day + span.days
  const month = monthOfDay(day)
  return dayOfMonth(month + span.months, day - firstDayOfMonth(month) + 1)
}

/** The anniversary of a day in a year. */
export function anniversaryIn(year: number, of: number): number {
  const month = monthOfDay(of)
  return dayOfMonth(year * 12 + (((month % 12) + 12) % 12), of - firstDayOfMonth(month) + 1)
}

/** The last anniversary of a day that is not after another. */
export function lastAnniversary(of: number, notAfter: number): number {
  const year = yearOfDay(notAfter)
  const inYear = anniversaryIn(year, of)
  return inYear <= notAfter ? inYear : anniversaryIn(year - 1, of)
}

/** The first anniversary of a day that is after another. */
export function nextAnniversary(of: number, after: number): number {
  const year = yearOfDay(after)
  const inYear = anniversaryIn(year, of)
  return inYear > after ? inYear : anniversaryIn(year + 1, of)
}

/** Of the last day asked about: facts come day by day, and a calendar takes a dozen divisions. */
const calendar = { day: NaN, monthStart: 0, yearStart: 0 }

function calendarOf(day: number): Readonly<typeof calendar> {
  if (calendar.day === day) return calendar
  calendar.day = day
  calendar.monthStart = firstDayOfMonth(monthOfDay(day))
  calendar.yearStart = firstDayOfMonth(yearOfDay(day) * 12)
  return calendar
}

/** First day of the window that ends with `day`; for members without an enrolment so far the year of membership is the calendar's. */
export function windowStart(window: WindowDocument, day: number, enrolledDay: number | null): number {
  switch (window.kind) {
    case 'lifetime':
      return -Infinity
    case 'day':
      return day
    case 'rolling':
      return day - window.days + 1
    case 'calendar_month':
      return calendarOf(day).monthStart
    case 'calendar_year':
      return calendarOf(day).yearStart
    case 'membership_year':
      return lastAnniversary(enrolledDay ?? 0, day)
  }
}

/** The first day whose window does not hold `earned` any more. */
export function windowLeft(
  window: Exclude<WindowDocument, { kind: 'lifetime' }>,
  earned: number,
  enrolledDay: number | null,
): number {
  switch (window.kind) {
    case 'day':
      return earned + 1
    case 'rolling':
      return earned + window.days
    case 'calendar_month':
      return firstDayOfMonth(monthOfDay(earned) + 1)
    case 'calendar_year':
      return firstDayOfMonth((yearOfDay(earned) + 1) * 12)
    case 'membership_year':
      return nextAnniversary(enrolledDay ?? 0, earned)
  }
}

/** Days the window may hold at most; 0 for a lifetime, which is kept as a sum. */
export function windowDays(window: WindowDocument): number {
  switch (window.kind) {
    case 'lifetime':
      return 0
    case 'day':
      return 1
    case 'rolling':
      return window.days
    case 'calendar_month':
      return 31
    case 'calendar_year':
    case 'membership_year':
      return 366
  }
}
