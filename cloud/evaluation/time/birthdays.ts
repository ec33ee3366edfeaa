// Birthdays: once a year, when time reaches the member's, the BIRTHDAY perks are given (E-EARN-15). A birthday before the member enrolled, or from before
// it was told, is none; of several that passed unseen only the latest is given.
import type { Fact } from '../../../protocol/facts.ts'
import { hybridTime, localDay } from '../../../protocol/time.ts'
import { yearOfDay } from './calendar.ts'
import type { Program } from '../compile.ts'
import { situationOf } from '../conditions/condition.ts'
import type { EffectBuffer } from '../effects.ts'
import { giveEvent } from '../earning/gifts.ts'
import type { More } from '../more.ts'
import { birthdayIn } from '../profile.ts'
import type { MemberState } from '../state.ts'
import { moreOf } from '../state.ts'
import type { Passing, TimeDriven } from './time-driven.ts'
import { startOfDay } from './windows.ts'

/** Last, this and next year's; one more, because a year may have had its birthday before it was told anew. */
const YEARS = [-1, 0, 1, 2]

export const birthdayDue: TimeDriven = {
  next(program: Program | null, state: MemberState, { from, to, offset }: Passing): number {
    const { more, enrolledDay } = state
    if (program === null || more === null || enrolledDay === null || more.profile.birthday === '')
      return Infinity
    // Under a program without such perks a birthday passes all the same, but nobody need be woken for it.
    if (to === Infinity && program.birthdayPerks.length === 0) return Infinity
    const today = localDay(to === Infinity ? from : to, offset)
    let next = Infinity
    for (const years of YEARS) {
      const day = birthdayIn(more.profile.birthday, yearOfDay(today) + years)
      // The latest that is past comes before the first that is not.
      if (day > today && next < Infinity) break
      if (isOpen(more, enrolledDay, day)) next = startOfDay(day, offset)
      else if (day <= today) next = Infinity
    }
    return next
  },

  happen(
    program: Program | null,
    state: MemberState,
    at: number,
    effects: EffectBuffer,
    fact: Fact,
    { offset, watch }: Passing,
  ): void {
    if (program === null) return
    const more = moreOf(state)
    const day = localDay(at, offset)
    more.birthdayDone = day
    more.birthdayYear = yearOfDay(day)
    const occasion = { id: fact.id, at: hybridTime(at), offset: fact.offset }
    // Its bonuses are told apart from those of the fact that brings it by the instant.
    const situation = situationOf(program, state, fact, at)
    watch?.birthday(situation)
    giveEvent(program, program.birthdayPerks, situation, occasion, effects, at)
  },
}

function isOpen({ birthdayDone, birthdayYear }: More, enrolledDay: number, day: number): boolean {
  return day > enrolledDay && (birthdayDone === null || day > birthdayDone) && yearOfDay(day) !== birthdayYear
}
