// Hot: what the wall clock alone decides about sales of a plain program: the local day, and which bonuses have their occasion (E-BON-2, E-BON-3). It
// stays so for hours, and sales come in the order of time, so the answer is kept until the clock passes the next edge. Budget: bench/evaluation.ts.
import { DAY_MS, MINUTE_MS, localDay, localMinuteOfWeek } from '../../../protocol/time.ts'
import type { Bonus, Program } from '../compile.ts'
import { inSlots } from '../time/slots.ts'

export interface Occasion {
  /** Milliseconds of the wall clock: from the first it holds, from the second no more. */
  from: number
  to: number
  day: number
  /** Active, within their dates and their schedule; frequencies still count. */
  readonly bonuses: Bonus[]
}

export function newOccasion(): Occasion {
  return { from: 0, to: 0, day: 0, bonuses: [] }
}

/** `wall`: milliseconds that the store's wall clock shows. The answer is the program's, and changed by the next call. */
export function occasionAt(program: Program, wall: number): Occasion {
  const { occasion } = program.scratch
  if (wall < occasion.from || wall >= occasion.to) look(program, occasion, wall)
  return occasion
}

function look({ bonuses }: Program, occasion: Occasion, wall: number): void {
  const day = localDay(wall, 0)
  const minute = localMinuteOfWeek(wall, 0)
  const dayMinute = minute - (minute % DAY_MINUTES)
  let from = dayMinute
  let to = dayMinute + DAY_MINUTES
  occasion.bonuses.length = 0
  for (const bonus of bonuses) {
    const { slots } = bonus
    for (let at = 0; at < slots.length; at++) {
      const edge = slots[at] ?? 0
      if (edge <= minute && edge > from) from = edge
      if (edge > minute && edge < to) to = edge
    }
    if (!bonus.active || day < bonus.startDay || day > bonus.endDay) continue
    if (bonus.type !== 'TIME' || inSlots(slots, minute)) occasion.bonuses.push(bonus)
  }
  occasion.day = day
  occasion.from = day * DAY_MS + (from - dayMinute) * MINUTE_MS
  occasion.to = day * DAY_MS + (to - dayMinute) * MINUTE_MS
}

const DAY_MINUTES = 1440
