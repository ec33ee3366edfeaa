// Times of the week in words.
import type { ScheduleDocument } from '../document/parts.ts'
import { WEEKDAYS } from '../document/parts.ts'

/** `minute`: of the local week. */
export function minuteText(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${WEEKDAYS[Math.floor(minute / 1440)]} ${two(Math.floor((minute % 1440) / 60))}:${two(minute % 60)}`
}

export function scheduleText(schedule: ScheduleDocument): string {
  return schedule.map(({ days, from, to }) => `${days.join(' ')} ${from}-${to}`).join('; ')
}
