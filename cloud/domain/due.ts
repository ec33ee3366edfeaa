// When time alone changes a member's state next: points expire, a tier's period ends, a birthday comes.
import { hybridTime } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import type { Program } from '../evaluation/compile.ts'
import type { Programs } from '../evaluation/programs.ts'
import type { MemberState } from '../evaluation/state.ts'

/** The earliest instant (ms) at which something is due; Infinity: never. `offset` is the wall clock that says what a local day is. */
export type NextDue = (program: Program, state: MemberState, offset: number) => number

/** By the program in force now; null: nothing is due. */
export function dueOf(
  next: NextDue,
  programs: Programs,
  state: MemberState,
  offset: number,
  now: number,
): Millis | null {
  const program = programs.program(hybridTime(now))
  const due = program === null ? Infinity : next(program, state, offset)
  return Number.isFinite(due) ? (due as Millis) : null
}
