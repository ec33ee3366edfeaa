// How Pegke says no: as the stores do, by problem documents of our own codes (PG-8). The frame's words for addresses with many records are those of
// an address with one here.
import { PROBLEM_TYPE, problemOf } from '../../../protocol/problem.ts'
import type { RefusalCode } from '../../../protocol/refusals.ts'
import { refuse } from '../../../protocol/result.ts'
import type { Refusal } from '../../../protocol/result.ts'
import type { RefusedAnswer } from '../frame/dialect.ts'

const HERE: Partial<Readonly<Record<RefusalCode, RefusalCode>>> = { verb_unsupported: 'method_unknown' }

/** Calls have few fields, so what is wrong first is enough. */
export function refusedAnswer(refusals: readonly Refusal[], requestId: string): RefusedAnswer {
  const first = refusals[0] ?? refuse('fault', 'Something broke on our side.').refusal
  const problem = problemOf({ ...first, code: HERE[first.code] ?? first.code }, requestId)
  return { status: problem.status, body: { ...problem }, type: PROBLEM_TYPE }
}
