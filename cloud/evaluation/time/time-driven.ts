// What a concept must say so that time can drive it: when its next thing falls due, and what happens then. time.ts asks all of them and lets the
// earliest happen, again and again; so `next` must move on after `happen`, or time stands still.
import type { Fact } from '../../../protocol/facts.ts'
import type { Program } from '../compile.ts'
import type { EffectBuffer } from '../effects.ts'
import type { Watch } from '../reactions/watch.ts'
import type { MemberState } from '../state.ts'

/** Time passing, up to and with `to`; effects belong to the fact that brings it. */
export interface Passing {
  /** Milliseconds of the member's last fact; -Infinity at the first. What is not remembered as done is due only after it. */
  readonly from: number
  /** The later of `from` and the instant at which something of this kind happened last while this time passes. */
  readonly after: number
  /** Milliseconds of the fact; Infinity when only the next instant is asked for. */
  readonly to: number
  /** Of the fact that brings the time: its wall clock says what a local day is. */
  readonly offset: number
  /** What happened so far while this time passes. */
  readonly effects: EffectBuffer
  /** Who wants to know why; left out: nobody. */
  readonly watch?: Watch | undefined
}

export interface TimeDriven {
  /** The earliest instant (ms) at which something falls due, whether before `to` or not; Infinity: nothing. */
  next(program: Program | null, state: MemberState, passing: Passing): number
  /** Books what falls due at `at`, which `next` named. `fact` brings the time. */
  happen(
    program: Program | null,
    state: MemberState,
    at: number,
    effects: EffectBuffer,
    fact: Fact,
    passing: Passing,
  ): void
}
