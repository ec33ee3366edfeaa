// Weekly schedules as pairs of minutes of the local week, compiled once (E-BON-2): the store's wall clock decides, and a slot that ends at or before its
// start runs past midnight.
import { WEEKDAYS } from '../document/parts.ts'
import type { ScheduleDocument } from '../document/parts.ts'

const DAY_MINUTES = 1440
const WEEK_MINUTES = 7 * DAY_MINUTES

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

/** Pairs of minutes, start included, end excluded; a slot over midnight on Sunday is two pairs. */
export function slotsOf(schedule: ScheduleDocument): Int32Array {
  const pairs: number[] = []
  for (const { days, from, to } of schedule) {
    const length = (minutesOf(to) - minutesOf(from) + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES
    for (const day of days) {
      const start = WEEKDAYS.indexOf(day) * DAY_MINUTES + minutesOf(from)
      pairs.push(start, Math.min(start + length, WEEK_MINUTES))
      if (start + length > WEEK_MINUTES) pairs.push(0, start + length - WEEK_MINUTES)
    }
  }
  return Int32Array.from(pairs)
}

/** Whether a minute of the local week, from Monday 00:00, lies in a slot. */
export function inSlots(slots: Int32Array, minute: number): boolean {
  for (let at = 0; at < slots.length; at += 2) {
    if (minute >= (slots[at] ?? 0) && minute < (slots[at + 1] ?? 0)) return true
  }
  return false
}
