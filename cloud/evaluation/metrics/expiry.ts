// When what is earned on a local day expires (E-MET-3 to 5).
import type { ExpiryDocument } from '../document/metrics.ts'
import { addSpan, dayOfYear, endOfDay, yearOfDay } from '../time/windows.ts'

const NEVER = 0

/** The instant (ms) at which it expires; 0: never. `offset` of the fact that earned it. */
export function expiresOf(expiry: ExpiryDocument | undefined, day: number, offset: number): number {
  if (expiry === undefined) return NEVER
  if (expiry.kind !== 'fixed') return endOfDay(addSpan(day, expiry.after), offset)
  return endOfDay(firstOf(expiry.days, expiry.after === undefined ? day : addSpan(day, expiry.after)), offset)
}

/** The first day of a year listed as MM-DD that is not before `earliest`. */
function firstOf(listed: readonly string[], earliest: number): number {
  const year = yearOfDay(earliest)
  let first = Infinity
  for (const text of listed) {
    const [month = 1, dayOfMonth = 1] = text.split('-').map(Number)
    const inYear = dayOfYear(year, month, dayOfMonth)
    const next = inYear >= earliest ? inYear : dayOfYear(year + 1, month, dayOfMonth)
    if (next < first) first = next
  }
  return first
}
