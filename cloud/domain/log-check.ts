// Whether the log says of a member's facts what they come to (E-FOLD-5): effect by effect, and their sum is the balance. What is folded again is believed only
// where both agree, for the log and the facts are different bytes on the disk.
import { idText } from '../../protocol/ids.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import type { Effect } from '../evaluation/effects.ts'
import { effectsDifference } from '../evaluation/fold.ts'
import { pendingIn } from '../evaluation/metrics/metrics.ts'
import { spendable } from '../evaluation/state.ts'
import type { MemberState } from '../evaluation/state.ts'
import type { Reads } from '../store/port.ts'
import { pointsAdded } from './views.ts'

/** What does not fit; undefined where all does. `made`: the effects of each fact as they were folded to `state`. */
export async function logFault(
  read: Pick<Reads, 'activitiesOfMember'>,
  member: MemberId,
  made: ReadonlyMap<FactId, readonly Effect[]>,
  state: MemberState,
): Promise<string | undefined> {
  const logged = new Map<FactId, Effect[]>()
  let sum = 0
  // All at once: a page is found by looking at every one of its facts (S-11).
  const page = { after: 0, limit: Number.MAX_SAFE_INTEGER }
  for (const { fact, effects } of await read.activitiesOfMember(member, page)) {
    const { points, goodwill } = pointsAdded(effects)
    // What merely ran out is no fact's points, but it left the balance.
    const expired = effects.filter(({ kind, index }) => kind === 'expire' && index === POINTS)
    sum += points + goodwill + expired.reduce((total, { amount }) => total + amount, 0)
    logged.set(fact, [...(logged.get(fact) ?? []), ...effects])
  }
  const facts = new Set([...logged.keys(), ...made.keys()])
  const differing = [...facts].filter(
    (fact) => effectsDifference(logged.get(fact) ?? [], made.get(fact) ?? []).length > 0,
  )
  const balance = spendable(state) + pendingIn(state, POINTS)
  const [first] = differing
  if (first !== undefined)
    return `the logged effects of ${differing.length} facts are not what they come to, first ${idText(first)}`
  return sum === balance ? undefined : `its effects come to ${sum} points, its balance is ${balance}`
}
