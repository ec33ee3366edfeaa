// What is remembered of a member and segments (E-SEG): HQ's override, membership by rule with its end, membership by condition as it was when last
// looked at, and whether the member was in it then. Looking is done in segment-looks.ts, so that conditions can ask this file.
import type { SegmentFact } from '../../../protocol/facts.ts'
import type { RuleId } from '../../../protocol/ids.ts'
import { dayOfDate } from '../check/dates.ts'
import type { Program } from '../compile.ts'
import type { Condition } from '../conditions/condition.ts'
import type { SegmentDocument } from '../document/segments.ts'
import { SEGMENT_BY_CONDITION, SEGMENT_BY_RULE, SEGMENT_EXCLUDED, SEGMENT_INCLUDED } from '../more.ts'
import type { MemberState } from '../state.ts'
import { NEVER, moreOf } from '../state.ts'
import type { TimeDriven } from '../time/time-driven.ts'
import { addSpan, endOfDay } from '../time/windows.ts'
import { localDay, millisOf } from '../../../protocol/time.ts'

export interface Segment {
  readonly id: RuleId
  readonly document: SegmentDocument
  /** Null: only rules and HQ put members in. */
  readonly when: Condition | null
}

const STRIDE = 3
const FLAGS = 1
const UNTIL = 2
const NOT_FOUND = -1

function placeOf(segments: readonly number[], segment: RuleId): number {
  for (let at = 0; at < segments.length; at += STRIDE) if (segments[at] === segment) return at
  return NOT_FOUND
}

/** SEGMENT_* bits; 0: nothing is remembered. */
export function segmentFlags({ more }: MemberState, segment: RuleId): number {
  const segments = more?.segments ?? []
  const at = placeOf(segments, segment)
  return at < 0 ? 0 : (segments[at + FLAGS] ?? 0)
}

/** Until when a rule put the member in (ms); 0: for ever, or no rule did. */
export function segmentUntil({ more }: MemberState, segment: RuleId): number {
  const segments = more?.segments ?? []
  const at = placeOf(segments, segment)
  return at < 0 ? NEVER : (segments[at + UNTIL] ?? NEVER)
}

/** E-SEG-1: the override, else membership by rule until its end, else the condition as it was when last looked at. */
export function inSegment(state: MemberState, segment: RuleId, ms: number): boolean {
  const { more } = state
  if (more === null || more.segments.length === 0) return false
  const at = placeOf(more.segments, segment)
  if (at < 0) return false
  const flags = more.segments[at + FLAGS] ?? 0
  if ((flags & (SEGMENT_INCLUDED | SEGMENT_EXCLUDED)) !== 0) return (flags & SEGMENT_INCLUDED) !== 0
  if ((flags & SEGMENT_BY_CONDITION) !== 0) return true
  const until = more.segments[at + UNTIL] ?? NEVER
  return (flags & SEGMENT_BY_RULE) !== 0 && (until === NEVER || ms < until)
}

/** Sets `on` and clears `off` of a segment's flags; one without flags is forgotten. */
export function markSegment(
  state: MemberState,
  segment: RuleId,
  on: number,
  off: number,
  until: number = segmentUntil(state, segment),
): void {
  const more = moreOf(state)
  const flags = (segmentFlags(state, segment) & ~off) | on
  let at = 0
  while (at < more.segments.length && (more.segments[at] ?? 0) < segment) at += STRIDE
  const known = more.segments[at] === segment ? STRIDE : 0
  const entry = flags === 0 ? [] : [segment, flags, (flags & SEGMENT_BY_RULE) === 0 ? NEVER : until]
  more.segments = more.segments.toSpliced(at, known, ...entry)
}

/** HQ's override (E-SEG-1), or HQ's hand where a rule's could have been (E-SEG-4). */
export function bookSegment(program: Program | null, state: MemberState, fact: SegmentFact): void {
  const { segment, action, at, offset } = fact
  if (action === 'remove') takeOutOfSegment(state, segment)
  if (action === 'add' && program !== null) putInSegment(program, state, segment, millisOf(at), offset)
  if (action === 'add' || action === 'remove') return
  const overrides = SEGMENT_INCLUDED | SEGMENT_EXCLUDED
  const on = action === 'clear' ? 0 : action === 'include' ? SEGMENT_INCLUDED : SEGMENT_EXCLUDED
  if ((segmentFlags(state, segment) & overrides) !== on) markSegment(state, segment, on, overrides & ~on)
}

/** A rule puts the member in, from an instant of a local day on; again: a ROLLING time starts anew, any other stays (E-SEG-4). */
export function putInSegment(
  program: Program,
  state: MemberState,
  segment: RuleId,
  ms: number,
  offset: number,
): void {
  const expiry = program.reactions?.segments.find(({ id }) => id === segment)?.document.expiry
  if (expiry === undefined) return
  const until = endOf(expiry, state, segment, ms, offset)
  if (until === NEVER || until > ms) markSegment(state, segment, SEGMENT_BY_RULE, 0, until)
  else takeOutOfSegment(state, segment)
}

function endOf(
  expiry: SegmentDocument['expiry'],
  state: MemberState,
  segment: RuleId,
  ms: number,
  offset: number,
): number {
  if (expiry.kind === 'PERSISTENT') return NEVER
  if ('on' in expiry) return endOfDay(dayOfDate(expiry.on) ?? 0, offset)
  const running = segmentUntil(state, segment)
  return expiry.kind === 'SCHEDULED' && running > ms
    ? running
    : endOfDay(addSpan(localDay(ms, offset), expiry.after), offset)
}

/** Ends membership by rule only: who is in by condition or by HQ's word stays. */
export function takeOutOfSegment(state: MemberState, segment: RuleId): void {
  if ((segmentFlags(state, segment) & SEGMENT_BY_RULE) !== 0) markSegment(state, segment, 0, SEGMENT_BY_RULE)
}

/** Membership by rule ends by time; who has left is told when the segments are looked at next. */
export const segmentsDue: TimeDriven = {
  next(_, { more }) {
    const segments = more?.segments ?? []
    let earliest = Infinity
    for (let at = UNTIL; at < segments.length; at += STRIDE) {
      const until = segments[at] ?? NEVER
      if (until !== NEVER && until < earliest) earliest = until
    }
    return earliest
  },
  happen(_, state, at) {
    const segments = state.more?.segments ?? []
    const ended: RuleId[] = []
    for (let place = 0; place < segments.length; place += STRIDE) {
      const until = segments[place + UNTIL] ?? NEVER
      if (until !== NEVER && until <= at) ended.push((segments[place] ?? 0) as RuleId)
    }
    for (const segment of ended) takeOutOfSegment(state, segment)
  },
}
