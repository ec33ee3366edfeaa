// What a member's state remembers of facts that can still be given back, and when it is forgotten (E-MEM-1): by the days of facts alone, so that any order
// of arrival leaves the same. Lists of marks have stride 2: fact, its local day. A fact's id is larger than any day, so a mark is found by its id.
import type { Fact } from '../../../protocol/facts.ts'
import type { FactId } from '../../../protocol/ids.ts'
import { GIVE_BACK_DAYS_MAX } from '../../../protocol/limits.ts'
import { localDay, millisOf } from '../../../protocol/time.ts'
import { DAYS_BACK_MAX } from '../time/calendar.ts'

type Dated = Pick<Fact, 'at' | 'offset'>

export function dayOf({ at, offset }: Dated): number {
  return localDay(millisOf(at), offset)
}

/** Whether something of a local day can be given back no longer on another. */
export function isTooOld(day: number, on: number): boolean {
  return day < on - GIVE_BACK_DAYS_MAX
}

/** Whether nothing that still comes can ask for something of that day: the local day may step back. */
export function isForgotten(day: number, on: number): boolean {
  return isTooOld(day, on - DAYS_BACK_MAX)
}

export function isMarked(marks: readonly number[], fact: FactId): boolean {
  for (let at = 0; at < marks.length; at += 2) if (marks[at] === fact) return true
  return false
}

/** Marked, and not so long ago that the mark may be forgotten by now. */
export function isMarkedStill(marks: readonly number[], fact: FactId, on: number): boolean {
  for (let at = 0; at < marks.length; at += 2)
    if (marks[at] === fact && !isTooOld(marks[at + 1] ?? on, on)) return true
  return false
}

/** Marks a fact of local day `day`, on the day `on`, and forgets what is too old. */
export function mark(marks: readonly number[], fact: FactId, day: number, on: number): readonly number[] {
  return [...remembered(marks, 2, on), fact, day]
}

/** The entries of a list whose last field is their day, without those that are forgotten. */
export function remembered(list: readonly number[], stride: number, on: number): number[] {
  const dayAt = (at: number): number => list[at - (at % stride) + stride - 1] ?? on
  return list.filter((_, at) => !isForgotten(dayAt(at), on))
}
