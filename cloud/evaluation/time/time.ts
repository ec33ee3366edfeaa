// What time does to a member by itself: whatever fell due since the last fact happens first, in the order of its instants (rules of `advance`). A fact
// brings the time; where none comes, the cloud makes a `moment` at `nextDue`, so that nothing waits for the member's next visit.
import type { Fact, Moment } from '../../../protocol/facts.ts'
import type { FactId, MemberId, ProgramVersion, StoreId } from '../../../protocol/ids.ts'
import type { Points } from '../../../protocol/numbers.ts'
import { hybridTime, millisOf } from '../../../protocol/time.ts'
import type { Millis, ZoneOffset } from '../../../protocol/time.ts'
import { birthdayDue } from './birthdays.ts'
import type { Program } from '../compile.ts'
import { EffectBuffer } from '../effects.ts'
import { entitlementsDue, nextEntitlementEnd } from '../spending/entitlements.ts'
import { expiries, releases, warnings } from './lots-due.ts'
import type { More } from '../more.ts'
import type { MemberState } from '../state.ts'
import { copyState } from '../state.ts'
import { timeRulesDue } from '../reactions/rules.ts'
import { lookAtSegments } from '../reactions/segment-looks.ts'
import { segmentsDue } from '../reactions/segments.ts'
import { nextTierChange, settleTier, tierPeriods } from '../tiers/tiers.ts'
import type { Watch } from '../reactions/watch.ts'
import type { TimeDriven } from './time-driven.ts'

const entitlementEnds: TimeDriven = {
  next: (_, state) => nextEntitlementEnd(state),
  happen: (_, state, at, effects) => entitlementsDue(state, at, effects),
}

/** In the order in which they happen at one instant. */
const DRIVEN: readonly TimeDriven[] = [
  releases,
  warnings,
  expiries,
  entitlementEnds,
  segmentsDue,
  tierPeriods,
  birthdayDue,
  timeRulesDue,
]

/**
 * Something may fall due for the member by `ms` by time alone; where this is false, `advance` does nothing. Members of programs without expiry still
 * hold vouchers that end: only a fact after such an end pays for it.
 */
export function isTimed(program: Program | null, state: MemberState, ms: number): boolean {
  return (
    (program !== null && program.timed) ||
    (state.more !== null && waitsForTime(state.more)) ||
    (state.lots.length > 0 && (state.lots[0] ?? Infinity) <= ms) ||
    (state.entitlements.length > 0 && nextEntitlementEnd(state) <= ms)
  )
}

/** What an earlier program version may have left behind; caps, counts and the like wait for nothing. */
function waitsForTime({ pending, segments, accounts, profile }: More): boolean {
  return pending.length > 0 || segments.length > 0 || accounts.length > 0 || profile.birthday !== ''
}

/** When each of them happened last; working memory of `advance`, which is synchronous. */
const last = new Float64Array(DRIVEN.length)

/** Lets time pass up to the fact; what happens are its effects. */
export function advance(
  program: Program | null,
  state: MemberState,
  fact: Fact,
  effects: EffectBuffer,
  watch?: Watch,
): void {
  const to = millisOf(fact.at)
  const from = state.facts === 0 ? -Infinity : millisOf(state.at)
  last.fill(from)
  const passing = { from, after: from, to, offset: fact.offset, effects, watch }
  for (;;) {
    let earliest = Infinity
    let first = -1
    for (let place = 0; place < DRIVEN.length; place++) {
      passing.after = last[place] ?? from
      const at = DRIVEN[place]?.next(program, state, passing) ?? Infinity
      if (at >= earliest) continue
      earliest = at
      first = place
    }
    if (earliest > to) break
    passing.after = last[first] ?? from
    DRIVEN[first]?.happen(program, state, earliest, effects, fact, passing)
    last[first] = Math.max(earliest, from)
  }
  if (program === null || !program.timed) return
  settleTier(program, state, fact, to, effects, true)
  if (program.reactions !== null) lookAtSegments(program, state, fact, effects)
}

const NOTHING_HAPPENED = new EffectBuffer()

/**
 * The earliest instant (ms) at which something falls due for the member; Infinity: nothing. `offset` is that of the fact that will bring the
 * time (a moment of HQ has 0). Once such a fact is folded, it lies after it.
 */
export function nextDue(program: Program | null, state: MemberState, offset = 0): number {
  if (state.facts === 0) return Infinity
  const from = millisOf(state.at)
  let earliest = program === null ? Infinity : nextTierChange(program, state, from, offset)
  const passing = { from, after: from, to: Infinity, offset, effects: NOTHING_HAPPENED }
  for (const driven of DRIVEN) earliest = Math.min(earliest, driven.next(program, state, passing))
  return earliest
}

/** The member as of `ms`, which may lie after all facts: for answers, never for storing. The state itself is left alone; `effects` gets what happened. */
export function stateAt(
  program: Program | null,
  state: MemberState,
  member: MemberId,
  ms: number,
  offset = 0,
  effects = new EffectBuffer(),
): MemberState {
  if (!isTimed(program, state, ms) || state.facts === 0 || ms <= millisOf(state.at)) return state
  const copy = copyState(state)
  advance(program, copy, momentAt(member, ms, offset), effects)
  return copy
}

/** A fact that only brings time, of no ledger. */
function momentAt(member: MemberId, ms: number, offset: number): Moment {
  return {
    kind: 'moment',
    id: 0 as FactId,
    at: hybridTime(ms),
    claimed: null,
    offset: offset as ZoneOffset,
    store: 0 as StoreId,
    terminal: 'time',
    key: 'time',
    program: 0 as ProgramVersion,
    member,
    claim: null,
    promised: 0 as Points,
    confirmed: false,
    suspect: false,
    due: ms as Millis,
  }
}
