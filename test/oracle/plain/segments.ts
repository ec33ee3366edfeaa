// Who is in which segment, and why (E-SEG).
import type { SegmentDocument } from '../../../cloud/evaluation/document/segments.ts'
import { NEVER, note } from './amounts.ts'
import type { When } from './calendar.ts'
import { addSpan, endOf } from './calendar.ts'
import { holds, insideSegment } from './conditions.ts'
import type { Member } from './member.ts'

/** By a rule, or by HQ's hand. */
export function moveSegment(member: Member, when: When, id: number, action: 'add' | 'remove'): void {
  const segment = member.document?.segments?.find((one) => one.id === id)
  if (action === 'remove') member.explicit.delete(id)
  else if (segment !== undefined) putIn(member, when, segment)
}

function putIn(member: Member, when: When, { id, expiry }: SegmentDocument): void {
  const running = member.explicit.get(id) ?? 0
  if (expiry.kind === 'PERSISTENT') member.explicit.set(id, NEVER)
  else if ('on' in expiry) member.explicit.set(id, endOf(expiry.on, when.offset))
  else if (expiry.kind === 'ROLLING' || running <= when.ms)
    member.explicit.set(id, endOf(addSpan(when.date, expiry.after), when.offset))
}

/** Looks at every segment, and tells who came and went since the last look. */
export function lookAtSegments(member: Member, when: When): void {
  for (const segment of member.document?.segments ?? []) {
    const { id } = segment
    if (segment.when !== undefined && holds(member, when, segment.when)) member.byCondition.add(id)
    else member.byCondition.delete(id)
    const inside = insideSegment(member, id, when.ms)
    if (inside === member.segmentsTold.has(id)) continue
    note(member, when, inside ? 'segment_entered' : 'segment_left', id, 0, 1)
    if (inside) member.segmentsTold.add(id)
    else member.segmentsTold.delete(id)
  }
}
