// Counts by local day that conditions and caps ask for. A tally is a flat list, replaced and never written to: key, local day (EVER: of all days),
// count. What no window can reach any more is dropped by the day of the fact alone, so that the same facts leave the same tally.
import { DAYS_BACK_MAX } from '../time/calendar.ts'

export type Tally = readonly (number | string)[]

/** The "day" that holds the count of all days. */
export const EVER = -1_000_000_000
const STRIDE = 3

/** Sum over the days from `first` to `last`, both included. */
export function countBetween(tally: Tally, key: number | string, first: number, last: number): number {
  let sum = 0
  for (let at = 0; at < tally.length; at += STRIDE) {
    if (tally[at] !== key) continue
    const day = Number(tally[at + 1])
    if (day >= first && day <= last) sum += Number(tally[at + 2])
  }
  return sum
}

export function countEver(tally: Tally, key: number | string): number {
  return countBetween(tally, key, EVER, EVER)
}

/** Adds to the key's days; `days`: how many the longest window over them has. */
export function countOn(
  tally: Tally,
  key: number | string,
  day: number,
  count: number,
  days: number,
): (number | string)[] {
  const kept: (number | string)[] = []
  let sum = count
  for (let at = 0; at < tally.length; at += STRIDE) {
    const of = tally[at] ?? 0
    const on = tally[at + 1] ?? 0
    const amount = tally[at + 2] ?? 0
    if (of === key && on === day) sum += Number(amount)
    else if (of !== key || on === EVER || Number(on) > day - days - DAYS_BACK_MAX) kept.push(of, on, amount)
  }
  kept.push(key, day, sum)
  return kept
}

/** Adds to all days first, then to the day, as two of `countOn` do: capped rules pay for one list. */
export function countOnAndEver(
  tally: Tally,
  key: number | string,
  day: number,
  count: number,
  days: number,
): Tally {
  let kept: (number | string)[] | null = null
  let today = count
  let ever = count
  for (let at = 0; at < tally.length; at += STRIDE) {
    const of = tally[at] ?? 0
    const on = tally[at + 1] ?? 0
    const amount = tally[at + 2] ?? 0
    if (of === key && on === day) today += Number(amount)
    else if (of === key && on === EVER) ever += Number(amount)
    else if (of !== key || Number(on) > day - days - DAYS_BACK_MAX) (kept ??= []).push(of, on, amount)
  }
  // A literal is just as long as needed; what is pushed to is not.
  if (kept === null) return [key, EVER, ever, key, day, today]
  kept.push(key, EVER, ever, key, day, today)
  return kept
}
