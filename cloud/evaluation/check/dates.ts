// Dates of a program document: each must be a day that exists, none may end before it starts. A window of days is [first, last], both
// included; what is left out is open.
import { DAY_MS } from '../../../protocol/time.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { DocumentIssue } from './issue.ts'
import { placed, placedIn } from './places.ts'

/** Days since 1970 of a YYYY-MM-DD, or undefined when there is no such day. */
export function dayOfDate(date: string): number | undefined {
  const ms = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date) return undefined
  // What a division gives stays a boxed double in the fields it is stored to, until it is made an integer.
  return (ms / DAY_MS) | 0
}

export interface Dated {
  readonly start?: string
  readonly end?: string
  readonly from_date?: string
}
export type DayWindow = readonly [first: number, last: number]

/** When a rule can apply, of a document whose dates exist. */
export function windowOf({ start, end, from_date }: Dated): DayWindow {
  const day = (date: string | undefined, open: number): number =>
    (date === undefined ? undefined : dayOfDate(date)) ?? open
  return [Math.max(day(start, -Infinity), day(from_date, -Infinity)), day(end, Infinity)]
}

export function windowsMeet([a, b]: DayWindow, [c, d]: DayWindow): boolean {
  return Math.max(a, c) <= Math.min(b, d)
}

export const DATED_LISTS = [
  'earn_perks',
  'bonuses',
  'redeem_perks',
  'challenges',
  'response_challenges',
  'rules',
] as const

export function* dateIssues(document: ProgramDocument): Generator<DocumentIssue> {
  for (const { path, item } of placedIn(document, DATED_LISTS)) {
    const dated: Dated = item
    for (const field of ['start', 'end', 'from_date'] as const)
      yield* unknownDate(`${path}/${field}`, dated[field])
    const { start, end } = dated
    if (start === undefined || end === undefined) continue
    const [first, last] = [dayOfDate(start), dayOfDate(end)]
    if (first !== undefined && last !== undefined && last < first)
      yield {
        path: `${path}/end`,
        code: 'end_before_start',
        message: 'the end lies before the start; exchange them',
      }
  }
  for (const { path, item } of placed(document, 'bonuses')) {
    if (item.type === 'FREQUENCY' && (item.frequency === 'FROM_DATE') !== (item.from_date !== undefined))
      yield {
        path: `${path}/from_date`,
        code: 'from_date_choice',
        message: 'from_date goes with FROM_DATE, and only with it',
      }
  }
  for (const { path, item } of placed(document, 'redeem_perks')) {
    const { from, until } = item.voucher ?? {}
    yield* unknownDate(`${path}/voucher/from`, from)
    yield* unknownDate(`${path}/voucher/until`, until)
    if (from !== undefined && until !== undefined && until < from)
      yield {
        path: `${path}/voucher/until`,
        code: 'end_before_start',
        message: 'the last day lies before the first; exchange them',
      }
  }
  for (const { path, item } of placed(document, 'segments'))
    if ('on' in item.expiry) yield* unknownDate(`${path}/expiry/on`, item.expiry.on)
  const metrics = [{ path: '/points', item: document.points ?? {} }, ...placed(document, 'metrics')]
  for (const { path, item } of metrics) {
    if (item.expiry?.kind !== 'fixed') continue
    for (const [index, day] of item.expiry.days.entries())
      // 2024 has every day that any year has.
      yield* unknownDate(`${path}/expiry/days/${index}`, `2024-${day}`, day)
  }
}

function* unknownDate(path: string, date: string | undefined, told = date): Generator<DocumentIssue> {
  if (date === undefined || dayOfDate(date) !== undefined) return
  yield { path, code: 'date_unknown', message: `there is no day ${told}; correct it` }
}
