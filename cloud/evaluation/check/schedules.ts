// Schedules: slots of one schedule that overlap say something twice, and often a time was mistyped.
import { WEEKDAYS } from '../document/parts.ts'
import type { ScheduleDocument } from '../document/parts.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { DocumentWarning } from './issue.ts'
import { isActive, placed } from './places.ts'

const DAY_MINUTES = 1_440
const WEEK_MINUTES = 7 * DAY_MINUTES

export function* scheduleWarnings(document: ProgramDocument): Generator<DocumentWarning> {
  for (const { path, item } of placed(document, 'bonuses'))
    if (item.type === 'TIME' && isActive(item)) yield* overlaps(`${path}/schedule`, item.schedule)
  for (const { path, item } of placed(document, 'redeem_perks')) {
    if (!isActive(item)) continue
    yield* overlaps(`${path}/schedule`, item.schedule ?? [])
    yield* overlaps(`${path}/voucher/schedule`, item.voucher?.schedule ?? [])
  }
}

interface Stretch {
  readonly slot: number
  readonly from: number
  readonly to: number
}

function* overlaps(path: string, schedule: ScheduleDocument): Generator<DocumentWarning> {
  const told = new Set<number>()
  let before: Stretch | undefined
  for (const stretch of stretchesOf(schedule).toSorted((a, b) => a.from - b.from || a.slot - b.slot)) {
    if (before !== undefined && stretch.from < before.to) {
      const [first, later] = [before.slot, stretch.slot].toSorted((a, b) => a - b)
      if (later !== undefined && !told.has(later)) {
        told.add(later)
        yield {
          path: `${path}/${later}`,
          code: 'schedule_overlap',
          message:
            first === later
              ? 'the slot covers a time twice; take the day out that is there twice, or end it earlier'
              : `overlaps slot ${first}; end one where the other begins`,
        }
      }
    }
    if (before === undefined || stretch.to > before.to) before = stretch
  }
}

/** Minutes of the week of each slot and day; what runs past Sunday's end goes on at Monday's start. */
function stretchesOf(schedule: ScheduleDocument): Stretch[] {
  return schedule.flatMap(({ days, from, to }, slot) =>
    days.flatMap((day): Stretch[] => {
      const start = WEEKDAYS.indexOf(day) * DAY_MINUTES + minuteOf(from)
      const length = minuteOf(to) - minuteOf(from)
      const end = start + (length > 0 ? length : length + DAY_MINUTES)
      return end <= WEEK_MINUTES
        ? [{ slot, from: start, to: end }]
        : [
            { slot, from: start, to: WEEK_MINUTES },
            { slot, from: 0, to: end - WEEK_MINUTES },
          ]
    }),
  )
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}
