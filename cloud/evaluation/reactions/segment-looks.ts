// Looking at the segments of a member after every fact, and whenever time has passed (E-SEG): conditions are asked in the document's order, each seeing
// what the earlier ones came to, and who came or left since the last look is told.
import type { Fact } from '../../../protocol/facts.ts'
import { millisOf } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import { holds, situationOf } from '../conditions/condition.ts'
import type { EffectBuffer } from '../effects.ts'
import { SEGMENT_ENTERED, SEGMENT_LEFT } from '../effects.ts'
import { SEGMENT_BY_CONDITION, SEGMENT_TOLD } from '../more.ts'
import { inSegment, markSegment, segmentFlags } from './segments.ts'
import type { MemberState } from '../state.ts'

export function lookAtSegments(
  program: Program,
  state: MemberState,
  fact: Fact,
  effects: EffectBuffer,
): void {
  const segments = program.reactions?.segments ?? []
  if (segments.length === 0) return
  const ms = millisOf(fact.at)
  const situation = situationOf(program, state, fact)
  for (const { id, when } of segments) {
    const before = segmentFlags(state, id)
    const byCondition = when !== null && holds(when, situation) ? SEGMENT_BY_CONDITION : 0
    if ((before & SEGMENT_BY_CONDITION) !== byCondition)
      markSegment(state, id, byCondition, SEGMENT_BY_CONDITION & ~byCondition)
    const told = inSegment(state, id, ms) ? SEGMENT_TOLD : 0
    if ((before & SEGMENT_TOLD) === told) continue
    markSegment(state, id, told, SEGMENT_TOLD & ~told)
    effects.push(told === 0 ? SEGMENT_LEFT : SEGMENT_ENTERED, id, 0, 1, 0)
  }
}
